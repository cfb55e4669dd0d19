import Bytes
import HTTP
import TestSupport
import Testing
import Time

@Suite struct HTTP2ClientEngineTests {
    private static let answer =
        RawHTTP2.settings + RawHTTP2.headers(1, [(":status", "103"), ("link", "</a>")], ends: false)
        + RawHTTP2.headers(1, [(":status", "200"), ("content-type", "a/b"), ("x_y", "1")], ends: false)
        + RawHTTP2.data(1, "hel") + RawHTTP2.ping + RawHTTP2.data(1, "lo")
        + RawHTTP2.headers(1, [("grpc-status", "0"), ("content-length", "5")])

    private static func transcript(_ pieces: [[UInt8]]) -> [String] {
        var asked = HTTP2Asked()
        _ = asked.ask()
        for piece in pieces { asked.feed(piece) }
        return asked.lines
    }

    @Test("A response: interim heads, the head, the body, filtered trailers, the end")
    func response() {
        #expect(
            Self.transcript([Self.answer]) == [
                "settings", "1 head 103", "  link: </a>", "1 head 200", "  content-type: a/b",
                "  x_y: 1   <- underscore", "1 body hello", "1 trailers", "  grpc-status: 0", "1 end", "1 closed 0",
            ])
    }

    @Test("Whole, byte by byte, or split anywhere: the events are the same")
    func splits() {
        let whole = Self.transcript([Self.answer])
        #expect(Self.transcript(Self.answer.map { [$0] }) == whole)
        for position in 1..<Self.answer.count {
            #expect(Self.transcript([Array(Self.answer[..<position]), Array(Self.answer[position...])]) == whole)
        }
    }

    @Test(
        "G20 A request: pseudo-headers, Host as :authority, TE, nothing of HTTP/1's connections; tokens are never indexed"
    )
    func request() throws {
        var asked = HTTP2Asked()
        let more = [
            ("Authorization", "Bearer t"), ("Connection", "x"), ("TE", "trailers"), ("X-A", "1"), ("Keep-Alive", "1"),
            ("Upgrade", "h2c"),
        ]
        let opened = asked.ask("POST", "/x?y", more, framing: .chunked)
        let stream = try #require(opened)
        try asked.engine.send("hello".utf8Span.span, on: stream, into: &asked.output, limit: .max)
        var trailers = Fields()
        trailers.append("x-sum", text: "1")
        try asked.engine.finish(stream, trailers: trailers)
        asked.feed([])
        #expect(
            HTTP2Served.transcript([asked.output.array]).filter { $0 != "settings" } == [
                "1 head", "  head POST /x?y http2", "    host upstream port none form origin",
                "    path /x query y", "    framing chunked keepAlive acceptsTrailers", "    authorization: Bearer t",
                "    te: trailers   <- hop by hop", "    x-a: 1", "1 body hello", "1 trailers", "  x-sum: 1", "1 end",
                "1 closed 0",
            ])
        // RFC 7541, section 6.2.3: a literal that is never indexed, its name by the static table (23: authorization).
        let head = RawHTTP2.frames(Array(asked.output.array.dropFirst(24))).first { $0.type == 1 }
        let block = try #require(head).payload
        #expect(block.contains([0x1F, 0x08]))
    }

    @Test(
        "G50 Responses that break the rules end their stream and give no head",
        arguments: [
            [("x", "1")], [(":status", "20")], [(":status", "abc")], [(":status", "101")], [(":status", "099")],
            [(":status", "600")], [(":status", "200"), (":status", "200")], [(":status", "200"), (":path", "/")],
            [(":status", "200"), ("connection", "close")], [(":status", "200"), ("transfer-encoding", "chunked")],
            [(":status", "200"), ("X-Up", "1")], [(":status", "200"), ("x", "a\nb")],
            [(":status", "200"), ("x", "a\rset-cookie: b")], [(":status", "200"), ("content-length", "-1")],
            [(":status", "200"), ("content-length", "1"), ("content-length", "1")],
        ] as [[(String, String)]])
    func malformed(_ fields: [(String, String)]) {
        var asked = HTTP2Asked()
        _ = asked.ask()
        asked.feed(RawHTTP2.settings + RawHTTP2.headers(1, fields, ends: false))
        #expect(!asked.lines.contains { $0.hasPrefix("1 head") }, "\(asked.lines)")
        #expect(asked.lines.contains("1 closed 1"), "\(asked.lines)")
    }

    @Test("G50 G52 A body longer or shorter than announced is no whole response; neither is one that is reset")
    func lengths() {
        let head = RawHTTP2.settings + RawHTTP2.headers(1, [(":status", "200"), ("content-length", "5")], ends: false)
        for rest in [
            RawHTTP2.data(1, "four", ends: true), RawHTTP2.data(1, "sixsix", ends: true), RawHTTP2.reset(1, 2),
            RawHTTP2.headers(1, [("x", "1")]),
        ] {
            #expect(!Self.transcript([head + rest]).contains("1 end"))
        }
    }

    @Test("G53 A response to HEAD may announce a length and has no body; DATA in it ends the stream")
    func head() throws {
        var asked = HTTP2Asked()
        _ = asked.ask("HEAD")
        let head = RawHTTP2.headers(1, [(":status", "200"), ("content-length", "5")])
        asked.feed(RawHTTP2.settings + head)
        #expect(asked.lines.suffix(2) == ["1 end", "1 closed 0"])
        asked = HTTP2Asked()
        _ = asked.ask("HEAD")
        asked.feed(
            RawHTTP2.settings + RawHTTP2.headers(1, [(":status", "200")], ends: false)
                + RawHTTP2.data(1, "body", ends: true))
        #expect(!asked.lines.contains("1 body body"), "\(asked.lines)")
        #expect(!asked.lines.contains("1 end"), "\(asked.lines)")
    }

    @Test("G41 GOAWAY and REFUSED_STREAM say which streams were not begun")
    func refusals() {
        var asked = HTTP2Asked()
        _ = asked.ask()
        _ = asked.ask()
        asked.feed(RawHTTP2.settings)
        asked.feed(RawHTTP2.frame(7, RawHTTP2.number(1) + RawHTTP2.number(0)))
        #expect(asked.lines.contains("goaway 1 0"))
        #expect(asked.lines.contains("3 closed 7"), "\(asked.lines)")
        #expect(!asked.lines.contains { $0.hasPrefix("1 closed") })
        check(asked.engine.room == 0)
        asked.feed(RawHTTP2.headers(1, [(":status", "204")]))
        #expect(asked.lines.contains("1 end"))
    }

    @Test("No more streams than the server allows")
    func room() {
        var asked = HTTP2Asked()
        check(asked.engine.room == 100)
        asked.feed(RawHTTP2.settings([(3, 2)]))
        check(asked.engine.room == 2)
        _ = asked.ask()
        check(asked.engine.room == 1)
        asked.feed(RawHTTP2.headers(1, [(":status", "204")]))
        check(asked.engine.room == 2)
    }

    @Test("G82 What waits for a server that asks for more and does not read is bounded")
    func unread() {
        for frame in [RawHTTP2.settings, RawHTTP2.ping] {
            var asked = HTTP2Asked()
            _ = asked.ask("POST", framing: .chunked)
            asked.feed(RawHTTP2.settings)
            asked.limit = 0
            var count = 0
            while count < 5_000, asked.feed(frame) {
                count += 1
                asked.now = asked.now + .seconds(1)
            }
            #expect(count > 100 && count < 1_000 && asked.lines.last == "lost unreadAcknowledgements", "\(count)")
        }
    }

    @Test("A server cannot push")
    func push() {
        var asked = HTTP2Asked()
        _ = asked.ask()
        asked.feed(RawHTTP2.settings)
        let promise = RawHTTP2.number(2) + RawHTTP2.block(RawHTTP2.request())
        asked.feed(RawHTTP2.settingsAcknowledgement + RawHTTP2.frame(5, flags: 4, stream: 1, promise))
        #expect(RawHTTP2.frames(Array(asked.output.array.dropFirst(24))).contains { $0.type == 7 && $0.code == 1 })
    }

    @Test("Our client against our server: many streams, bodies both ways through small windows, interleaved")
    func together() throws {
        var settings = HTTP2Settings(limits: HTTPLimits())
        settings.streamWindow = 5_000
        settings.connectionWindow = 70_000
        var served = HTTP2Served(settings)
        served.answers = false
        var asked = HTTP2Asked(settings)
        let body = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for _ in 0..<20 {
            let opened = asked.ask("POST", "/", framing: .length(body.count))
            let stream = try #require(opened)
            try asked.engine.send(body.span, on: stream, into: &asked.output, limit: .max)
            try asked.engine.finish(stream)
        }
        var answered: Set<Int32> = []
        var turns = 0
        while asked.lines.filter({ $0.hasSuffix(" closed 0") }).count < 20, turns < 1_000 {
            turns += 1
            var bytes = asked.output.array
            asked.output.clear()
            served.feed(bytes)
            for stream in served.streams where !answered.contains(stream.id) && stream.inputHasEnded {
                answered.insert(stream.id)
                served.engine.sendHead(200, Fields(), framing: .length(body.count), date: Span(), on: stream)
                try served.engine.send(body.span, on: stream, into: &served.output, limit: .max)
                try served.engine.finish(stream)
            }
            served.feed([])
            bytes = served.output.array
            served.output.clear()
            asked.feed(bytes)
        }
        let expected = Escapes.write(body)
        for id in stride(from: 1, to: 40, by: 2) {
            #expect(served.lines.contains("\(id) body \(expected)"))
            #expect(asked.lines.contains("\(id) body \(expected)"))
            #expect(asked.lines.contains("\(id) closed 0"))
        }
    }
}
