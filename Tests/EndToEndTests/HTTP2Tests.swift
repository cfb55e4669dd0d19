import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// The gateway in HTTP/2 by prior knowledge: what holds for HTTP/1 holds for it.
    @Suite struct OverHTTP2 {
        /// A client on the gateway, and the cookie of a user who has signed in.
        private static func signedIn(_ stage: Stage) throws -> (client: HTTP2Client, cookie: String, host: String) {
            let browser = try stage.signedIn()
            let value = try #require(browser.jar[Stage.cookie])
            let client = try HTTP2Client(port: UInt16(stage.gateway.port))
            return (client, "\(Stage.cookie)=\(value)", "localhost:\(stage.gateway.port)")
        }

        @Test(
            "G80, G81 a login-protected route: the cookie among crumbs, the token upstream, one Via, framing of our own"
        )
        func forwarding() async throws {
            try await onThread {
                let stage = try Stage()
                let (client, cookie, host) = try Self.signedIn(stage)
                stage.upstream.forget()
                let fetch = [
                    ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"),
                ]
                let id = try client.ask(
                    "POST", "/api/x?y=%20&&b", host: host,
                    fetch + [
                        ("cookie", "a=1"), ("cookie", cookie), ("cookie", "b=2"), ("authorization", "spoof"),
                        ("te", "trailers"), ("x-kept", "here"), ("via", "1.0 other"),
                    ], body: "hello")
                let answer = try client.response(id)
                #expect(answer.status == 200 && answer.text == "POST /api/x?y=%20&&b" && answer.isWhole)
                let request = try #require(stage.upstream.requests.last)
                #expect(request.line == "POST /api/x?y=%20&&b HTTP/1.1" && request.text == "hello")
                #expect(request.bearer?.hasPrefix("access-") == true)
                #expect(request.values("Cookie") == ["a=1; b=2"])
                #expect(request.values("Host") == ["127.0.0.1:\(stage.upstream.port)"])
                #expect(request.values("X-Kept") == ["here"] && request.values("TE") == ["trailers"])
                #expect(request.values("Via").count == 1 && request.header("Via")?.contains("1.0 other, 2.0 ") == true)
                #expect(request.values("Transfer-Encoding") == ["chunked"] && request.values("Content-Length") == [])
                // Anonymous, many at once: 401 each, and a line each.
                let ids = try (0..<20).map { try client.ask("GET", "/api/\($0)", host: host, fetch) }
                for id in ids { #expect(try client.response(id).status == 401) }
                try eventually("lines") { stage.gateway.events("request").count >= 21 }
                let line = try #require(stage.gateway.events("request").first { $0.contains("\"/api/x\"") })
                for part in ["\"method\":\"POST\"", "\"status\":200", "\"host\":\"localhost\"", "\"user\":\"alice\""] {
                    #expect(line.contains(part), "\(line)")
                }
            }
        }

        @Test("G80, G81 what would become another request in HTTP/1 never reaches the upstream")
        func smuggling() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let host = "localhost:\(stage.gateway.port)"
                let smuggled = "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
                let heads: [[(String, String)]] = [
                    RawHTTP2.request("POST", "/", host: host, [("content-length", "0\(smuggled)")]),
                    RawHTTP2.request("POST", "/", host: host, [("transfer-encoding", "chunked")]),
                    RawHTTP2.request("POST", "/", host: host, [("x", "a\(smuggled)")]),
                    RawHTTP2.request("POST", "/", host: host, [("x\r\ntransfer-encoding", "chunked")]),
                    RawHTTP2.request("POST", "/", host: host, [("transfer-encoding\t", "chunked")]),
                    RawHTTP2.request("POST", "/", host: host, [("connection", "transfer-encoding")]),
                    RawHTTP2.request("POST", "/x HTTP/1.1\(smuggled)", host: host),
                    RawHTTP2.request("POST / HTTP/1.1\(smuggled)", "/", host: host),
                    RawHTTP2.request("POST", "/", host: host + smuggled),
                    RawHTTP2.request("POST", "/", host: host, scheme: "http://evil/\(smuggled)"),
                    RawHTTP2.request("POST", "/", host: host, [("cookie", "a=1\(smuggled)")]),
                ]
                for head in heads {
                    let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                    let body = RawHTTP2.data(1, "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", ends: true)
                    try peer.send(RawHTTP2.opening + RawHTTP2.headers(1, head, ends: false) + body)
                    var seen: [UInt8] = []
                    while !RawHTTP2.frames(seen).contains(where: { $0.stream == 1 || $0.type == 7 }) {
                        seen += try peer.receive()
                    }
                }
                // H2.CL: a length that is not the body's.
                for length in ["0", "5", "10000"] {
                    let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                    let head = RawHTTP2.request("POST", "/cl", host: host, [("content-length", length)])
                    try peer.send(
                        RawHTTP2.opening + RawHTTP2.headers(1, head, ends: false)
                            + RawHTTP2.data(1, "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", ends: true))
                    var seen: [UInt8] = []
                    while !RawHTTP2.frames(seen).contains(where: { $0.type == 3 && $0.stream == 1 }) {
                        seen += try peer.receive()
                    }
                }
                let client = try HTTP2Client(port: UInt16(stage.gateway.port))
                #expect(try client.response(client.ask("GET", "/last", host: host)).status == 200)
                #expect(!stage.upstream.requests.contains { $0.target.contains("smuggled") })
                #expect(stage.upstream.requests.allSatisfy { ["/cl", "/last"].contains($0.target) })
            }
        }

        @Test("A WebSocket over an extended CONNECT passes, and ends with its session (RFC 8441, E47)")
        func webSocket() async throws {
            try await onThread {
                let stage = try Stage()
                let (_, cookie, host) = try Self.signedIn(stage)
                stage.upstream.answers { request, peer in
                    guard request.header("Sec-WebSocket-Key") != nil else {
                        return try peer.send(EchoUpstream.answer("plain"))
                    }
                    try peer.send(WebSocketPeer.answer(to: request))
                    while true {
                        let bytes = try peer.receive()
                        if bytes.isEmpty { return }
                        // A text frame `ok`, unmasked.
                        try peer.send([0x81, 2] + Array("ok".utf8))
                    }
                }
                let head = [
                    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", host),
                    (":path", "/chat"), ("sec-websocket-version", "13"), ("origin", "http://\(host)"),
                    ("cookie", cookie),
                ]
                let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                try peer.send(RawHTTP2.opening + RawHTTP2.headers(1, head, ends: false))
                var seen: [UInt8] = []
                func wait(_ what: (RawHTTP2.Frame) -> Bool) throws {
                    while !RawHTTP2.frames(seen).contains(where: what) { seen += try peer.receive() }
                }
                try wait { $0.type == 1 && $0.stream == 1 && $0.flags == 4 }
                try peer.send(RawHTTP2.data(1, [0x81, 0x82, 0, 0, 0, 0] + Array("hi".utf8)))
                try wait { $0.type == 0 && $0.payload == [0x81, 2] + Array("ok".utf8) }
                let request = try #require(stage.upstream.requests.last)
                #expect(request.line == "GET /chat HTTP/1.1" && request.values("Upgrade") == ["websocket"])
                // Another origin is not let in.
                let other = try RawClient.connect(port: UInt16(stage.gateway.port))
                let foreign = head.map { $0.0 == "origin" ? ("origin", "http://evil.example") : $0 }
                try other.send(RawHTTP2.opening + RawHTTP2.headers(1, foreign, ends: false))
                var answered: [UInt8] = []
                while !RawHTTP2.frames(answered).contains(where: { $0.type == 0 && $0.stream == 1 }) {
                    answered += try other.receive()
                }
                #expect(stage.upstream.requests.count { $0.target == "/chat" } == 1)
            }
        }

        @Test("gRPC through a login-protected route: unary and both ways, with trailers, in HTTP/2 to the upstream")
        func gRPC() async throws {
            try await onThread {
                let upstream = try HTTP2Upstream { request, hasEnded in
                    let trailers = [("grpc-status", "0"), ("grpc-message", "done")]
                    if request.target.hasSuffix("/Chat") { return hasEnded ? nil : .echo(trailers: trailers) }
                    return hasEnded
                        ? .answer(request.body, fields: [("content-type", "application/grpc")], trailers: trailers)
                        : nil
                }
                var options = GatewayUnderTest.Options()
                options.upstreams = ["grpc": "{ servers: [ \"http://127.0.0.1:\(upstream.port)\" ], http2: true }"]
                options.routes.append("{ path: /pkg.Service/, upstream: grpc }")
                options.workers = 1
                let stage = try Stage(options)
                let (client, cookie, host) = try Self.signedIn(stage)
                let call = [
                    ("te", "trailers"), ("content-type", "application/grpc"), ("sec-fetch-site", "same-origin"),
                ]
                #expect(
                    try client.response(client.ask("POST", "/pkg.Service/Get", host: host, call, body: "x")).status
                        == 401)
                let known = call + [("cookie", cookie)]
                let get = try client.response(
                    client.ask("POST", "/pkg.Service/Get", host: host, known, body: "message"))
                #expect(get.text == "message" && get.trailers == ["grpc-status": "0", "grpc-message": "done"])
                let id = try client.ask("POST", "/pkg.Service/Chat", host: host, known, isOpen: true)
                var sent = 0
                for size in [1, 70_000, 5] {
                    sent += size
                    try client.send([UInt8](repeating: 7, count: size), on: id)
                    try client.wait { client.responses[id]?.body.count == sent }
                }
                try client.finish(id)
                let chat = try client.response(id)
                #expect(chat.isWhole && chat.trailers["grpc-status"] == "0")
                let asked = try #require(upstream.requests.last)
                #expect(asked.authority == "127.0.0.1:\(upstream.port)" && asked.header("te") == "trailers")
                #expect(asked.header("authorization")?.hasPrefix("Bearer access-") == true)
                #expect(asked.header("cookie") == nil && asked.header("via")?.hasPrefix("2.0 ") == true)
                #expect(upstream.connections == 1 && upstream.requests.count == 2)
            }
        }

        @Test("G60, G62 no answer but a tunnel's says 2xx to a WebSocket over HTTP/2 (RFC 8441)")
        func noTunnel() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes.append("{ path: /plain/, upstream: api, websocket: false }")
                options.upstreams = ["both": "{ servers: [ \"http://127.0.0.1:9\" ], http2: true }"]
                options.routes.append("{ path: /both/, upstream: both }")
                let stage = try Stage(options)
                let (_, cookie, host) = try Self.signedIn(stage)
                for (path, upstream, status) in [
                    ("/plain/x", EchoUpstream.answer("no tunnel"), 501), ("/bff/session", "", 501),
                    ("/ok", EchoUpstream.answer("no tunnel"), 502),
                    ("/empty", "HTTP/1.1 204 No Content\r\n\r\n", 502),
                    ("/forbidden", EchoUpstream.answer("no", status: "403 Forbidden"), 403),
                    // Nobody listens there.
                    ("/both/x", EchoUpstream.answer("no tunnel"), 502),
                ] {
                    stage.upstream.answers(upstream)
                    let head = [
                        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", host),
                        (":path", path), ("sec-websocket-version", "13"), ("origin", "http://\(host)"),
                        ("cookie", cookie),
                    ]
                    let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                    try peer.send(RawHTTP2.opening + RawHTTP2.headers(1, head, ends: false))
                    var seen: [UInt8] = []
                    while !RawHTTP2.frames(seen).contains(where: { $0.type == 1 && $0.stream == 1 }) {
                        seen += try peer.receive()
                    }
                    let statuses = try InChromium.statuses(stage.gateway, path, count: 1)
                    #expect(statuses == [status], "\(path)")
                }
                #expect(
                    !stage.upstream.requests.contains { $0.target.hasPrefix("/plain") || $0.target == "/bff/session" })
            }
        }

        @Test(
            "G60, G62, E47 a WebSocket to an upstream in HTTP/2 is an extended CONNECT there, for browsers in either version"
        )
        func webSocketUpstream() async throws {
            try await onThread {
                let heard = Locked<[UInt8]>([])
                let upstream = try HTTP2Upstream { request, hasEnded in
                    if request.target == "/socket/no" { return .answer(Array("no".utf8), status: 403) }
                    if request.header("sec-websocket-version") == nil { return hasEnded ? .answer("plain") : nil }
                    return .tunnel { piece in
                        heard.withLock { $0 += piece }
                        return [0x81, 2] + Array("ok".utf8)
                    }
                }
                var options = GatewayUnderTest.Options()
                options.upstreams = ["both": "{ servers: [ \"http://127.0.0.1:\(upstream.port)\" ], http2: true }"]
                options.routes.append("{ path: /socket, upstream: both }")
                options.workers = 1
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                // The first request of all: what the server takes is not known yet.
                let socket = try stage.socket(browser)
                try socket.send("hi")
                #expect(try socket.receive() == .text("ok"))
                let asked = try #require(upstream.requests.first)
                #expect(asked.header("sec-websocket-version") == "13" && asked.header("sec-websocket-accept") == nil)
                #expect(asked.header("authorization")?.hasPrefix("Bearer access-") == true)
                // The engine of the test's server makes HTTP/1's request of it, and its key is not the browser's.
                #expect(asked.header("sec-websocket-key") != "dGhlIHNhbXBsZSBub25jZQ==")
                #expect(heard.withLock { $0 } == WebSocketPeer.Frame.text("hi").bytes(masked: true))
                // Others share the connection, and what the upstream refuses stays refused.
                let page = try browser.askOnce(stage.url("/socket"), .fetch, from: .sameOrigin)
                #expect(page.text == "plain")
                let refused = try RawResponse(readingFrom: try stage.handshake(browser, "/socket/no"))
                #expect(refused.status == 403)
                let cookie = try #require(browser.jar[Stage.cookie])
                let host = "localhost:\(stage.gateway.port)"
                let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                try peer.send(
                    RawHTTP2.opening
                        + RawHTTP2.headers(
                            1,
                            [
                                (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"),
                                (":authority", host), (":path", "/socket"), ("sec-websocket-version", "13"),
                                ("origin", "http://\(host)"), ("cookie", "\(Stage.cookie)=\(cookie)"),
                            ], ends: false))
                var seen: [UInt8] = []
                func wait(_ what: (RawHTTP2.Frame) -> Bool) throws {
                    while !RawHTTP2.frames(seen).contains(where: what) { seen += try peer.receive() }
                }
                try wait { $0.type == 1 && $0.stream == 1 && $0.flags == 4 }
                try peer.send(RawHTTP2.data(1, [0x81, 0x82, 0, 0, 0, 0] + Array("hi".utf8)))
                try wait { $0.type == 0 && $0.payload == [0x81, 2] + Array("ok".utf8) }
                #expect(upstream.connections == 1)
                // Both hear the reason of the end, and so does the upstream.
                heard.withLock { $0 = [] }
                #expect(try browser.askOnce(try stage.logoutURL(browser)).status == 302)
                #expect(try socket.receive() == .close(1008, "revoked"))
                try wait { $0.type == 0 && $0.payload.starts(with: [0x88, 9, 0x03, 0xF0]) }
                try eventually("the upstream hears both ends: \(heard.withLock { $0 })") {
                    heard.withLock { $0.count } == 2 * 15
                }
                #expect(heard.withLock { $0.first } == 0x88)
            }
        }

        @Test(
            "G60 an upstream in HTTP/2 that has not said that it takes WebSockets is not asked for one: 502, and the log says why"
        )
        func noWebSocketUpstream() async throws {
            try await onThread {
                let heard = Locked<[Int: [UInt8]]>([:])
                let ended = Locked(0)
                let plain = try ScriptedServer { peer, number in
                    // Settings that say nothing of it; after the first connection not even those.
                    if number == 0 { try peer.send(RawHTTP2.settings) }
                    while true {
                        let bytes = try peer.receive()
                        if bytes.isEmpty { return ended.withLock { $0 += 1 } }
                        heard.withLock { $0[number, default: []] += bytes }
                    }
                }
                var options = GatewayUnderTest.Options()
                options.upstreams = [
                    "both":
                        "{ servers: [ \"http://127.0.0.1:\(plain.port)\" ], http2: true, response_timeout: 300ms, keep_alive_timeout: 100ms }"
                ]
                options.routes.append("{ path: /socket, upstream: both }")
                options.workers = 1
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let refused = try RawResponse(readingFrom: try stage.handshake(browser))
                #expect(refused.status == 502, "\(refused.head)")
                try eventually("the log says why") {
                    stage.gateway.events("upstream_failed").last?.contains("no_websockets") == true
                }
                try eventually("the idle connection is closed") { ended.withLock { $0 } == 1 }
                let silent = try RawResponse(readingFrom: try stage.handshake(browser))
                #expect(silent.status == 504, "\(silent.head)")
                #expect(plain.connections == 2)
                for bytes in heard.withLock({ $0.values }) {
                    #expect(bytes.starts(with: RawHTTP2.preface))
                    let frames = RawHTTP2.frames(Array(bytes.dropFirst(RawHTTP2.preface.count)))
                    #expect(!frames.contains { $0.type == 1 }, "\(frames)")
                }
            }
        }

        @Test("E47, G52 a gRPC stream is reset when its session ends")
        func streamOfSession() async throws {
            try await onThread {
                let upstream = try HTTP2Upstream { _, hasEnded in hasEnded ? nil : .echo(trailers: []) }
                var options = GatewayUnderTest.Options()
                options.upstreams = ["grpc": "{ servers: [ \"http://127.0.0.1:\(upstream.port)\" ], http2: true }"]
                options.routes.append("{ path: /pkg.Service/, upstream: grpc }")
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let cookie = try #require(browser.jar[Stage.cookie])
                let client = try HTTP2Client(port: UInt16(stage.gateway.port))
                let id = try client.ask(
                    "POST", "/pkg.Service/Chat", host: "localhost:\(stage.gateway.port)",
                    [
                        ("te", "trailers"), ("content-type", "application/grpc"), ("sec-fetch-site", "same-origin"),
                        ("cookie", "\(Stage.cookie)=\(cookie)"),
                    ], isOpen: true)
                try client.send([1, 2, 3], on: id)
                try client.wait { client.responses[id]?.body.count == 3 }
                // What is new is left to end by itself; a stream is what lasts.
                usleep(300_000)
                #expect(try browser.askOnce(try stage.logoutURL(browser)).status == 302)
                let over = try client.response(id)
                #expect(!over.isWhole && over.code != 0)
            }
        }

        @Test("E47 what waits for a client that opens no window ends with its session, and ends once")
        func shutWindows() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                let admin = try freePort()
                options.admin = "{ address: \"127.0.0.1:\(admin)\" }"
                let stage = try Stage(options)
                stage.upstream.answers { request, peer in
                    switch request.target {
                    case "/poll": _ = peer.waitUntilClosed()
                    case "/whole": try peer.send(EchoUpstream.answer(String(repeating: "x", count: 10_000)))
                    case "/endless":
                        try peer.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")
                        while true { try peer.send([UInt8](repeating: 1, count: 10_000)) }
                    default: try peer.send(EchoUpstream.answer("short"))
                    }
                }
                let browser = try stage.signedIn()
                let cookie = try #require(browser.jar[Stage.cookie])
                let client = try HTTP2Client(port: UInt16(stage.gateway.port), window: 0)
                let fields = [("sec-fetch-site", "same-origin"), ("cookie", "\(Stage.cookie)=\(cookie)")]
                let ids = try ["/poll", "/whole", "/endless"].map {
                    try client.ask("GET", $0, host: "localhost:\(stage.gateway.port)", fields)
                }
                try client.wait { ids[1...].allSatisfy { client.responses[$0]?.status == 200 } }
                try eventually("the poll is forwarded") { stage.upstream.requests.contains { $0.target == "/poll" } }
                #expect(try browser.askOnce(try stage.logoutURL(browser)).status == 302)
                // What came from upstream breaks off; of our own answer the head tells all.
                for id in ids[1...] { #expect(try client.response(id).code != 0) }
                try client.wait { client.responses[ids[0]]?.status == 401 }
                // Several looks at all that runs.
                usleep(900_000)
                let metrics = try RawClient.ask(
                    port: UInt16(admin), "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                let line = metrics.text.split(separator: "\n").first { $0.hasPrefix("postern_ended_streams_total ") }
                #expect(line == "postern_ended_streams_total 3")
            }
        }

        @Test(
            "curl in both versions: downloads, ranges, uploads with and without an expectation",
            arguments: [("--http1.1", "1.1"), ("--http2-prior-knowledge", "2")])
        func curl(switch option: String, version: String) async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let large = String(repeating: "0123456789abcdef", count: 64 << 10)
                stage.upstream.answers { request, peer in
                    if request.header("Range") != nil {
                        try peer.send(
                            EchoUpstream.answer(
                                "cdef", status: "206 Partial Content", fields: ["Content-Range: bytes 12-15/16"]))
                    } else if request.method == "GET" {
                        try peer.send(EchoUpstream.answer(large))
                    } else {
                        try peer.send(EchoUpstream.answer("\(request.method) \(request.body.count)"))
                    }
                }
                let folder = try TemporaryFolder("upload")
                let file = folder.path + "/upload"
                try large.write(toFile: file, atomically: true, encoding: .utf8)
                let url = stage.gateway.origin
                func curl(_ arguments: String...) throws -> (code: Int32, output: String) {
                    try ChildProcess.run(
                        ["curl", "-s", option, "--max-time", "20", "-w", " %{http_version}"]
                            + arguments)
                }
                #expect(try curl(url + "/large").output == large + " \(version)")
                #expect(try curl("-r", "12-15", url + "/range").output == "cdef \(version)")
                #expect(try curl("-T", file, url + "/put").output == "PUT \(large.utf8.count) \(version)")
                #expect(
                    try curl("-X", "POST", "--data-binary", "@" + file, url + "/post").output
                        == "POST \(large.utf8.count) \(version)")
                #expect(
                    try curl("-H", "Expect: 100-continue", "-T", file, url + "/put").output
                        == "PUT \(large.utf8.count) \(version)")
                #expect(try curl("-I", url + "/head").output.hasPrefix("HTTP/\(version) 200"))
            }
        }

        @Test("nghttp and h2load: dependencies and priorities, a hundred streams on each of several connections")
        func nghttp() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let url = stage.gateway.origin
                let asked = try ChildProcess.run([
                    "nghttp", "-nv", "--trailer", "x-sum: 1", "-d", "/etc/hostname", url + "/x",
                ])
                #expect(asked.code == 0 && asked.output.contains(":status: 200"), "\(asked.output)")
                let load = try ChildProcess.run(
                    ["h2load", "-n", "2000", "-c", "4", "-m", "100", url + "/load"], within: 60)
                #expect(load.output.contains("2000 succeeded, 0 failed, 0 errored, 0 timeout"), "\(load.output)")
            }
        }

        @Test("`http2: false` leaves HTTP/1 alone")
        func off() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.listener = ", http2: false"
                let stage = try Stage(options)
                let peer = try RawClient.connect(port: UInt16(stage.gateway.port))
                try peer.send(RawHTTP2.opening)
                #expect(try RawResponse(readingFrom: peer).status == 505)
            }
        }

        @Test("A drain lets running streams end, and says good-bye")
        func drain() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let mayAnswer = Locked(false)
                stage.upstream.answers { _, peer in
                    try eventually("the good-bye has come") { mayAnswer.withLock { $0 } }
                    try peer.send(EchoUpstream.answer("late"))
                }
                let client = try HTTP2Client(port: UInt16(stage.gateway.port))
                let id = try client.ask("GET", "/slow", host: "localhost:\(stage.gateway.port)")
                try eventually("asked") { !stage.upstream.requests.isEmpty }
                stage.gateway.process.signal(SIGTERM)
                try client.wait { client.goAway != nil }
                mayAnswer.withLock { $0 = true }
                #expect(try client.response(id).text == "late")
                try client.waitForClose()
                #expect(client.goAway?.last == id)
                #expect(try stage.gateway.process.wait() == 0)
            }
        }
    }
}
