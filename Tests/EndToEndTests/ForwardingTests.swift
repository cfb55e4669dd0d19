import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Where requests go, what goes with them, and what comes back.
    @Suite struct Forwarding {
        @Test("E31, G73 a route's methods are all there is; TRACE and CONNECT go nowhere")
        func methods() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = [
                    "{ path: /read/, upstream: api, methods: [GET], access: public }",
                    "{ path: /, upstream: api, access: public }",
                ]
                let stage = try Stage(options)
                let host = "Host: localhost:\(stage.gateway.port)\r\n\r\n"
                let port = UInt16(stage.gateway.port)
                for method in ["POST", "PUT", "DELETE", "PATCH", "get", "FOO"] {
                    let answer = try RawClient.ask(port: port, "\(method) /read/x HTTP/1.1\r\n\(host)")
                    #expect(answer.status == 405, "\(method): \(answer.head)")
                    #expect(answer.header("Allow")?.contains("GET") == true, "\(answer.head)")
                }
                #expect(try RawClient.ask(port: port, "HEAD /read/x HTTP/1.1\r\n\(host)", toHead: true).status == 200)
                stage.upstream.forget()
                for path in ["/", "/read/x"] {
                    let trace = try RawClient.ask(
                        port: port, "TRACE \(path) HTTP/1.1\r\nX-Canary: echo-canary\r\n\(host)")
                    #expect(trace.status == 405 && trace.header("Allow") != nil)
                    #expect(!trace.text.contains("echo-canary"))
                }
                let connect = try RawClient.ask(port: port, "CONNECT localhost:1 HTTP/1.1\r\n\(host)")
                #expect(connect.status == 405 || connect.status == 501)
                #expect(stage.upstream.requests.isEmpty)
            }
        }

        @Test("E32, E30 each upstream gets the token of its routes alone; a redirect of its own goes to the browser")
        func whoseToken() async throws {
            try await onThread {
                let other = try EchoUpstream()
                let evil = try EchoUpstream()
                var options = GatewayUnderTest.Options()
                options.upstreams = ["other": "http://127.0.0.1:\(other.port)"]
                options.routes = [
                    "{ path: /, upstream: api }", "{ path: /other/, upstream: other, token: none }",
                    "{ path: /id/, upstream: other, token: id }",
                ]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let access = try #require(stage.upstream.requests.last?.bearer)
                #expect(try browser.askOnce(stage.url("/other/x"), .fetch, from: .sameOrigin).status == 200)
                #expect(other.requests.last?.header("Authorization") == nil)
                #expect(try browser.askOnce(stage.url("/id/x"), .fetch, from: .sameOrigin).status == 200)
                let idToken = try #require(other.requests.last?.bearer)
                #expect(idToken != access && idToken.split(separator: ".").count == 3)

                stage.upstream.answers(
                    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(evil.port)/take\r\nContent-Length: 0\r\n\r\n")
                let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(answer.status == 302)
                #expect(answer.header("Location") == "http://127.0.0.1:\(evil.port)/take")
                #expect(!answer.head.contains(access))
                #expect(evil.connections == 0)
            }
        }

        @Test("E32 tokens over plain http to another machine are said at every check, unless that is wanted")
        func plainUpstream() async throws {
            try await onThread {
                for (upstream, warns) in [
                    ("http://192.0.2.7:3000", true),
                    ("{ servers: [http://192.0.2.7:3000], tolerate: [plain_http] }", false),
                    ("http://127.0.0.1:3000", false), ("http://localhost:3000", false), ("unix:/run/api.sock", false),
                ] {
                    let file = NSTemporaryDirectory() + "plain-\(UUID().uuidString).yaml"
                    defer { try? FileManager.default.removeItem(atPath: file) }
                    let text = """
                        public_url: http://localhost:8080
                        provider: { issuer: "https://id.example.com", client_id: postern }
                        session: { store: "memory:" }
                        upstreams: { api: \(upstream) }
                        routes: [{ path: /, upstream: api }]

                        """
                    try text.write(toFile: file, atomically: true, encoding: .utf8)
                    let check = try ChildProcess([GatewayUnderTest.program, "check", "--config", file])
                    #expect(try check.wait(within: 20) == 0, "\(check.output)")
                    let said = check.output.split(separator: "\n").contains {
                        $0.contains("warning") && $0.contains("plain_http")
                    }
                    #expect(said == warns, "\(upstream): \(check.output)")
                }
            }
        }

        @Test("G37 Host names the upstream, whatever the client says; the client's is told by the forwarded fields")
        func host() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let own = "localhost:\(stage.gateway.port)"
                for request in [
                    "GET /x HTTP/1.1\r\nHost: \(own)", "GET http://\(own)/x HTTP/1.1\r\nHost: evil.example",
                ] {
                    stage.upstream.forget()
                    let answer = try RawClient.ask(
                        port: UInt16(stage.gateway.port), request + "\r\nX-Forwarded-Host: evil.example\r\n\r\n")
                    #expect(answer.status == 200)
                    let seen = try #require(stage.upstream.requests.last)
                    #expect(seen.values("Host") == ["127.0.0.1:\(stage.upstream.port)"])
                    #expect(seen.values("X-Forwarded-Host") == [own])
                    #expect(!seen.head.contains("evil.example"))
                }
            }
        }

        @Test("G32 Via grows on the way; a request that goes in circles is 508; Max-Forwards ends an OPTIONS here")
        func circles() async throws {
            try await onThread {
                let port = try freePort()
                var options = GatewayUnderTest.Options()
                options.routes = [
                    "{ path: /, upstream: api, access: public }",
                    "{ path: /loop/, upstream: me, access: public }",
                ]
                let provider = try freePort()
                let upstream = try EchoUpstream()
                let forward = try EchoUpstream()
                // Towards ourselves, under the name that we answer to.
                forward.answers { request, peer in
                    let head = request.head.split(separator: "\r\n").map { line in
                        line.lowercased().hasPrefix("host:") ? "Host: localhost:\(port)" : String(line)
                    }
                    let answer = try RawClient.ask(port: UInt16(port), head.joined(separator: "\r\n") + "\r\n\r\n")
                    try peer.send(EchoUpstream.answer(answer.text, status: "\(answer.status) Forwarded"))
                }
                options.upstreams = ["me": "http://127.0.0.1:\(forward.port)"]
                let gateway = try GatewayUnderTest(
                    issuer: "http://127.0.0.1:\(provider)", upstream: upstream.port, port: port, options: options)
                func ask(_ lines: String) throws -> RawResponse {
                    try RawClient.ask(port: UInt16(port), lines + "\r\nHost: localhost:\(port)\r\n\r\n")
                }
                #expect(try ask("GET /x HTTP/1.1\r\nVia: 1.0 fred, 1.1 other").status == 200)
                let via = try #require(upstream.requests.last?.header("Via"))
                #expect(via.hasPrefix("1.0 fred, 1.1 other, 1.1 postern-"), "\(via)")

                let circle = try ask("GET /loop/x HTTP/1.1")
                #expect(circle.status == 508, "\(circle.head) \(circle.text)")
                #expect(forward.requests.count <= 4)

                upstream.forget()
                let ours = try ask("OPTIONS /x HTTP/1.1\r\nMax-Forwards: 0")
                #expect(ours.status == 204 && ours.header("Allow") != nil)
                #expect(upstream.requests.isEmpty)
                #expect(try ask("OPTIONS /x HTTP/1.1\r\nMax-Forwards: 5").status == 200)
                #expect(upstream.requests.last?.values("Max-Forwards") == ["4"])
                #expect(try ask("OPTIONS /x HTTP/1.1\r\nMax-Forwards: -1").status == 400)
                // It means nothing to other methods.
                #expect(try ask("GET /x HTTP/1.1\r\nMax-Forwards: 0").status == 200)
                #expect(gateway.process.isRunning)
            }
        }

        @Test("E33, G11 what a client may not say in a header it may not say in a trailer")
        func trailers() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = [
                    "{ path: /, upstream: api, access: public }",
                    "{ path: /named/, upstream: api, request_headers: { set: { X-User: \"{claims.sub}\" } } }",
                ]
                let stage = try Stage(options)
                let seen = AllBytes()
                let raw = try ScriptedServer { peer, _ in
                    seen.add(try peer.receive(until: "\r\n0\r\n"))
                    while true {
                        let line = try peer.receive(until: "\r\n")
                        seen.add(line)
                        if line == "\r\n" { break }
                    }
                    try peer.send(EchoUpstream.answer("ok"))
                }
                defer { raw.stop() }
                var direct = GatewayUnderTest.Options()
                direct.routes = options.routes
                let gateway = try GatewayUnderTest(
                    issuer: stage.issuer, upstream: Int(raw.port), options: direct)
                let names = [
                    "X-User", "x_user", "X-Auth-Request-User", "X-Postern-Id", "X-Forwarded-User", "Authorization",
                    "Cookie", "Host",
                ]
                let answer = try RawClient.ask(
                    port: UInt16(gateway.port),
                    "POST /x HTTP/1.1\r\nHost: localhost:\(gateway.port)\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "1\r\na\r\n0\r\nX-Checksum: good-trailer\r\n"
                        + names.map { "\($0): spoof-canary\r\n" }.joined() + "\r\n")
                #expect(answer.status == 200, "\(answer.head)")
                #expect(seen.text.contains("X-Checksum: good-trailer"), "\(seen.text)")
                #expect(!seen.text.contains("spoof-canary"), "\(seen.text)")
            }
        }

        @Test("E35, B27 no part of a response carries the token: reason, hints and trailers neither")
        func echoes() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                stage.upstream.answers { request, peer in
                    let token = request.bearer ?? ""
                    try peer.send(
                        "HTTP/1.1 103 Early Hints\r\nLink: </\(token)>; rel=preload\r\n"
                            + "Link: </good>; rel=preload\r\n\r\n"
                            + "HTTP/1.1 200 Token \(token)\r\nTransfer-Encoding: chunked\r\nTrailer: X-T, X-Sum\r\n"
                            + "Content-Type: application/octet-stream\r\n\r\n2\r\nok\r\n0\r\n"
                            + "X-T: \(token)\r\nX-Sum: sum-canary\r\n\r\n")
                }
                let message = try browser.message(
                    stage.url("/api"), headers: ["TE": "trailers", "Connection": "TE, close"])
                let peer = try RawClient.connect(port: message.port)
                try peer.send(message.text)
                let all = String(decoding: try peer.receiveToEnd(), as: UTF8.self)
                let token = try #require(stage.upstream.requests.last?.bearer)
                #expect(!token.isEmpty && !all.contains(token), "\(all)")
                #expect(all.contains("</good>") && all.contains("HTTP/1.1 200 OK"), "\(all)")
                #expect(all.contains("sum-canary"), "\(all)")
            }
        }

        @Test("E33, G39 what a route removes from responses it removes from hints and trailers as well")
        func removed() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = [
                    "{ path: /, upstream: api, access: public, response_headers: { remove: [Link, X-Inner] } }"
                ]
                let stage = try Stage(options)
                stage.upstream.answers(
                    "HTTP/1.1 103 Early Hints\r\nLink: </removed-canary>; rel=preload\r\n\r\n"
                        + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLink: </removed-canary>\r\n\r\n2\r\nok\r\n0\r\n"
                        + "X-Inner: removed-canary\r\nX-Sum: sum-canary\r\n\r\n")
                let port = UInt16(stage.gateway.port)
                let peer = try RawClient.connect(port: port)
                try peer.send(
                    "GET /x HTTP/1.1\r\nHost: localhost:\(port)\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n")
                let all = String(decoding: try peer.receiveToEnd(), as: UTF8.self)
                #expect(all.contains("sum-canary") && !all.contains("removed-canary"), "\(all)")
            }
        }

        @Test("E33, E27 a route's response headers show claims, to whoever is signed in, and decide about caches")
        func responseHeaders() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                let set = "X-Who: \"user {claims.sub}\", X-Json: '{\"a\":1}'"
                options.routes = [
                    "{ path: /, upstream: api, access: optional, response_headers: { set: { \(set) } } }",
                    "{ path: /bare/, upstream: api, response_headers: { remove: [Cache-Control] } }",
                    "{ path: /own/, upstream: api, response_headers: { set: { Cache-Control: \"private, max-age=5\" } } }",
                ]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                stage.upstream.answers(
                    EchoUpstream.answer("ok", fields: ["X-Who: forged-canary", "Cache-Control: private, max-age=60"]))
                func ask(_ path: String, _ browser: TestBrowser) throws -> RawResponse {
                    let answer = try browser.askOnce(stage.url(path), .fetch, from: .sameOrigin)
                    #expect(answer.status == 200, "\(answer.head)")
                    return answer
                }
                let known = try ask("/x", browser)
                #expect(known.header("X-Who") == "user alice" && known.header("X-Json") == "{\"a\":1}", "\(known.head)")
                stage.upstream.answers(EchoUpstream.answer("ok", fields: ["Cache-Control: public, max-age=60"]))
                // Shared caches must not give one user's claims to another.
                #expect(try ask("/x", browser).header("Cache-Control") == "no-store")
                #expect(try ask("/x", TestBrowser()).header("Cache-Control") == "public, max-age=60")
                let unknown = try ask("/x", TestBrowser())
                #expect(unknown.header("X-Who") == nil, "\(unknown.head)")
                // What is taken out has not decided that shared caches stay out (E27).
                #expect(try ask("/bare/x", browser).header("Cache-Control") == "no-store")
                #expect(try ask("/own/x", browser).header("Cache-Control") == "private, max-age=5")
            }
        }

        @Test("E35 where an echo is refused nothing has left when the body's beginning shows it")
        func refusedEcho() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, token_echo: refuse }"]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                stage.upstream.answers { request, peer in
                    let text = request.head.hasPrefix("GET /echo") ? "token: \(request.bearer ?? "")" : "ok"
                    let length = request.head.hasPrefix("GET /none") ? 0 : text.utf8.count
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(length)\r\n\r\n")
                    // Another segment: the head waits.
                    if length > 0 { try peer.send(text) }
                }
                func ask(_ path: String) throws -> RawResponse {
                    try browser.askOnce(stage.url(path), .fetch, from: .sameOrigin)
                }
                let refused = try ask("/echo")
                #expect(refused.status == 502 && refused.text.contains("\"reason\":\"token_echoed\""), "\(refused)")
                #expect(try ask("/fine").text == "ok")
                #expect(try ask("/none").status == 200)
            }
        }

        @Test("G52, G17 a body that grows too large while its answer is on the way breaks that answer off")
        func tooLargeMeanwhile() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public, max_body: 1KiB }"]
                let stage = try Stage(options)
                let early = try ScriptedServer { peer, _ in
                    _ = try peer.receiveHead()
                    try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                    _ = peer.waitUntilClosed()
                }
                defer { early.stop() }
                let gateway = try GatewayUnderTest(issuer: stage.issuer, upstream: Int(early.port), options: options)
                let peer = try RawClient.connect(port: UInt16(gateway.port))
                try peer.send(
                    "POST /x HTTP/1.1\r\nHost: localhost:\(gateway.port)\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "1\r\na\r\n")
                let beginning = try peer.receive(until: "first\r\n")
                #expect(beginning.hasPrefix("HTTP/1.1 200 "), "\(beginning)")
                try peer.send("800\r\n" + String(repeating: "x", count: 0x800) + "\r\n")
                let rest = (try? peer.receiveToEnd()).map { String(decoding: $0, as: UTF8.self) } ?? ""
                #expect(!rest.contains("413") && !rest.contains("0\r\n\r\n"), "\(rest)")
            }
        }

        @Test("G53 HEAD asks what only tells, without a body; what begins or ends something takes GET alone")
        func head() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let cookie = "Cookie: \(Stage.cookie)=\(try #require(browser.jar[Stage.cookie]))"
                let port = UInt16(stage.gateway.port)
                for (path, status) in [
                    ("user", 200), ("session", 200), ("login", 405), ("callback", 405), ("logout", 405),
                    ("logout/callback", 405),
                ] {
                    let answer = try RawClient.ask(
                        port: port,
                        "HEAD /bff/\(path) HTTP/1.1\r\nHost: localhost:\(port)\r\n\(cookie)\r\nX-CSRF: 1\r\n\r\n",
                        toHead: true)
                    #expect(answer.status == status, "\(path): \(answer.head)")
                    #expect(answer.header("Content-Length") != "0", "\(path): \(answer.head)")
                    if status == 405 { #expect(answer.header("Allow") == "GET") }
                }
                #expect(try stage.user(browser).status == 200)
            }
        }

        @Test("G33 a client on a unix socket has no address, and none is made up")
        func unixSocket() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                options.listensOnSocket = true
                let stage = try Stage(options)
                let host = "localhost:\(stage.gateway.port)"
                let peer = try RawClient.connect(unix: stage.gateway.socket)
                try peer.send("GET /x HTTP/1.1\r\nHost: \(host)\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
                #expect(try RawResponse(readingFrom: peer).status == 200)
                let request = try #require(stage.upstream.requests.last)
                #expect(request.header("Forwarded") == "for=unknown;host=\"\(host)\";proto=http")
                #expect(request.header("X-Forwarded-For") == nil)
                try eventually("its line") {
                    stage.gateway.events("request").last?.contains(#""client":"unix""#) == true
                }
            }
        }

        @Test("G3, G4, G17 a request that is no request has its line, its number and its id as any other")
        func unheard() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let port = UInt16(stage.gateway.port)
                let answer = try RawClient.ask(port: port, "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(answer.status == 400)
                try eventually("its line") { stage.gateway.events("request").count == 1 }
                let line = try #require(stage.gateway.events("request").last)
                let id = try #require(line.split(separator: "\"request_id\":\"").last?.prefix(32))
                #expect(answer.text.contains("\"request_id\":\"\(id)\""), "\(answer.text) \(line)")
                for part in [
                    #""client":"127.0.0.1""#, #""method":null"#, #""status":400"#, #""reason":"invalid_target""#,
                    #""bytes_out":\#(answer.head.utf8.count + answer.body.count)"#,
                ] {
                    #expect(line.contains(part), "\(part) in \(line)")
                }
                // One that broke off later has one line, too, with what it was told.
                let broken = try RawClient.ask(
                    port: port,
                    "POST /later HTTP/1.1\r\nHost: localhost:\(port)\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                #expect(broken.status == 400)
                try eventually("its line") { stage.gateway.events("request").count == 2 }
                let later = try #require(stage.gateway.events("request").last)
                #expect(later.contains(#""path":"/later""#) && later.contains(#""status":400"#), "\(later)")
                #expect(later.contains(#""reason":"invalid_chunk_size""#), "\(later)")
            }
        }

        @Test("G33 a trace is continued with its state, or begun anew without")
        func traces() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let port = UInt16(stage.gateway.port)
                let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
                func seen(_ lines: [String]) throws -> (parent: String?, state: String?) {
                    let head = ["GET /x HTTP/1.1", "Host: localhost:\(port)"] + lines + ["tracestate: a=b", "", ""]
                    #expect(try RawClient.ask(port: port, head.joined(separator: "\r\n")).status == 200)
                    let request = try #require(stage.upstream.requests.last)
                    return (request.header("traceparent"), request.header("tracestate"))
                }
                let continued = try seen(["traceparent: \(good)"])
                #expect(continued.parent?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
                #expect(continued.state == "a=b")
                for lines in [[], ["traceparent: 00-bad"], ["traceparent: \(good)", "traceparent: \(good)"]] {
                    let fresh = try seen(lines)
                    #expect(fresh.parent?.contains("4bf92f3577b34da6a3ce929d0e0e4736") == false, "\(lines)")
                    #expect(fresh.state == nil, "\(lines)")
                }
            }
        }

        @Test("G14, G15 another address is 421, which names the right one, as a page and as a problem")
        func rightAddress() async throws {
            try await onThread {
                let stage = try Stage()
                let page = try TestBrowser().askOnce(stage.url("/x"), headers: ["Host": "evil.example"])
                #expect(page.status == 421)
                #expect(page.header("Content-Type")?.hasPrefix("text/html") == true)
                #expect(page.text.contains(stage.gateway.origin))
                #expect(!page.text.contains("evil.example"))
                let problem = try TestBrowser().askOnce(
                    stage.url("/x"), .fetch, from: .sameOrigin, headers: ["Host": "evil.example"])
                #expect(problem.status == 421 && problem.text.contains(stage.gateway.origin), "\(problem.text)")
                let own = "localhost:\(stage.gateway.port)"
                let scheme = try RawClient.ask(
                    port: UInt16(stage.gateway.port), "GET https://\(own)/x HTTP/1.1\r\nHost: \(own)\r\n\r\n")
                #expect(scheme.status == 421, "\(scheme.head)")
            }
        }
    }
}

/// Everything that a server has received.
private final class AllBytes: @unchecked Sendable {
    // @unchecked: guarded by `lock`.
    private let lock = NSLock()
    private var bytes = ""
    var text: String { lock.withLock { bytes } }
    func add(_ more: String) { lock.withLock { bytes += more } }
}
