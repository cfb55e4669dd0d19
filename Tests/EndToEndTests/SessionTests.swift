import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// The session cookie and what stands behind it.
    @Suite struct Session {
        @Test("E1, E2, E3, E4, E5, E8, E9 the session cookie is opaque, its attributes are what they must be")
        func attributes() async throws {
            try await onThread {
                let stage = try Stage()
                var values: Set<String> = []
                for _ in 0..<5 {
                    let browser = try stage.signedIn()
                    let lines = browser.responses.flatMap { $0.response.headers }.filter {
                        $0.name.lowercased() == "set-cookie" && $0.value.hasPrefix("postern=")
                    }
                    let line = try #require(lines.first?.value)
                    let parts = line.components(separatedBy: "; ")
                    #expect(Set(parts.dropFirst()) == ["Path=/", "HttpOnly", "SameSite=Lax"], "\(line)")
                    let value = parts[0].dropFirst("postern=".count)
                    #expect(
                        value.utf8.count == 43 && value.allSatisfy { $0.isLetter || $0.isNumber || "-_".contains($0) })
                    values.insert(String(value))
                    #expect(browser.jar.refused.isEmpty, "\(browser.jar.refused)")
                }
                #expect(values.count == 5)
            }
        }

        @Test("E6, E7 look-alikes are ignored; of two session cookies neither counts")
        func duplicates() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let good = try #require(browser.jar[Stage.cookie])
                func status(_ lines: String...) throws -> Int {
                    let message = try TestBrowser().message(stage.url("/api")).text
                    let cookies = lines.map { "Cookie: \($0)\r\n" }.joined()
                    let text = message.replacingOccurrences(of: "\r\n\r\n", with: "\r\n\(cookies)\r\n")
                    return try RawClient.ask(port: UInt16(stage.gateway.port), text).status
                }
                #expect(try status("postern=\(good)") == 200)
                #expect(try status("POSTERN=evil; postern=\(good)") == 200)
                #expect(try status("Postern=\(good)") == 401)
                #expect(try status("=postern=\(good)") == 401)
                #expect(try status("postern=\(good); postern=evil") == 401)
                #expect(try status("postern=evil; postern=\(good)") == 401)
                #expect(try status("postern=\(good); postern=\(good)") == 401)
                #expect(try status("postern=\(good)", "postern=evil") == 401)
                #expect(try status("a=b", "postern=\(good)") == 200)
            }
        }

        @Test("E11 our cookies never reach the upstream, others do")
        func cookiesToUpstream() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes.append("{ path: /public/, upstream: api, access: public }")
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let good = try #require(browser.jar[Stage.cookie])
                for path in ["/api", "/public/x"] {
                    stage.upstream.forget()
                    let message = try TestBrowser().message(stage.url(path)).text
                    let lines = [
                        "Cookie: a=1; postern=\(good); b=2; postern-login-AbCdEfGh=x; postern-logout=y",
                        "Cookie: postern-loop=z; __Host-Http-postern=q; c=\"quoted\"; POSTERN=w",
                    ].joined(separator: "\r\n")
                    let text = message.replacingOccurrences(of: "\r\n\r\n", with: "\r\n\(lines)\r\n\r\n")
                    #expect(try RawClient.ask(port: UInt16(stage.gateway.port), text).status == 200)
                    let request = try #require(stage.upstream.requests.last)
                    let cookies = request.values("Cookie").joined(separator: "; ")
                    for name in ["a=1", "b=2", "c=\"quoted\""] { #expect(cookies.contains(name), "\(path) \(cookies)") }
                    #expect(!cookies.lowercased().contains("postern"), "\(path) \(cookies)")
                    #expect(!request.head.contains(good))
                }
            }
        }

        @Test("E12 the upstream cannot set, replace or delete our cookies")
        func cookiesFromUpstream() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let reserved = [
                    "postern=x", "POSTERN=x", "__Host-Http-postern=x", "__Host-postern=x", "__Secure-postern=x",
                    "postern-login-a=x", "__Host-Http-postern-loop=x", "postern-logout=; Max-Age=0", "__http-postern=x",
                ]
                stage.upstream.answers(
                    EchoUpstream.answer(
                        "ok",
                        fields: reserved.map { "Set-Cookie: \($0); Path=/; Secure; HttpOnly" } + [
                            "Set-Cookie: app=1; Path=/", "Set-Cookie: theme=\"dark\"",
                            "Clear-Site-Data: \"cookies\", \"cache\", \"*\"",
                            "Strict-Transport-Security: max-age=1",
                        ]))
                let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                let set = answer.headers.filter { $0.name.lowercased() == "set-cookie" }.map(\.value)
                #expect(set == ["app=1; Path=/", "theme=\"dark\""], "\(set)")
                let clear = answer.header("Clear-Site-Data") ?? ""
                #expect(clear.contains("\"cache\"") && !clear.contains("cookies") && !clear.contains("*"), "\(clear)")
                #expect(answer.header("Strict-Transport-Security") == "max-age=1")
                #expect(try stage.user(browser).status == 200)
                try eventually("a line") { !stage.gateway.events("upstream_cookie_dropped").isEmpty }
            }
        }

        @Test("E13, E44 a logout deletes the cookie with its own attributes; the old value opens nothing, ever")
        func deletion() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let old = try #require(browser.jar[Stage.cookie])
                let answer = try browser.askOnce(try stage.logoutURL(browser), from: .sameOrigin)
                let line = answer.headers.first {
                    $0.name.lowercased() == "set-cookie" && $0.value.hasPrefix("postern=;")
                }
                let parts = try #require(line?.value.components(separatedBy: "; "))
                #expect(Set(parts).isSuperset(of: ["Path=/", "HttpOnly", "Max-Age=0"]), "\(parts)")
                #expect(browser.jar[Stage.cookie] == nil)
                browser.jar.plant(Stage.cookie, old)
                let replay = try stage.user(browser)
                #expect(replay.status == 401 && replay.text.contains("\"reason\":\"revoked\""), "\(replay.text)")
                try stage.gateway.restart()
                #expect(try stage.user(browser).status == 401)
            }
        }

        @Test("E42 a session that nobody uses ends; looking at the clock does not wind it")
        func idle() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.session = ["idle_timeout: 3s"]
                let stage = try Stage(options)
                let (active, watching, polling) = (
                    try stage.signedIn(), try stage.signedIn("bob"), try stage.signedIn("carol")
                )
                let end = Date() + 4
                while Date() < end {
                    #expect(try active.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                    _ = try watching.askOnce(stage.url("/bff/session"), .fetch, from: .sameOrigin)
                    _ = try polling.askOnce(
                        stage.url("/bff/user?slide=false"), .fetch, from: .sameOrigin, headers: ["X-CSRF": "1"])
                    usleep(200_000)
                }
                #expect(try active.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                for browser in [watching, polling] {
                    // Whoever heard of the end first was told why, and lost the cookie.
                    let told = browser.responses.map(\.response.text).joined()
                    let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                    #expect(answer.status == 401)
                    #expect((told + answer.text).contains("\"reason\":\"expired\""), "\(answer.text)")
                    #expect(!(told + answer.text).contains("\"reason\":\"revoked\""))
                }
            }
        }

        @Test("E43 a session ends at its age, however busy it is")
        func absolute() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.session = ["idle_timeout: 2s", "lifetime: 4s"]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let begin = Date()
                var status = 200
                while status == 200, Date() < begin + 10 {
                    status = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status
                    usleep(100_000)
                }
                #expect(status == 401)
                #expect(Date().timeIntervalSince(begin) > 2.5 && Date().timeIntervalSince(begin) < 6)
            }
        }

        @Test("E48 a session id is taken from the cookie alone")
        func otherPlaces() async throws {
            try await onThread {
                let stage = try Stage()
                let id = try #require(try stage.signedIn().jar[Stage.cookie])
                let browser = TestBrowser()
                for (path, headers) in [
                    ("/api?postern=\(id)", [:]), ("/api;postern=\(id)", [:]), ("/api", ["postern": id]),
                    ("/api", ["Authorization": "Bearer \(id)"]), ("/api", ["Authorization": "Cookie postern=\(id)"]),
                ] as [(String, [String: String])] {
                    let answer = try browser.askOnce(stage.url(path), .fetch, from: .sameOrigin, headers: headers)
                    #expect([400, 401].contains(answer.status), "\(path) \(answer.head)")
                }
                let posted = try browser.askOnce(
                    stage.url("/api"), .fetch, from: .sameOrigin, method: "POST", body: "postern=\(id)")
                #expect(posted.status == 401)
            }
        }

        @Test("E34 /bff/user shows claims, the logout link and the clock, never a token")
        func user() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let answer = try stage.user(browser)
                #expect(answer.status == 200 && answer.header("Cache-Control") == "no-store")
                for part in [
                    "{\"type\":\"sub\",\"value\":\"alice\"}", "\"bff:logout_url\"", "\"bff:session_expires_in\"",
                    "\"bff:session_state\"",
                ] { #expect(answer.text.contains(part), "\(answer.text)") }
                #expect(!answer.text.contains("canary") && !answer.text.contains("nonce"))
                let bare = try browser.askOnce(stage.url("/bff/user"), .fetch, from: .sameOrigin)
                #expect(bare.status == 403)
                let anonymous = try stage.user(TestBrowser())
                #expect(anonymous.status == 401 && anonymous.header("Location") == nil)
            }
        }

        @Test("E45 per_user: the oldest session of a user ends when one more begins, and the log says why")
        func perUser() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.session = ["per_user: 2"]
                let stage = try Stage(options)
                func status(_ browser: TestBrowser) throws -> RawResponse {
                    try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                }
                let bob = try stage.signedIn("bob")
                let first = try stage.signedIn()
                let second = try stage.signedIn()
                #expect(try status(first).status == 200 && status(second).status == 200)
                #expect(stage.gateway.events("session_ended").isEmpty)
                // What ends need not be in memory to be named.
                try stage.gateway.restart()
                let third = try stage.signedIn()
                let over = try status(first)
                #expect(over.status == 401 && over.text.contains("\"reason\":\"revoked\""), "\(over.text)")
                #expect(try status(second).status == 200 && status(third).status == 200 && status(bob).status == 200)
                // The log is written by a thread of its own, a little later.
                try eventually("the log says so") { !stage.gateway.events("session_ended").isEmpty }
                let begun = stage.gateway.events("login_completed").filter { $0.contains("\"user\":\"alice\"") }
                let name = try #require(begun.first?.firstMatch(of: /"session":"[0-9a-f]+"/)).output
                let ended = stage.gateway.events("session_ended")
                #expect(ended.count == 1)
                for part in ["\"reason\":\"per_user\"", "\"user\":\"alice\"", name] {
                    #expect(ended.first?.contains(part) == true, "\(ended)")
                }
                // Where the same browser signs in again, its own session makes way.
                try stage.signIn(third)
                #expect(try status(second).status == 200 && status(third).status == 200)
                try eventually("the log has heard of it") { stage.gateway.events("login_completed").count == 5 }
                #expect(stage.gateway.events("session_ended").count == 1)
            }
        }

        @Test("E49 locked store: sessions in memory go on, everything else is 503, and it recovers by itself")
        func lockedStore() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.session = ["store_grace: 30s"]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let other = try stage.signedIn("bob")
                try stage.gateway.restart()
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                // The other is not in memory. Somebody keeps the database for themselves, when the gateway has written
                // what it was writing.
                let holder = try ChildProcess([
                    "sqlite3", "-cmd", ".timeout 20000", "-cmd", "BEGIN IMMEDIATE;", "-cmd",
                    ".system echo held; sleep 30", stage.gateway.database,
                ])
                defer { holder.signal(SIGKILL) }
                try eventually("the lock is held: \(holder.output)", within: 30) { holder.output.contains("held") }
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                let attempt = TestBrowser()
                let login = try attempt.askOnce(try stage.pendingCallback(attempt), from: .crossSite)
                #expect(login.status == 503, "\(login.head)")
                #expect(attempt.jar[Stage.cookie] == nil)
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                holder.signal(SIGKILL)
                try holder.wait()
                try eventually("logins work again", within: 30) {
                    let again = TestBrowser()
                    return try again.ask(stage.url("/page")).status == 200
                }
                #expect(try other.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
            }
        }
    }
}
