import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// What passes between browser and upstream, and what does not.
    @Suite struct Proxying {
        /// Sends raw field lines to a path as a signed-in fetch; what the upstream saw.
        private static func echo(
            _ stage: Stage, _ browser: TestBrowser, _ path: String = "/api", lines: [String]
        ) throws -> (answer: RawResponse, request: EchoUpstream.Request?) {
            stage.upstream.forget()
            let message = try browser.message(stage.url(path)).text
            let more = lines.map { $0 + "\r\n" }.joined()
            let text = message.replacingOccurrences(of: "\r\n\r\n", with: "\r\n\(more)\r\n")
            let answer = try RawClient.ask(port: UInt16(stage.gateway.port), text)
            return (answer, stage.upstream.requests.last)
        }

        private static func stage(_ routes: [String] = []) throws -> Stage {
            var options = GatewayUnderTest.Options()
            options.routes += routes
            return try Stage(options)
        }

        @Test("E33, G33, G34, G40 nothing a client says about itself reaches the upstream, public routes included")
        func spoofing() async throws {
            try await onThread {
                let stage = try Self.stage([
                    "{ path: /public/, upstream: api, access: public }",
                    "{ path: /named/, upstream: api, request_headers: { set: { X-User: \"{claims.sub}\" } },"
                        + " identity_headers: x_forwarded }",
                ])
                let browser = try stage.signedIn()
                let names = [
                    "Authorization", "authorization", "Proxy-Authorization", "DPoP", "X-Forwarded-For",
                    "X_Forwarded_For",
                    "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix",
                    "X-Forwarded-User", "x-forwarded_email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username",
                    "X-FORWARDED-ANYTHING", "Forwarded", "X-Real-IP", "X_Real_IP", "Client-Cert", "Client-Cert-Chain",
                    "X-Auth-Request-User", "X-Auth-Request-Email", "X-Postern-Anything", "X-User", "x_user", "X-USER",
                    "X-Request-Id",
                ]
                for path in ["/api", "/public/x", "/named/x"] {
                    for name in names {
                        let (_, request) = try Self.echo(stage, browser, path, lines: ["\(name): spoof-canary"])
                        // Refused is as good as removed.
                        #expect(
                            request?.head.contains("spoof-canary") != true, "\(path) \(name): \(request?.head ?? "")")
                    }
                }
                let request = try #require(try Self.echo(stage, browser, "/named/x", lines: []).request)
                #expect(request.values("X-User") == ["alice"])
                #expect(request.values("X-Forwarded-User") == ["alice"])
                #expect(request.bearer?.hasPrefix("access-") == true)
                #expect(request.values("X-Forwarded-For") == ["127.0.0.1"])
                #expect(request.values("X-Forwarded-Proto") == ["http"])
                #expect(request.values("X-Forwarded-Host") == ["localhost:\(stage.gateway.port)"])
                #expect(request.header("Forwarded")?.contains("for=127.0.0.1") == true)
                #expect(request.values("Host") == ["127.0.0.1:\(stage.upstream.port)"])
                #expect(request.header("Via")?.contains("1.1") == true)
                #expect(request.header("X-Request-Id") != nil && request.header("traceparent")?.utf8.count == 55)
                let open = try #require(try Self.echo(stage, browser, "/public/x", lines: []).request)
                #expect(open.header("Authorization") == nil && open.header("X-User") == nil)
            }
        }

        @Test("G30, G31 connection fields stay behind, and cannot take ours with them")
        func hopByHop() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                let (_, request) = try Self.echo(
                    stage, browser,
                    lines: [
                        "Connection: X-Private, keep-alive, X-Forwarded-For", "X-Private: gone",
                        "Keep-Alive: timeout=5",
                        "Proxy-Connection: keep-alive", "TE: gzip", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__",
                        "X-Kept: here",
                    ])
                if let request {
                    for name in ["X-Private", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "HTTP2-Settings"] {
                        #expect(request.header(name) == nil, "\(name): \(request.head)")
                    }
                    #expect(request.header("X-Kept") == "here")
                    #expect(request.values("X-Forwarded-For") == ["127.0.0.1"])
                }
                for option in ["Authorization", "Cookie", "Host", "X-Forwarded-For", "Via", "traceparent"] {
                    let (answer, request) = try Self.echo(stage, browser, lines: ["Connection: \(option)"])
                    guard let request else {
                        #expect(answer.status == 400, "\(option)")
                        continue
                    }
                    #expect(request.bearer?.hasPrefix("access-") == true, "\(option)")
                    #expect(request.values("Host").count == 1 && request.values("X-Forwarded-For").count == 1)
                    #expect(request.values("Via").count == 1)
                }
            }
        }

        @Test("G35 order is kept, and what may come once comes once")
        func order() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                let (_, request) = try Self.echo(stage, browser, lines: ["X-A: 1", "X-A: 2", "x-a: 3"])
                #expect(request?.values("X-A") == ["1", "2", "3"])
                for name in ["Content-Type: a/b", "Origin: http://localhost:\(stage.gateway.port)", "Authorization: x"]
                {
                    let (answer, request) = try Self.echo(stage, browser, lines: [name, name])
                    #expect(answer.status == 400 && request == nil, "\(name)")
                }
            }
        }

        @Test(
            "G70, K13 path and query pass unchanged",
            arguments: [
                "/%7Euser/%E2%82%AC", "/x?a=%20&&b", "/x?", "/x?a;b=%2f%2F&c=//", "/x?%%", "/caf%C3%A9", "/x?q=a+b#",
            ])
        func targets(target: String) async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                let (answer, request) = try Self.echo(stage, browser, target, lines: [])
                let sent = String(target.prefix { $0 != "#" })
                #expect(request?.target == sent, "\(answer.head)")
            }
        }

        @Test(
            "G71, G72, G74 paths that could mean two things are 400 and reach nobody",
            arguments: [
                "/admin/../x", "/./x", "/%2e%2e/x", "/a%2Fb", "/a%5Cb", "/a%00b", "/a%0ab", "/a\\b", "//x", "/a//b",
                "/%C0%AF", "/%FF", "/%zz", "/%2", "/..;/x", "/ADMIN/x", "/admin./x", "/bff/callback%2f..", "/BFF/login",
            ])
        func ambiguousPaths(path: String) async throws {
            try await onThread {
                let stage = try Self.stage(["{ path: /admin/, upstream: api, access: public }"])
                let browser = try stage.signedIn()
                let (answer, request) = try Self.echo(stage, browser, path, lines: [])
                #expect(answer.status == 400 && request == nil, "\(answer.head)")
            }
        }

        @Test("G72, G73, G74 segments, methods and reserved paths are matched exactly")
        func matching() async throws {
            try await onThread {
                let stage = try Self.stage([
                    "{ path: /open/, upstream: api, access: public, methods: [GET] }"
                ])
                let anonymous = TestBrowser()
                func status(_ path: String, _ method: String = "GET", _ headers: [String: String] = [:]) throws -> Int {
                    try anonymous.askOnce(
                        stage.url(path), .fetch, from: .sameOrigin, method: method, headers: headers
                    ).status
                }
                #expect(try status("/open/x") == 200)
                #expect(try status("/open") == 200)
                #expect(try status("/open/x", "HEAD") == 200)
                #expect(try status("/openX") == 401)
                #expect(try status("/x?/open/") == 401)
                #expect(try status("/open/x", "POST") == 405)
                #expect(try status("/open/x", "POST", ["X-HTTP-Method-Override": "GET"]) == 405)
                #expect(try status("/open/x", "get") == 405)
                #expect(try status("/open/x", "DELETE") == 405)
                let refused = try anonymous.askOnce(stage.url("/open/x"), .fetch, from: .sameOrigin, method: "PUT")
                #expect(refused.header("Allow")?.contains("GET") == true)
                for path in ["/bff/nothing", "/bff", "/bff/login/x", "/bff/auth"] {
                    #expect(try status(path) == 404, "\(path)")
                }
                for method in ["TRACE", "CONNECT"] {
                    #expect([405, 400, 501].contains(try status("/open/x", method)), "\(method)")
                }
            }
        }

        @Test("G14, G15, G16 Host and absolute-form")
        func hosts() async throws {
            try await onThread {
                let stage = try Self.stage(["{ path: /open/, upstream: api, access: public }"])
                let port = stage.gateway.port
                let ours = "localhost:\(port)"
                for (request, statuses) in [
                    ("GET /open/ HTTP/1.1\r\n\r\n", [400]),
                    ("GET /open/ HTTP/1.1\r\nHost: \(ours)\r\nHost: \(ours)\r\n\r\n", [400]),
                    ("GET /open/ HTTP/1.1\r\nHost: \(ours), evil\r\n\r\n", [400]),
                    ("GET /open/ HTTP/1.1\r\nHost: u@\(ours)\r\n\r\n", [400]),
                    ("GET /open/ HTTP/1.1\r\nHost: \r\n\r\n", [400]),
                    ("GET /open/ HTTP/1.1\r\nHost: evil\r\n\r\n", [421]),
                    ("GET http://\(ours)/open/ HTTP/1.1\r\nHost: evil\r\n\r\n", [200]),
                    ("GET http://evil/open/ HTTP/1.1\r\nHost: \(ours)\r\n\r\n", [421, 400]),
                    ("GET http://\(ours)@evil/open/ HTTP/1.1\r\nHost: \(ours)\r\n\r\n", [421, 400]),
                    ("GET /open/x@evil HTTP/1.1\r\nHost: \(ours)\r\n\r\n", [200]),
                    ("CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n", [400, 405, 421, 501]),
                    ("GET * HTTP/1.1\r\nHost: \(ours)\r\n\r\n", [400]),
                    ("TRACE /open/ HTTP/1.1\r\nHost: \(ours)\r\n\r\n", [405]),
                    ("OPTIONS * HTTP/1.1\r\nHost: \(ours)\r\n\r\n", [204, 200]),
                ] as [(String, [Int])] {
                    let answer = try RawClient.ask(port: UInt16(port), request)
                    #expect(statuses.contains(answer.status), "\(request): \(answer.head)")
                }
                for request in stage.upstream.requests {
                    #expect(request.values("Host") == ["127.0.0.1:\(stage.upstream.port)"])
                }
            }
        }

        @Test("G21 pipelined requests are answered in order, each for its own user")
        func pipelining() async throws {
            try await onThread {
                let stage = try Self.stage()
                let (alice, bob) = (try stage.signedIn("alice"), try stage.signedIn("bob"))
                stage.upstream.forget()
                let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                let texts = try [alice, TestBrowser(), bob, alice].enumerated().map {
                    try $0.element.message(stage.url("/n\($0.offset)")).text
                }
                try peer.send(texts.joined())
                let answers = try texts.map { _ in try RawResponse(readingFrom: peer) }
                #expect(answers.map(\.status) == [200, 401, 200, 200])
                #expect(answers[0].text == "GET /n0" && answers[2].text == "GET /n2" && answers[3].text == "GET /n3")
                let bearers = stage.upstream.requests.map(\.bearer)
                #expect(bearers.count == 3 && bearers[0] == bearers[2] && bearers[0] != bearers[1])
            }
        }

        @Test("G20 bodies are framed anew; one of unknown length arrives whole")
        func bodies() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                stage.upstream.forget()
                let answer = try browser.askOnce(
                    stage.url("/api"), .fetch, from: .sameOrigin, method: "POST", body: "twelve bytes")
                #expect(answer.status == 200)
                var request = try #require(stage.upstream.requests.last)
                #expect(request.text == "twelve bytes" && request.header("Transfer-Encoding") == nil)
                let message = try browser.message(
                    stage.url("/api"), method: "POST", headers: ["Transfer-Encoding": "chunked"]
                ).text
                let chunked = try RawClient.ask(
                    port: UInt16(stage.gateway.port), message + "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
                #expect(chunked.status == 200)
                request = try #require(stage.upstream.requests.last)
                #expect(request.text == "hello world")
                #expect(request.header("Content-Length") == nil || request.header("Transfer-Encoding") == nil)
                #expect(!request.head.contains("ext"))
            }
        }

        @Test("G38 an upload that nobody may make is refused before its body is read")
        func expectation() async throws {
            try await onThread {
                let stage = try Self.stage(["{ path: /small/, upstream: api, max_body: 1KiB }"])
                let port = UInt16(stage.gateway.port)
                let fields = ["Expect": "100-continue", "Content-Length": "1073741824"]
                let anonymous = try TestBrowser().message(stage.url("/api"), method: "POST", headers: fields).text
                #expect(try RawClient.ask(port: port, anonymous).status == 401)
                let browser = try stage.signedIn()
                stage.upstream.forget()
                let large = try browser.message(stage.url("/small/x"), method: "POST", headers: fields).text
                #expect(try RawClient.ask(port: port, large).status == 413)
                #expect(stage.upstream.requests.isEmpty)
                let good = try browser.message(
                    stage.url("/api"), method: "POST", headers: ["Expect": "100-continue", "Content-Length": "5"]
                ).text
                let peer = try RawClient.connect(port: port)
                try peer.send(good)
                #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 100"))
                try peer.send("hello")
                #expect(try RawResponse(readingFrom: peer).status == 200)
                #expect(stage.upstream.requests.last?.text == "hello")
                let odd = try browser.message(stage.url("/api"), headers: ["Expect": "miracle"]).text
                #expect(try RawClient.ask(port: port, odd).status == 417)
            }
        }

        @Test("G39, G53 interim answers pass or go, the final one follows; HEAD and 204 have no body")
        func interim() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                stage.upstream.answers(
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
                        + EchoUpstream.answer("final"))
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).text == "final")
                stage.upstream.answers("HTTP/1.1 204 No Content\r\n\r\n")
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 204)
                stage.upstream.answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                for _ in 0..<2 {
                    try peer.send(try browser.message(stage.url("/api"), method: "HEAD").text)
                    let head = try RawResponse(readingFrom: peer, toHead: true)
                    #expect(head.status == 200 && head.header("Content-Length") == "5")
                }
            }
        }

        @Test("G41, G55 a POST is never repeated; upstream troubles are 502, 503 or 504, and name nobody")
        func upstreamTroubles() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.upstreams = [
                    "gone": "http://127.0.0.1:\(try freePort())",
                    "slow": "{ servers: [\"http://127.0.0.1:1\"] }",
                ]
                options.upstreams["slow"] = nil
                options.routes.append("{ path: /gone/, upstream: gone }")
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                stage.upstream.forget()
                stage.upstream.answers { _, peer in peer.reset() }
                let post = try browser.askOnce(
                    stage.url("/api"), .fetch, from: .sameOrigin, method: "POST", body: "once")
                #expect(post.status == 502, "\(post.head)")
                #expect(stage.upstream.requests.count == 1)
                stage.upstream.forget()
                let get = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(get.status == 502 && stage.upstream.requests.count <= 2, "\(stage.upstream.requests.count)")
                stage.upstream.answers("nonsense\r\n\r\n")
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 502)
                let gone = try browser.askOnce(stage.url("/gone/x"), .fetch, from: .sameOrigin)
                #expect([502, 503].contains(gone.status), "\(gone.head)")
                for answer in [post, get, gone] {
                    #expect(!(answer.head + answer.text).contains("127.0.0.1"), "\(answer.head) \(answer.text)")
                }
            }
        }

        @Test("G52 a truncated answer looks truncated")
        func truncated() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                for response in [
                    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nshort",
                ] {
                    stage.upstream.answers { _, peer in
                        try peer.send(response)
                        peer.close()
                    }
                    #expect(throws: (any Error).self, "\(response)") {
                        try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                    }
                }
            }
        }

        @Test("G54 events arrive as they are sent, and a client that leaves takes its upstream request along")
        func streaming() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                let gone = AtomicFlag()
                stage.upstream.answers { _, peer in
                    try peer.send(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                    try peer.send("9\r\ndata: 1\n\n\r\n")
                    _ = try? peer.receive()
                    gone.raise()
                }
                let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                try peer.send(try browser.message(stage.url("/events")).text)
                try peer.receive(until: "data: 1\n\n")
                peer.close()
                try eventually("the upstream notices") { gone.isRaised }
            }
        }

        @Test("E35, B27 the token that we attached never comes back, wherever the upstream puts it")
        func tokenEcho() async throws {
            try await onThread {
                let stage = try Self.stage(["{ path: /refuse/, upstream: api, token_echo: refuse }"])
                let browser = try stage.signedIn()
                stage.upstream.answers { request, peer in
                    let token = request.bearer ?? ""
                    let body = "{\"authorization\":\"Bearer \(token)\",\"again\":\"\(token)\"}"
                    try peer.send(
                        "HTTP/1.1 200 OK\r\nX-Token: \(token)\r\nX-Other: y\r\nContent-Type: application/json\r\n"
                            + "Content-Length: \(body.utf8.count)\r\n\r\n")
                    for byte in body.utf8 { try peer.send([byte]) }
                }
                let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(answer.status == 200 && answer.header("X-Token") == nil && answer.header("X-Other") == "y")
                #expect(!answer.text.contains("access-") && answer.text.contains("Bearer ***"), "\(answer.text)")
                #expect(answer.body.count == Int(answer.header("Content-Length") ?? ""))
                let refused = try browser.askOnce(stage.url("/refuse/x"), .fetch, from: .sameOrigin)
                #expect(refused.status == 502 && !(refused.head + refused.text).contains("access-"))
            }
        }

        @Test("E27 what a session brought is not for shared caches")
        func caching() async throws {
            try await onThread {
                let stage = try Self.stage([
                    "{ path: /optional/, upstream: api, access: optional }",
                    "{ path: /pass/, upstream: api, cache: pass }", "{ path: /public/, upstream: api, access: public }",
                ])
                let browser = try stage.signedIn()
                func cacheControl(_ upstream: String?, _ path: String = "/api") throws -> (String?, String?) {
                    stage.upstream.answers(
                        EchoUpstream.answer("x", fields: upstream.map { ["Cache-Control: \($0)"] } ?? []))
                    let answer = try browser.askOnce(stage.url(path), .fetch, from: .sameOrigin)
                    let lines = answer.headers.filter { $0.name.lowercased() == "cache-control" }.map(\.value)
                    return (lines.isEmpty ? nil : lines.joined(separator: ", "), answer.header("Vary"))
                }
                #expect(try cacheControl(nil).0 == "no-store")
                #expect(try cacheControl("max-age=60").0?.contains("private") == true)
                for kept in ["private, max-age=1", "no-store", "public, max-age=60", "s-maxage=9"] {
                    #expect(try cacheControl(kept).0 == kept)
                }
                #expect(try cacheControl("public", "/optional/x").1?.contains("Cookie") == true)
                #expect(try cacheControl(nil, "/pass/x").0 == nil)
                #expect(try cacheControl(nil, "/public/x").0 == nil)
            }
        }
    }
}

/// Something that happened on another thread.
final class AtomicFlag: @unchecked Sendable {
    // @unchecked: guarded by `lock`.
    private let lock = NSLock()
    private var value = false
    func raise() { lock.withLock { value = true } }
    var isRaised: Bool { lock.withLock { value } }
}
