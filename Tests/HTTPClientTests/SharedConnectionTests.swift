import Bytes
import HTTP
import HTTPClient
import HTTPServer
import Sockets
import TestSupport
import Testing
import Threads

/// Upstreams in HTTP/2, behind a proxy whose clients speak HTTP/2 as well.
@Suite struct SharedConnectionTests {
    private static func proxy(
        to upstream: HTTP2Upstream, _ adjust: (inout UpstreamSettings) -> Void = { _ in }
    ) throws -> RunningProxy {
        let server = try #require(UpstreamServer("http://127.0.0.1:\(upstream.port)"))
        var settings = UpstreamSettings(name: "test", servers: [server])
        settings.http2 = true
        adjust(&settings)
        return try RunningProxy(settings: ServerSettings(), upstream: settings, rules: PortRules(http2: true))
    }

    @Test("One connection serves many streams, those that come while it is made among them")
    func multiplexed() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { request, hasEnded in
                hasEnded
                    ? .answer("\(request.method) \(request.target) \(request.authority) \(request.body.count)") : nil
            }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            let ids = try (0..<60).map { try client.ask("GET", "/\($0)") }
            for (number, id) in ids.enumerated() {
                #expect(try client.response(id).text == "GET /\(number) 127.0.0.1:\(upstream.port) 0")
            }
            // An HTTP/1 client as well.
            let plain = try RawClient.ask(
                port: proxy.port, "POST /h1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(plain.text == "POST /h1 127.0.0.1:\(upstream.port) 5")
            #expect(upstream.connections == 1)
            #expect(proxy.thread.perform { $0.pool.idleConnections } == 1)
            #expect(proxy.thread.perform { $0.pool.load } == 0)
        }
    }

    @Test("A server that says nothing keeps nobody longer than `queue.wait`, and is asked on another connection then")
    func silent() async throws {
        try await onThread {
            let connections = Locked(0)
            let silent = try ScriptedServer { peer, _ in
                connections.withLock { $0 += 1 }
                while try !peer.receive().isEmpty {}
            }
            defer { silent.stop() }
            let server = try #require(UpstreamServer("http://127.0.0.1:\(silent.port)"))
            var settings = UpstreamSettings(name: "test", servers: [server])
            settings.http2 = true
            settings.queue.wait = .milliseconds(200)
            settings.responseTimeout = .seconds(1)
            let proxy = try RunningProxy(settings: ServerSettings(), upstream: settings, rules: PortRules(http2: true))
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            let ids = try (0..<5).map { try client.ask("GET", "/\($0)") }
            for id in ids { _ = try client.response(id) }
            // The first asked the silent one; the others had not even a connection.
            let failures = proxy.thread.perform { $0.upstreamFailures }
            #expect(failures == [.overloaded, .overloaded, .overloaded, .overloaded, .responseTimeout], "\(failures)")
            _ = try client.response(client.ask("GET", "/again"))
            #expect(connections.withLock { $0 } == 2)
            #expect(proxy.thread.perform { $0.pool.load } == 0)
        }
    }

    @Test("Beyond what a server allows there are further connections")
    func further() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream(streams: 2) { request, hasEnded in
                request.target == "/hold" ? .hold : hasEnded ? .answer("\(request.connection)") : nil
            }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            // The first connection has said how many it takes.
            #expect(try client.response(client.ask("GET", "/x")).text == "0")
            for _ in 0..<2 { _ = try client.ask("GET", "/hold") }
            #expect(try client.response(client.ask("GET", "/x")).text == "1")
            for _ in 0..<5 { _ = try client.ask("GET", "/hold") }
            #expect(try client.response(client.ask("GET", "/x")).status == 200)
            try eventually("settled") { proxy.thread.perform { $0.pool.load } == 7 }
            #expect(upstream.connections >= 4)
        }
    }

    @Test("gRPC: a stream both ways, piece by piece, with trailers and TE")
    func gRPC() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { _, hasEnded in
                hasEnded ? nil : .echo(trailers: [("grpc-status", "0"), ("grpc-message", "done")])
            }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            let id = try client.ask("POST", "/pkg.Service/Chat", [("te", "trailers")], isOpen: true)
            var sent = 0
            for size in [1, 5, 50_000, 7] {
                sent += size
                try client.send([UInt8](repeating: UInt8(size & 255), count: size), on: id)
                // Each piece comes back before the next is sent.
                try client.wait { client.responses[id]?.body.count == sent }
            }
            try client.finish(id, trailers: [("x-sum", "9")])
            let answer = try client.response(id)
            #expect(answer.isWhole && answer.trailers == ["grpc-status": "0", "grpc-message": "done"])
            #expect(upstream.requests.first?.trailers.map(\.value) == ["9"])
        }
    }

    @Test(
        "G54 bodies pass both ways through windows smaller than they, with and without a length",
        arguments: [70_000, 2_000_000])
    func bodies(_ size: Int) async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { request, hasEnded in
                guard hasEnded else { return nil }
                return .answer(request.body, length: request.target == "/length" ? request.body.count : nil)
            }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let client = try HTTP2Client(port: proxy.port, window: 30_000)
            for path in ["/length", "/open"] {
                let id = try client.ask("POST", path, length: path == "/length" ? size : nil, isOpen: true)
                try client.send(body, on: id)
                try client.finish(id)
                let answer = try client.response(id)
                #expect(answer.body == body && answer.isWhole)
                #expect((answer.headers["content-length"] != nil) == (path == "/length"))
            }
        }
    }

    @Test("G52 a response that breaks off is not a whole one; other streams go on")
    func breaksOff() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { request, hasEnded in
                guard hasEnded else { return nil }
                return request.target == "/bad" ? .breakOff(2) : .answer("good")
            }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            let bad = try client.response(client.ask("GET", "/bad"))
            #expect(bad.status == 200 && !bad.isWhole && bad.code == 2)
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.truncated])
            #expect(try client.response(client.ask("GET", "/good")).text == "good")
            #expect(upstream.connections == 1)
        }
    }

    @Test(
        "G41 streams that a server refused, or left behind its GOAWAY, may be sent again; a reset one may have been done"
    )
    func refusals() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { request, hasEnded in
                guard hasEnded else { return nil }
                switch request.target {
                case "/refused": return .reset(7)
                case "/reset": return .reset(2)
                case "/leave": return .goAway(last: request.stream - 2)
                default: return .answer("\(request.connection)")
                }
            }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            for path in ["/refused", "/reset", "/leave"] {
                #expect(try client.response(client.ask("POST", path, body: "x")).status == 502)
            }
            #expect(
                proxy.thread.perform { $0.upstreamFailures }
                    == [.closedBeforeResponse, .closedBeforeResponse, .closedBeforeResponse])
            // Whether anything had left is what the rule asks.
            #expect(proxy.thread.perform { $0.failedAfterSending } == [false, true, false])
            // Its connection takes no more; the next request goes over a new one.
            #expect(try client.response(client.ask("GET", "/x")).text == "1")
        }
    }

    @Test(
        "G50 a server that breaks the rules costs its stream, or its connection, and is 502",
        arguments: [
            RawHTTP2.headers(1, [("x", "1")]),
            RawHTTP2.headers(1, [(":status", "200"), ("transfer-encoding", "chunked")]),
            RawHTTP2.headers(1, [(":status", "200"), ("x", "a\r\nset-cookie: b=c")]),
            RawHTTP2.headers(1, [(":status", "101")]),
            RawHTTP2.data(1, "no head"),
            RawHTTP2.frame(5, flags: 4, stream: 1, RawHTTP2.number(2) + RawHTTP2.block(RawHTTP2.request())),
            RawHTTP2.frame(1, flags: 4, stream: 1, [0x80]),
            Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8),
        ] as [[UInt8]])
    func hostile(_ bytes: [UInt8]) async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { request, hasEnded in
                guard hasEnded else { return nil }
                return request.target == "/bad" ? .raw(bytes) : .answer("good")
            }
            let proxy = try Self.proxy(to: upstream) { $0.responseTimeout = .seconds(2) }
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            #expect(try client.response(client.ask("GET", "/bad")).status == 502)
            #expect(try client.response(client.ask("GET", "/good")).text == "good")
        }
    }

    @Test("Silence is counted for each stream: to the head, and within a body")
    func timeouts() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { request, hasEnded in
                switch request.target {
                case "/hold": .hold
                case "/body": hasEnded ? nil : .echo(trailers: [])
                default: hasEnded ? .answer("good") : nil
                }
            }
            let proxy = try Self.proxy(to: upstream) {
                $0.responseTimeout = .milliseconds(200)
                $0.idleTimeout = .milliseconds(400)
                $0.keepAliveTimeout = .milliseconds(600)
            }
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            let body = try client.ask("POST", "/body", isOpen: true)
            #expect(try client.response(client.ask("GET", "/hold")).status == 504)
            let answer = try client.response(body)
            #expect(answer.status == 200 && !answer.isWhole)
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.responseTimeout, .idleTimeout])
            #expect(try client.response(client.ask("GET", "/good")).text == "good")
            #expect(upstream.connections == 1)
            try eventually("grown old") { proxy.thread.perform { $0.pool.idleConnections } == 0 }
        }
    }

    @Test("G22 a client that leaves resets its stream, and the connection serves on")
    func leaving() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { request, hasEnded in
                request.target == "/hold" ? .hold : hasEnded ? .answer("good") : nil
            }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            let client = try HTTP2Client(port: proxy.port)
            let held = try client.ask("GET", "/hold")
            #expect(try client.response(client.ask("GET", "/good")).text == "good")
            #expect(proxy.thread.perform { $0.pool.load } == 1)
            try client.reset(held)
            try eventually("given up") { proxy.thread.perform { $0.pool.load } == 0 }
            #expect(try client.response(client.ask("GET", "/good")).text == "good")
            #expect(upstream.connections == 1)
        }
    }

    @Test("Nobody there: every stream that waited hears of it")
    func refused() async throws {
        try await onThread {
            let upstream = try HTTP2Upstream { _, _ in nil }
            let proxy = try Self.proxy(to: upstream)
            defer { proxy.stop() }
            upstream.stop()
            try eventually("closed") { (try? RawClient.connect(port: UInt16(upstream.port))) == nil }
            let client = try HTTP2Client(port: proxy.port)
            let ids = try (0..<5).map { _ in try client.ask() }
            for id in ids { #expect(try client.response(id).status == 502) }
            #expect(proxy.thread.perform { $0.pool.load } == 0)
        }
    }
}
