import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// Peers that break the rules of the wire, through the whole gateway: they get what they deserve, the next in line gets what
    /// is theirs.
    @Suite struct HostileWire {
        // MARK: Upstreams

        /// What an upstream sends, and leaves its connection open for more.
        private struct Answer: Sendable {
            var name: String
            var method = "GET"
            var bytes: String
            /// What the client sees; 0: it breaks off.
            var status: Int
            var body = ""
        }

        /// The next in line would take this for theirs.
        private static let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"

        private static let answers = [
            Answer(
                name: "a second response", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + poison,
                status: 200,
                body: "ok"),
            Answer(
                name: "a body beyond its length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokpoison",
                status: 200, body: "ok"),
            Answer(
                name: "bytes behind the last chunk",
                bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + poison,
                status: 200,
                body: "ok"),
            Answer(
                name: "204 with a body", bytes: "HTTP/1.1 204 No Content\r\nContent-Length: 99\r\n\r\n" + poison,
                status: 204),
            Answer(
                name: "204 in chunks", bytes: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n" + poison,
                status: 204),
            Answer(
                name: "304 with a body", bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n" + poison,
                status: 304),
            Answer(
                name: "HEAD with a body", method: "HEAD",
                bytes: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + poison,
                status: 200),
            Answer(
                name: "both framings",
                bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + poison,
                status: 502),
            Answer(
                name: "two lengths",
                bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 80\r\n\r\nok" + poison,
                status: 502),
            Answer(
                name: "a folded line", bytes: "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok" + poison, status: 502
            ),
            Answer(
                name: "a blank before the colon", bytes: "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok" + poison,
                status: 502),
            Answer(
                name: "a coding nobody knows", bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + poison,
                status: 502),
            Answer(
                name: "101 that nobody asked for", bytes: "HTTP/1.1 101 Switching Protocols\r\n\r\n" + poison,
                status: 502),
            Answer(name: "another protocol", bytes: "ICY 200 OK\r\n\r\n" + poison, status: 502),
            Answer(
                name: "a bad chunk",
                bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n" + poison, status: 0),
            Answer(
                name: "a chunk too long",
                bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokpoison\r\n0\r\n\r\n" + poison,
                status: 0),
        ]

        @Test(
            "G50, G51, G52, G53 whatever an upstream sends, nobody gets another's answer, and the next gets their own")
        func upstreams() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                options.workers = 1
                let stage = try Stage(options)
                for (number, answer) in Self.answers.enumerated() {
                    stage.upstream.answers { request, peer in
                        try peer.send(
                            request.target.hasPrefix("/bad") ? answer.bytes : EchoUpstream.answer(request.target))
                    }
                    let client = try RawClient.connect(port: UInt16(stage.gateway.port), timeout: Rounds.patience)
                    let host = "Host: localhost:\(stage.gateway.port)\r\n\r\n"
                    try client.send("\(answer.method) /bad/\(number) HTTP/1.1\r\n\(host)")
                    if answer.status == 0 {
                        #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "), "\(answer.name)")
                        let rest = (try? client.receiveTextToEnd()) ?? ""
                        #expect(!rest.contains("poison") && !rest.hasSuffix("0\r\n\r\n"), "\(answer.name): \(rest)")
                    } else {
                        let seen = try RawResponse(readingFrom: client, toHead: answer.method == "HEAD")
                        #expect(seen.status == answer.status, "\(answer.name): \(seen.head)")
                        if answer.status != 502 { #expect(seen.text == answer.body, "\(answer.name)") }
                        // The same client, and the next one.
                        try client.send("GET /mine/\(number) HTTP/1.1\r\n\(host)")
                        #expect(try RawResponse(readingFrom: client).text == "/mine/\(number)", "\(answer.name)")
                    }
                    let next = try RawClient.ask(
                        port: UInt16(stage.gateway.port), "GET /next/\(number) HTTP/1.1\r\n\(host)")
                    #expect(next.text == "/next/\(number)", "\(answer.name): \(next.head)")
                }
            }
        }

        /// What an upstream in HTTP/2 sends when it is asked on stream 1.
        private static let frames: [(name: String, bytes: [UInt8], breaksOff: Bool)] = [
            ("no status", RawHTTP2.headers(1, [("x", "y")]), false),
            ("a status of four digits", RawHTTP2.headers(1, [(":status", "2000")]), false),
            ("101", RawHTTP2.headers(1, [(":status", "101")]), false),
            ("two statuses", RawHTTP2.headers(1, [(":status", "200"), (":status", "200")]), false),
            ("a request's field", RawHTTP2.headers(1, [(":status", "200"), (":path", "/")]), false),
            ("upper case", RawHTTP2.headers(1, [(":status", "200"), ("X-A", "1")]), false),
            ("a line break", RawHTTP2.headers(1, [(":status", "200"), ("x-a", "1\r\nset-cookie: a=b")]), false),
            (
                "a field of connections", RawHTTP2.headers(1, [(":status", "200"), ("transfer-encoding", "chunked")]),
                false
            ),
            ("a body before its head", RawHTTP2.data(1, "poison", ends: true), false),
            (
                "a push", RawHTTP2.frame(5, flags: 4, stream: 1, [0, 0, 0, 2] + RawHTTP2.block(RawHTTP2.request())),
                false
            ),
            (
                "another frame amid a head",
                RawHTTP2.frame(1, stream: 1, RawHTTP2.block([(":status", "200")])) + RawHTTP2.ping, false
            ),
            (
                "a head without end",
                RawHTTP2.frame(1, stream: 1, RawHTTP2.block([(":status", "200")]))
                    + (0..<500).flatMap { RawHTTP2.frame(9, stream: 1, RawHTTP2.block([("x-\($0)", "y")])) }, false
            ),
            (
                "a compressed field that is none",
                RawHTTP2.frame(1, flags: 5, stream: 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), false
            ),
            ("a reset", RawHTTP2.reset(1, 2), false),
            ("good-bye", RawHTTP2.frame(7, RawHTTP2.number(0) + RawHTTP2.number(2)), false),
            (
                "more than the length",
                RawHTTP2.headers(1, [(":status", "200"), ("content-length", "2")], ends: false)
                    + RawHTTP2.data(1, "poison", ends: true), true
            ),
            (
                "less than the length",
                RawHTTP2.headers(1, [(":status", "200"), ("content-length", "9")], ends: false)
                    + RawHTTP2.data(1, "half", ends: true), true
            ),
            (
                "a body that is reset",
                RawHTTP2.headers(1, [(":status", "200")], ends: false) + RawHTTP2.data(1, "half")
                    + RawHTTP2.reset(1, 2), true
            ),
            (
                "a window beyond its maximum",
                RawHTTP2.headers(1, [(":status", "200")], ends: false) + RawHTTP2.data(1, "half")
                    + RawHTTP2.windowUpdate(1, 0x7FFF_FFFF), true
            ),
        ]

        @Test("G50, G52, G82 an upstream that breaks HTTP/2's rules is 502, or breaks off visibly; the next is served")
        func framesOfUpstreams() async throws {
            try await onThread {
                let cases = Self.frames
                let turn = Locked(0)
                let server = try ScriptedServer(timeout: .seconds(60)) { peer, _ in
                    try peer.send(RawHTTP2.settings)
                    _ = try peer.receive(exactly: RawHTTP2.preface.count)
                    var seen: [UInt8] = []
                    while !RawHTTP2.frames(seen).contains(where: { $0.type == 1 }) {
                        let piece = try peer.receive()
                        if piece.isEmpty { return }
                        seen += piece
                    }
                    // Each case has a connection of its own: this one takes no further stream.
                    let goodbye = RawHTTP2.frame(7, RawHTTP2.number(1) + RawHTTP2.number(0))
                    try peer.send(RawHTTP2.settingsAcknowledgement + cases[turn.withLock { $0 }].bytes + goodbye)
                    _ = peer.waitUntilClosed()
                }
                var options = GatewayUnderTest.Options()
                options.upstreams = [
                    "both":
                        "{ servers: [ \"http://127.0.0.1:\(server.port)\" ], http2: true, retries: 0, response_timeout: 3s }"
                ]
                options.routes = [
                    "{ path: /both/, upstream: both, access: public }", "{ path: /, upstream: api, access: public }",
                ]
                options.workers = 1
                let stage = try Stage(options)
                let host = "Host: localhost:\(stage.gateway.port)\r\n"
                for (number, hostile) in cases.enumerated() {
                    let client = try RawClient.connect(port: UInt16(stage.gateway.port), timeout: Rounds.patience)
                    turn.withLock { $0 = number }
                    try client.send("GET /both/ HTTP/1.1\r\n\(host)\r\n")
                    let head = try client.receiveHead()
                    if hostile.breaksOff {
                        let rest = head.hasPrefix("HTTP/1.1 502 ") ? "" : (try? client.receiveTextToEnd()) ?? ""
                        #expect(!rest.hasSuffix("0\r\n\r\n") && !rest.contains("poison"), "\(hostile.name): \(rest)")
                    } else {
                        #expect(head.hasPrefix("HTTP/1.1 502 "), "\(hostile.name): \(head)")
                        #expect(!head.lowercased().contains("set-cookie"), "\(hostile.name)")
                    }
                    client.close()
                    let other = try RawClient.ask(
                        port: UInt16(stage.gateway.port), "GET /other HTTP/1.1\r\n\(host)\r\n")
                    #expect(other.text == "GET /other", "\(hostile.name)")
                }
            }
        }

        // MARK: Clients

        @Test(
            "G2, G4 no way to write Transfer-Encoding beside a length passes: refused and closed, or one reading upstream"
        )
        func transferCodings() async throws {
            try await onThread {
                let upstream = try RecordingUpstream()
                var options = GatewayUnderTest.Options()
                options.upstreams = ["recorder": "http://127.0.0.1:\(upstream.port)"]
                options.routes = ["{ path: /, upstream: recorder, access: public }"]
                let stage = try Stage(options)
                var lines = [
                    "Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked",
                    "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity",
                    "Transfer-Encoding: ,chunked",
                    "Transfer-Encoding: chunked;q=1", "Transfer-Encoding:", "Transfer-Encoding: \"chunked\"",
                    "X: y\r\n Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
                    " Transfer-Encoding: chunked",
                    "Transfer-Encoding\r\n: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                    "Transfer_Encoding: chunked", "Content-Length: 5", "Content-Length: +4", "Content_Length: 9",
                    "TRANSFER-ENCODING: CHUNKED", "Transfer-Encoding: identity", "Transfer-Encoding: chunked chunked",
                ]
                // Each byte that some reader trims, before and behind either word.
                for byte in (Rounds.some(of: Array(UInt8(1)...0x1F)) + [0x7F, 0x85, 0xA0, 0xFF]).map({
                    Character(Unicode.Scalar($0))
                }) {
                    lines += [
                        "\(byte)Transfer-Encoding: chunked", "Transfer-Encoding\(byte): chunked",
                        "Transfer-Encoding:\(byte)chunked", "Transfer-Encoding: chunked\(byte)",
                        "X: y\(byte)Transfer-Encoding: chunked",
                    ]
                }
                let body = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\n\r\n"
                for line in lines {
                    let peer = try RawClient.connect(port: UInt16(stage.gateway.port), timeout: Rounds.patience)
                    let head =
                        "POST /once HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\nContent-Length: \(body.utf8.count)\r\n"
                    try peer.send((head + line + "\r\n\r\n" + body).unicodeScalars.map { UInt8($0.value) })
                    let answer = try RawResponse(readingFrom: peer)
                    let record = upstream.takeRecord()
                    let name = Escapes.write(line.unicodeScalars.map { UInt8($0.value) })
                    if answer.status == 200 {
                        // The length was what counted: for us, and for whoever reads it next.
                        #expect(record.requests.map { String(decoding: $0.body, as: UTF8.self) } == [body], "\(name)")
                        #expect(record.requests.allSatisfy { $0.values("transfer-encoding").isEmpty }, "\(name)")
                    } else {
                        #expect([400, 501].contains(answer.status), "\(name): \(answer.head)")
                        #expect(peer.waitUntilClosed(), "\(name)")
                        #expect(record.requests.isEmpty, "\(name)")
                    }
                    #expect(record.faults.isEmpty, "\(name): \(record.faults)")
                    #expect(record.requests.allSatisfy { $0.line[1] == "/once" }, "\(name)")
                }
            }
        }

        @Test("G80, G82 clients that break HTTP/2's rules lose their connection, and nobody else notices")
        func framesOfClients() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                options.workers = 1
                let stage = try Stage(options)
                let host = "localhost:\(stage.gateway.port)"
                let head = RawHTTP2.block(RawHTTP2.request("GET", "/evil", host: host))
                func many(_ count: Int, _ make: (UInt32) -> [UInt8]) -> [UInt8] {
                    (0..<UInt32(count)).flatMap { make(2 * $0 + 1) }
                }
                let floods: [(name: String, bytes: [UInt8])] = [
                    ("settings", many(20_000) { _ in RawHTTP2.settings }),
                    ("pings", many(20_000) { _ in RawHTTP2.ping }),
                    ("acknowledgements", many(20_000) { _ in RawHTTP2.settingsAcknowledgement }),
                    ("windows of nothing new", many(20_000) { _ in RawHTTP2.windowUpdate(0, 1) }),
                    ("rapid reset", many(5_000) { RawHTTP2.frame(1, flags: 5, stream: $0, head) + RawHTTP2.reset($0) }),
                    (
                        "resets that we are made to send",
                        many(5_000) { RawHTTP2.frame(1, flags: 5, stream: $0, head) + RawHTTP2.windowUpdate($0, 0) }
                    ),
                    (
                        "a head without end",
                        RawHTTP2.frame(1, flags: 1, stream: 1, head)
                            + many(5_000) { _ in RawHTTP2.frame(9, stream: 1, [0, 1, 97, 0]) }
                    ),
                    (
                        "empty continuations",
                        RawHTTP2.frame(1, flags: 1, stream: 1, head) + many(5_000) { _ in RawHTTP2.frame(9, stream: 1) }
                    ),
                    (
                        "empty data",
                        RawHTTP2.headers(1, RawHTTP2.request("POST", "/evil", host: host), ends: false)
                            + many(20_000) { _ in RawHTTP2.data(1, "") }
                    ),
                    (
                        "a head that unfolds",
                        RawHTTP2.frame(
                            1, stream: 1, head + [0x40, 1, 97, 127, 0xF1, 0x1E] + [UInt8](repeating: 98, count: 4_000))
                            + RawHTTP2.frame(9, flags: 4, stream: 1, [UInt8](repeating: 0xBE, count: 16_000))
                    ),
                    ("priorities", many(20_000) { RawHTTP2.frame(2, stream: $0, [0, 0, 0, 0, 1]) }),
                    ("frames nobody knows", many(50_000) { _ in RawHTTP2.frame(0xFA, [1]) }),
                    ("a window beyond its maximum", RawHTTP2.windowUpdate(0, 0x7FFF_FFFF)),
                    ("a frame too long", RawHTTP2.frame(0, stream: 1, [UInt8](repeating: 0, count: 16_385))),
                ]
                for flood in floods {
                    let peer = try RawClient.connect(port: UInt16(stage.gateway.port), timeout: Rounds.patience)
                    // Whoever floods need not read: what was sent may end in a reset.
                    try? peer.send(RawHTTP2.opening + flood.bytes)
                    #expect(peer.waitUntilClosed(), "\(flood.name)")
                    let client = try HTTP2Client(port: UInt16(stage.gateway.port))
                    let answer = try client.response(client.ask("GET", "/good", host: host))
                    #expect(answer.text == "GET /good", "\(flood.name)")
                }
                #expect(stage.gateway.process.isRunning)
            }
        }
    }
}
