import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// What only a real browser can say.
    @Suite struct InChromium {
        /// A page that says where it is, with `extra` in it.
        static func page(_ extra: String = "") -> EchoUpstream.Script {
            { request, peer in
                let body = "<!doctype html><title>Page</title><h1>\(request.target)</h1>\(extra)"
                try peer.send(EchoUpstream.answer(body, fields: ["Content-Type: text/html"]))
            }
        }

        /// The statuses of all answers to `path`, in order, once there are as many as expected.
        static func statuses(_ gateway: GatewayUnderTest, _ path: String, count: Int) throws -> [Int] {
            var found: [Int] = []
            try eventually("\(count) answers at \(path), not \(found): \(gateway.log)") {
                found = gateway.events("request").compactMap { line in
                    let entry = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    return entry?["path"] as? String == path ? entry?["status"] as? Int : nil
                }
                return found.count >= count
            }
            return found
        }

        private static func waitForHeading(_ browser: Chromium, _ text: String) throws {
            try eventually("`\(text)` on \((try? browser.url) ?? "?"): \((try? browser.source) ?? "")", within: 30) {
                (try? browser.text("h1")) == text
            }
        }

        // MARK: A session's life

        @Test("E1, E2, E10, E34, F1 login, API call, reload, a second tab, logout; no token in reach, none on the wire")
        func wholeDay() async throws {
            try await onThread {
                let port = try freePort()
                let provider = try DevelopmentProvider(origin: "http://localhost:\(port)")
                let upstream = try EchoUpstream()
                upstream.answers(Self.page())
                var options = GatewayUnderTest.Options()
                options.provider = ["tolerate: [development_provider]"]
                options.routes.append("{ path: /bye, upstream: api, access: public }")
                let gateway = try GatewayUnderTest(
                    issuer: provider.issuer, secret: provider.secret, upstream: upstream.port, port: port,
                    options: options)
                let browser = try Chromium()
                defer { browser.quit() }

                try browser.open(gateway.origin + "/notes?id=7")
                try provider.signIn(browser)
                try provider.allow(browser)
                try browser.waitForURL { $0 == gateway.origin + "/notes?id=7" }
                #expect(try browser.text("h1") == "/notes?id=7")
                let cookie = try #require(try browser.cookies.first { $0.name == "postern" })
                #expect(cookie.attributes["httpOnly"] == "1" && cookie.attributes["sameSite"] == "Lax")
                #expect(cookie.attributes["session"] == "1" && cookie.attributes["path"] == "/")
                // The attempt's cookie is gone.
                #expect(try browser.cookies.filter { $0.name.hasPrefix("postern-login") }.isEmpty)

                let called = try browser.fetch("/api/notes", method: "POST", body: "hello")
                #expect(called.status == 200)
                let bearer = try #require(upstream.requests.last?.bearer)
                #expect(bearer.hasPrefix("eyJ") && upstream.requests.last?.text == "hello")

                let asked = try browser.wire().addresses.filter { $0.hasPrefix(provider.issuer) }.count
                #expect(asked > 0)
                try browser.reload()
                #expect(try browser.text("h1") == "/notes?id=7")
                let first = try browser.tab
                let second = try browser.openTab()
                try browser.open(gateway.origin + "/second")
                #expect(try browser.text("h1") == "/second")
                // Neither needed the provider.
                let wire = try browser.wire()
                #expect(!wire.addresses.isEmpty && !wire.addresses.contains { $0.hasPrefix(provider.issuer) })
                #expect(upstream.requests.last?.bearer == bearer)

                let user = try browser.fetch("/bff/user", headers: ["X-CSRF": "1"])
                let session = try browser.fetch("/bff/session")
                #expect(user.status == 200 && user.body.contains("alice"), "\(user)")
                #expect(session.status == 200 && session.body.contains("\"authenticated\":true"), "\(session)")
                for text in [try browser.reach, called.body, user.body, session.body, wire.text] {
                    #expect(TokenHunt.find([bearer], in: text) == [])
                }
                let rows = try JSONSerialization.jsonObject(with: Data(user.body.utf8)) as? [[String: Any]] ?? []
                let logout = try #require(rows.first { $0["type"] as? String == "bff:logout_url" }?["value"] as? String)

                try browser.run("location.href = arguments[0]", [logout + "&returnUrl=/bye"])
                try browser.waitForURL { $0 == gateway.origin + "/bye" }
                #expect(try browser.cookies.filter { $0.name == "postern" }.isEmpty)
                let left = try browser.wire()
                #expect(left.addresses.contains { $0.hasPrefix(provider.issuer) && $0.contains("id_token_hint=eyJ") })
                #expect(TokenHunt.find([bearer], in: left.text) == [])
                // The other tab learns it with its next call.
                try browser.show(tab: first)
                #expect(try browser.fetch("/api/notes").status == 401)
                #expect(try browser.fetch("/bff/session").body.contains("\"authenticated\":false"))
                try browser.show(tab: second)
                for secret in [bearer, cookie.value] { #expect(!gateway.log.contains(secret)) }
            }
        }

        @Test("E42 a session that nobody used is over: 401 to the page's call, a login for its next navigation")
        func expiry() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.session = ["idle_timeout: 3s"]
                let stage = try Stage(options)
                stage.upstream.answers(Self.page())
                let browser = try Chromium()
                defer { browser.quit() }
                try browser.open(stage.url("/page"))
                try Self.waitForHeading(browser, "/page")
                let old = try #require(try browser.cookies.first { $0.name == "postern" })
                // The question does not make the session longer.
                try eventually("the session ends", within: 60) {
                    try browser.fetch("/bff/session").body.contains("\"authenticated\":false")
                }
                stage.upstream.forget()
                let refused = try browser.fetch("/api/x")
                #expect(
                    refused.status == 401 && refused.body.contains("\"login_url\":\"/bff/login?returnUrl=%2Fpage\""))
                #expect(refused.body.contains("\"reason\":\"expired\""), "\(refused)")
                #expect(stage.upstream.requests.isEmpty)
                let logins = stage.provider.calls(to: .authorize).count
                try browser.reload()
                try Self.waitForHeading(browser, "/page")
                #expect(stage.provider.calls(to: .authorize).count > logins)
                let new = try #require(try browser.cookies.first { $0.name == "postern" })
                #expect(new.value != old.value)
            }
        }

        // MARK: What lasts

        /// A development server in the shape of Vite: a page, its client, a module, and the WebSocket of hot reload on the
        /// page's own path.
        private static func vite(_ sockets: Locked<[WebSocketPeer]>) -> EchoUpstream.Script {
            { request, peer in
                func send(_ text: String, as type: String) throws {
                    try peer.send(
                        EchoUpstream.answer(text, fields: ["Content-Type: \(type)", "Cache-Control: no-cache"]))
                }
                if request.header("Upgrade") == "websocket" {
                    guard request.header("Sec-WebSocket-Protocol") == "vite-hmr", request.target == "/?token=x1" else {
                        try peer.send(EchoUpstream.answer("no", status: "400 Bad Request"))
                        return
                    }
                    try peer.send(
                        WebSocketPeer.answer(to: request, fields: ["Sec-WebSocket-Protocol: vite-hmr"]))
                    let socket = WebSocketPeer(peer, isClient: false)
                    try socket.send("{\"type\":\"connected\"}")
                    sockets.withLock { $0.append(socket) }
                    _ = peer.waitUntilClosed()
                } else if request.target == "/@vite/client" {
                    try send(
                        """
                        window.log = [];
                        const socket = new WebSocket(`ws://${location.host}/?token=x1`, 'vite-hmr');
                        socket.onmessage = async ({ data }) => {
                          const message = JSON.parse(data);
                          log.push(message.type);
                          if (message.type !== 'update') return;
                          const fresh = await import(`${message.path}?t=${message.timestamp}`);
                          document.querySelector('h1').textContent = fresh.text;
                          socket.send('done');
                        };
                        socket.onclose = (event) => log.push(`closed ${event.code} ${event.reason}`);
                        const events = new EventSource('/api/events');
                        events.onmessage = (event) => log.push(event.data);
                        events.onerror = () => log.push(`events ${events.readyState}`);
                        """, as: "text/javascript")
                } else if request.target.hasPrefix("/src/text.js") {
                    try send("export const text = 'two';", as: "text/javascript")
                } else {
                    try send(
                        "<!doctype html><title>Dev</title><h1>one</h1><script type=module src='/@vite/client'></script>",
                        as: "text/html")
                }
            }
        }

        @Test(
            "E47, G62 hot reload of a development server, events beside it; a logout closes both, and the page sees why"
        )
        func hotReload() async throws {
            try await onThread {
                let sockets = Locked<[WebSocketPeer]>([])
                let vite = try EchoUpstream()
                vite.answers(Self.vite(sockets))
                var options = GatewayUnderTest.Options()
                options.upstreams = ["vite": "http://127.0.0.1:\(vite.port)"]
                // The routes of config/vite.yaml.
                options.routes = [
                    "{ path: /api/, upstream: api }", "{ path: /, upstream: vite, token: none }",
                    "{ path: /bye, upstream: api, access: public }",
                ]
                let stage = try Stage(options)
                stage.upstream.answers { request, peer in
                    guard request.target == "/api/events" else {
                        try peer.send(EchoUpstream.answer("bye"))
                        return
                    }
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: an event\n\n")
                    _ = peer.waitUntilClosed()
                }
                let browser = try Chromium()
                defer { browser.quit() }
                try browser.open(stage.url("/"))
                func log() throws -> [String] { try browser.run("return window.log || []") as? [String] ?? [] }
                func wait(for line: String) throws {
                    try eventually("\(line) in \((try? log()) ?? [])", within: 30) { try log().contains(line) }
                }
                try wait(for: "connected")
                try wait(for: "an event")
                #expect(vite.requests.allSatisfy { $0.bearer == nil })
                #expect(stage.upstream.requests.last?.bearer?.hasPrefix("access-") == true)
                // Somebody saves a file.
                let socket = try #require(sockets.withLock { $0.last })
                try socket.send("{\"type\":\"update\",\"path\":\"/src/text.js\",\"timestamp\":7}")
                try Self.waitForHeading(browser, "two")

                let user = try browser.fetch("/bff/user", headers: ["X-CSRF": "1"])
                let rows = try JSONSerialization.jsonObject(with: Data(user.body.utf8)) as? [[String: Any]] ?? []
                let logout = try #require(rows.first { $0["type"] as? String == "bff:logout_url" }?["value"] as? String)
                let page = try browser.tab
                try browser.openTab()
                try browser.open(stage.gateway.origin + logout + "&returnUrl=/bye")
                try browser.show(tab: page)
                try wait(for: "closed 1008 revoked")
                // It asks again by itself, and is told that nobody is signed in.
                try wait(for: "events 2")
            }
        }

        // MARK: Other people's pages

        @Test("K2, E3 same_site: strict: a link from another site lands signed in, with one bounce and no loop")
        func strict() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.session = ["same_site: strict"]
                let stage = try Stage(options)
                stage.upstream.answers(Self.page())
                let foreign = try EchoUpstream()
                foreign.answers(Self.page("<a id=link href='\(stage.url("/page?a=1&amp;b=2"))'>go</a>"))
                let browser = try Chromium()
                defer { browser.quit() }
                func follow() throws {
                    stage.upstream.forget()
                    try browser.open("http://127.0.0.1:\(foreign.port)/")
                    try browser.click("#link")
                    try Self.waitForHeading(browser, "/page?a=1&b=2")
                    #expect(try browser.url == stage.url("/page?a=1&b=2"))
                    #expect(stage.upstream.requests.count { $0.target == "/page?a=1&b=2" } == 1)
                }
                // Nobody is signed in: one bounce finds that out, one page follows the callback.
                try follow()
                #expect(try Self.statuses(stage.gateway, "/page", count: 3) == [200, 302, 200])
                #expect(try Self.statuses(stage.gateway, "/bff/callback", count: 1) == [200])
                let cookie = try #require(try browser.cookies.first { $0.name == "postern" })
                #expect(cookie.attributes["sameSite"] == "Strict")
                // Somebody is: one bounce brings the cookie along.
                try follow()
                #expect(try Self.statuses(stage.gateway, "/page", count: 5) == [200, 302, 200, 200, 200])
                #expect(stage.provider.calls(to: .authorize).count == 1)
                #expect(try browser.cookies.first { $0.name == "postern" }?.value == cookie.value)
                // Own links and typed addresses need none.
                try browser.open(stage.url("/typed"))
                try Self.waitForHeading(browser, "/typed")
                #expect(try Self.statuses(stage.gateway, "/typed", count: 1) == [200])
                try browser.run("location.href = '/own'")
                try Self.waitForHeading(browser, "/own")
                #expect(try Self.statuses(stage.gateway, "/own", count: 1) == [200])
            }
        }

        /// Speculation rules for the given addresses.
        static func rules(prefetch: [String] = [], prerender: [String] = []) -> String {
            func list(_ urls: [String]) -> String {
                let words = urls.map { "\"\($0)\"" }.joined(separator: ",")
                return "[{\"source\":\"list\",\"urls\":[\(words)],\"eagerness\":\"immediate\"}]"
            }
            return "<script type=\"speculationrules\">"
                + "{\"prefetch\":\(list(prefetch)),\"prerender\":\(list(prerender))}</script>"
        }

        @Test("A17a speculation rules start no login and end no session, be they ours or another site's")
        func speculation() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes.append("{ path: /public/, upstream: api, access: public }")
                let stage = try Stage(options)
                stage.upstream.answers(
                    Self.page(Self.rules(prefetch: ["/fetched", "/bff/login"], prerender: ["/rendered"])))
                let foreign = try EchoUpstream()
                foreign.answers(
                    Self.page(
                        Self.rules(prefetch: [stage.url("/foreign"), stage.url("/bff/login?returnUrl=/foreign")])))
                let browser = try Chromium()
                defer { browser.quit() }

                try browser.open(stage.url("/public/page"))
                for path in ["/fetched", "/rendered", "/bff/login"] {
                    #expect(try Self.statuses(stage.gateway, path, count: 1).allSatisfy { $0 == 503 }, "\(path)")
                }
                try browser.open("http://127.0.0.1:\(foreign.port)/")
                #expect(try Self.statuses(stage.gateway, "/foreign", count: 1).allSatisfy { $0 == 503 })
                #expect(try Self.statuses(stage.gateway, "/bff/login", count: 2).allSatisfy { $0 == 503 })
                #expect(stage.provider.calls(to: .authorize).isEmpty)
                #expect(try browser.cookies.filter { $0.name.hasPrefix("postern") }.isEmpty)

                // Signed in: our own page may speculate on pages, but not on the way out.
                stage.upstream.answers(Self.page())
                try browser.open(stage.url("/page"))
                try Self.waitForHeading(browser, "/page")
                let logins = stage.provider.calls(to: .authorize).count
                let user = try browser.fetch("/bff/user", headers: ["X-CSRF": "1"])
                let rows = try JSONSerialization.jsonObject(with: Data(user.body.utf8)) as? [[String: Any]] ?? []
                let logout = try #require(rows.first { $0["type"] as? String == "bff:logout_url" }?["value"] as? String)
                stage.upstream.answers(Self.page(Self.rules(prefetch: [logout, "/ahead"], prerender: ["/before"])))
                try browser.open(stage.url("/public/second"))
                #expect(try Self.statuses(stage.gateway, "/bff/logout", count: 1).allSatisfy { $0 == 503 })
                #expect(try Self.statuses(stage.gateway, "/ahead", count: 1).allSatisfy { $0 == 200 })
                #expect(try browser.fetch("/api/x").status == 200)
                #expect(stage.provider.calls(to: .authorize).count == logins)
            }
        }
    }
}
