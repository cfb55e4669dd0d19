import Bytes
import HTTP
import TestSupport
import Testing
import Time

@Suite struct HTTP2ServerEngineTests {
    /// Two requests at once, one of them with a body in pieces and trailers, padding, and frames that mean nothing here.
    private static let conversation: [UInt8] =
        RawHTTP2.opening + RawHTTP2.frame(2, stream: 3, [0, 0, 0, 1, 15]) + RawHTTP2.frame(0x55, [1, 2, 3])
        + RawHTTP2.headers(
            1,
            RawHTTP2.request(
                "POST", "/x?y=1", host: "app.example:8443",
                [("cookie", "a=1"), ("x_y", "2"), ("cookie", "b=2"), ("te", "trailers")]),
            ends: false)
        + RawHTTP2.data(1, "hello ") + RawHTTP2.headers(3, RawHTTP2.request("HEAD", "/second"))
        + RawHTTP2.frame(0, flags: 8, stream: 1, [2] + Array("world".utf8) + [0, 0])
        + RawHTTP2.headers(1, [("x-sum", "1"), ("content-type", "a/b")])
        + RawHTTP2.ping

    @Test("G81 A request is the same as HTTP/1 would have it: host, target, fields, framing; trailers are filtered")
    func translation() {
        let lines = HTTP2Served.transcript([Self.conversation])
        #expect(
            lines == [
                "settings",
                "1 head",
                "  head POST /x?y=1 http2",
                "    host app.example port 8443 form origin",
                "    path /x query y=1",
                "    framing chunked keepAlive acceptsTrailers",
                "    cookie: a=1",
                "    x_y: 2   <- underscore",
                "    cookie: b=2",
                "    te: trailers   <- hop by hop",
                "3 head",
                "  head HEAD /second http2",
                "    host a port none form origin",
                "    path /second query none",
                "    framing none keepAlive",
                "3 end",
                "1 body hello world",
                "1 trailers",
                "  x-sum: 1",
                "1 end",
                "3 closed 0",
                "1 closed 0",
            ])
    }

    @Test("Whole, byte by byte, or split anywhere: the events are the same")
    func splits() {
        let whole = HTTP2Served.transcript([Self.conversation]).sorted()
        #expect(HTTP2Served.transcript(Self.conversation.map { [$0] }).sorted() == whole)
        for position in 1..<Self.conversation.count {
            let pieces = [Array(Self.conversation[..<position]), Array(Self.conversation[position...])]
            #expect(HTTP2Served.transcript(pieces).sorted() == whole, "split at \(position)")
        }
    }

    /// Each of G80's and G81's, and what HTTP/1's judgement adds.
    static let malformed: [(String, [(String, String)])] = [
        ("upper-case name", RawHTTP2.request([("X-Up", "1")])),
        ("space in a name", RawHTTP2.request([("x a", "1")])),
        ("colon in a name", RawHTTP2.request([("x:a", "1")])),
        ("non-ASCII name", RawHTTP2.request([("x\u{e9}", "1")])),
        ("empty name", RawHTTP2.request([("", "1")])),
        ("CR in a value", RawHTTP2.request([("x", "a\rb")])),
        ("LF in a value", RawHTTP2.request([("x", "a\nx-b: 1")])),
        ("NUL in a value", RawHTTP2.request([("x", "a\0b")])),
        ("control in a value", RawHTTP2.request([("x", "a\u{1}b")])),
        ("leading space", RawHTTP2.request([("x", " a")])),
        ("leading tab", RawHTTP2.request([("x", "\ta")])),
        ("trailing space", RawHTTP2.request([("x", "a ")])),
        ("trailing tab", RawHTTP2.request([("x", "a\t")])),
        ("connection", RawHTTP2.request([("connection", "close")])),
        ("keep-alive", RawHTTP2.request([("keep-alive", "1")])),
        ("proxy-connection", RawHTTP2.request([("proxy-connection", "close")])),
        ("transfer-encoding", RawHTTP2.request("POST", [("transfer-encoding", "chunked")])),
        ("upgrade", RawHTTP2.request([("upgrade", "h2c")])),
        ("te", RawHTTP2.request([("te", "gzip")])),
        ("te list", RawHTTP2.request([("te", "trailers, deflate")])),
        ("pseudo-header behind a field", [(":method", "GET"), (":scheme", "http"), ("x", "1"), (":path", "/")]),
        ("repeated :method", [(":method", "GET")] + RawHTTP2.request()),
        ("repeated :path", RawHTTP2.request() + [(":path", "/b")]),
        ("unknown pseudo-header", RawHTTP2.request([]) + [(":foo", "1")]),
        ("a response's pseudo-header", RawHTTP2.request() + [(":status", "200")]),
        ("no :method", [(":scheme", "http"), (":authority", "a"), (":path", "/")]),
        ("no :scheme", [(":method", "GET"), (":authority", "a"), (":path", "/")]),
        ("no :path", [(":method", "GET"), (":scheme", "http"), (":authority", "a")]),
        ("empty :path", RawHTTP2.request("GET", "")),
        ("no host at all", [(":method", "GET"), (":scheme", "http"), (":path", "/")]),
        ("empty :authority", RawHTTP2.request(host: "")),
        (":authority and Host differ", RawHTTP2.request([("host", "b")])),
        (":authority and Host differ in their port", RawHTTP2.request([("host", "a:80")])),
        ("two Hosts", RawHTTP2.request([("host", "a"), ("host", "a")])),
        ("user information", RawHTTP2.request(host: "me@a")),
        (":authority list", RawHTTP2.request(host: "a,b")),
        (":authority with a path", RawHTTP2.request(host: "a/b")),
        (":path without a slash", RawHTTP2.request("GET", "x")),
        ("absolute :path", RawHTTP2.request("GET", "http://evil/")),
        (":path with a request line in it", RawHTTP2.request("GET", "/x HTTP/1.1\r\nX: y")),
        (":path with a space", RawHTTP2.request("GET", "/x y")),
        (":path with a fragment", RawHTTP2.request("GET", "/x#y")),
        (":path with non-ASCII", RawHTTP2.request("GET", "/\u{e9}")),
        ("* for GET", RawHTTP2.request("GET", "*")),
        (":method with a request line in it", RawHTTP2.request("GET /admin HTTP/1.1")),
        (":method with a line break", RawHTTP2.request("GET\r\n")),
        ("empty :method", RawHTTP2.request("")),
        (":method too long", RawHTTP2.request(String(repeating: "A", count: 33))),
        (":scheme with an authority in it", RawHTTP2.request(scheme: "http://evil/?")),
        (":scheme of another kind", RawHTTP2.request(scheme: "ftp")),
        ("CONNECT", [(":method", "CONNECT"), (":authority", "a:80")]),
        ("CONNECT with a path", RawHTTP2.request("CONNECT")),
        (":protocol without CONNECT", RawHTTP2.request() + [(":protocol", "websocket")]),
        ("two content-lengths", RawHTTP2.request("POST", [("content-length", "0"), ("content-length", "0")])),
        ("content-length list", RawHTTP2.request("POST", [("content-length", "0, 0")])),
        ("content-length with a sign", RawHTTP2.request("POST", [("content-length", "+0")])),
        ("content-length without its body", RawHTTP2.request("POST", [("content-length", "5")])),
        ("repeated Authorization", RawHTTP2.request([("authorization", "a"), ("authorization", "b")])),
        ("unknown expectation", RawHTTP2.request([("expect", "x")])),
    ]

    @Test("G80 G81 Malformed requests end their stream, and never become a head", arguments: 0..<malformed.count)
    func malformedHeads(_ number: Int) {
        let (name, fields) = Self.malformed[number]
        var served = HTTP2Served()
        served.feed(RawHTTP2.opening + RawHTTP2.headers(1, fields))
        #expect(!served.lines.contains("1 head"), "\(name): \(served.lines)")
        let resets = served.written().filter { $0.type == 3 && $0.stream == 1 }
        #expect(resets.map(\.code) == [1], "\(name)")
        // The connection and its compression state are whole: the next request is served.
        served.feed(RawHTTP2.headers(3, RawHTTP2.request("GET", "/next")))
        #expect(served.lines.contains("3 head"), "\(name): \(served.lines)")
    }

    @Test("G80 Good ones beside them are served")
    func good() {
        for fields in [
            RawHTTP2.request([("te", "trailers")]), RawHTTP2.request([("host", "A")]),
            [(":method", "GET"), (":scheme", "HTTPS"), (":path", "/"), ("host", "a")], RawHTTP2.request("OPTIONS", "*"),
            RawHTTP2.request("POST", [("content-length", "0")]), RawHTTP2.request([("x", "")]),
            RawHTTP2.request("GET", "//x;y?%00"), RawHTTP2.request("get"),
        ] {
            let lines = HTTP2Served.transcript([RawHTTP2.opening + RawHTTP2.headers(1, fields)])
            #expect(lines.contains("1 head") && lines.contains("1 end"), "\(fields): \(lines)")
        }
    }

    @Test("G80 A body that is longer or shorter than its length ends the stream with an error, not with its end")
    func lengths() {
        for (length, body) in [("3", "four"), ("5", "four"), ("0", "x")] {
            let head = RawHTTP2.headers(1, RawHTTP2.request("POST", [("content-length", length)]), ends: false)
            var served = HTTP2Served()
            served.feed(RawHTTP2.opening + head + RawHTTP2.data(1, body, ends: true))
            #expect(!served.lines.contains("1 end"), "\(served.lines)")
            #expect(served.lines.contains("1 closed 1"), "\(served.lines)")
        }
        let head = RawHTTP2.headers(1, RawHTTP2.request("POST", [("content-length", "5")]), ends: false)
        let trailers = RawHTTP2.headers(1, [("x", "1")])
        #expect(!HTTP2Served.transcript([RawHTTP2.opening + head + trailers]).contains("1 end"))
    }

    @Test("G80 Trailers with a pseudo-header, or without the stream's end, end the stream")
    func trailers() {
        let head = RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request("POST"), ends: false)
        #expect(!HTTP2Served.transcript([head + RawHTTP2.headers(1, [(":path", "/")])]).contains("1 end"))
        #expect(!HTTP2Served.transcript([head + RawHTTP2.headers(1, [("x", "1")], ends: false)]).contains("1 end"))
    }

    @Test("An extended CONNECT for a WebSocket is a GET that asks for an upgrade, and 200 opens the tunnel (RFC 8441)")
    func upgrade() throws {
        let fields = RawHTTP2.request("CONNECT", "/chat", [("sec-websocket-version", "13")])
        let asked = fields.dropLast() + [(":protocol", "websocket")] + fields.suffix(1)
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening + RawHTTP2.headers(1, Array(asked), ends: false))
        #expect(served.lines.contains("  head GET /chat http2"))
        #expect(served.lines.contains("    framing none keepAlive upgrade"))
        let announced = served.written().first { $0.type == 4 && $0.flags == 0 }?.payload ?? []
        #expect(announced.contains([0, 8, 0, 0, 0, 1]))
        let stream = try #require(served.streams.first)
        var answer = Fields()
        answer.append(.upgrade, text: "websocket")
        answer.append(.secWebSocketAccept, text: "x")
        answer.append(.secWebSocketProtocol, text: "chat")
        served.engine.sendSwitchingProtocols(answer, on: stream)
        try served.engine.send("out".utf8Span.span, on: stream, into: &served.output, limit: .max)
        served.feed(RawHTTP2.data(1, "in"))
        let frames = served.written()
        #expect(frames.contains { $0.type == 0 && $0.payload == Array("out".utf8) && $0.flags == 0 })
        #expect(frames.contains { $0.type == 1 && $0.flags == 4 })
        served.feed(RawHTTP2.data(1, "", ends: true))
        #expect(served.lines.suffix(2) == ["1 body in", "1 end"])
        let other = RawHTTP2.request("CONNECT").dropLast() + [(":protocol", "connect-udp"), (":path", "/")]
        let lines = HTTP2Served.transcript([RawHTTP2.opening + RawHTTP2.headers(1, Array(other), ends: false)])
        #expect(lines.contains("1 refused 501 connect_refused"), "\(lines)")
    }

    @Test(
        "A response: lower-case names, no field of HTTP/1's connections, raw lines, length; HEAD and 204 have no body")
    func response() throws {
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request()))
        let stream = try #require(served.streams.first)
        _ = served.written()
        var fields = Fields()
        for (name, value) in [
            ("Connection", "x"), ("X-One", "1"), ("Keep-Alive", "1"), ("Transfer-Encoding", "chunked"),
            ("Upgrade", "y"), ("Content-Length", "9"),
        ] { _ = fields.appendIfValid(name: name, value: value) }
        fields.appendRaw(lines: "X-Raw: a\r\nX-Empty: \r\n".utf8Span.span)
        let date = "now".utf8Span.span
        served.engine.sendHead(200, fields, framing: .length(5), date: date, on: stream)
        try served.engine.send("hello".utf8Span.span, on: stream, into: &served.output, limit: .max)
        try served.engine.finish(stream)
        served.feed([])
        let client = HTTP2Asked.read(served.output.array)
        #expect(
            client == [
                "1 head 200", "  x-one: 1", "  x-raw: a", "  x-empty: ", "  date: now", "  content-length: 5",
                "1 body hello", "1 end", "1 closed 0",
            ])
        #expect(served.written().filter { $0.type == 0 }.map(\.flags) == [1], "the end rides on the last piece")

        for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
            served = HTTP2Served()
            served.answers = false
            served.feed(RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request(method)))
            let stream = try #require(served.streams.first)
            served.engine.sendHead(status, Fields(), framing: .length(4), date: Span(), on: stream)
            try served.engine.send("body".utf8Span.span, on: stream, into: &served.output, limit: .max)
            try served.engine.finish(stream)
            served.feed([])
            #expect(!served.written().contains { $0.type == 0 }, "\(method) \(status)")
            #expect(served.lines.last == "1 closed 0")
        }
    }

    @Test("A handler that sends more or less than it announced is told so")
    func announced() throws {
        for (text, error) in [("long", HTTP1Error.bodyLongerThanAnnounced), ("s", .bodyShorterThanAnnounced)] {
            var served = HTTP2Served()
            served.answers = false
            served.feed(RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request()))
            let stream = try #require(served.streams.first)
            served.engine.sendHead(200, Fields(), framing: .length(2), date: Span(), on: stream)
            var found: HTTP1Error?
            do {
                try served.engine.send(text.utf8Span.span, on: stream, into: &served.output, limit: .max)
                try served.engine.finish(stream)
            } catch let failure as HTTP1Error {
                found = failure
            } catch HTTP2StreamError.body(let failure) {
                found = failure
            }
            #expect(found == error)
        }
    }

    @Test("G11 Trailers go to clients that asked for them, and not to others")
    func sentTrailers() throws {
        for (te, expected) in [([("te", "trailers")], ["1 trailers", "  grpc-status: 0"]), ([], [])] {
            var served = HTTP2Served()
            served.answers = false
            served.feed(RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request("GET", "/", te)))
            let stream = try #require(served.streams.first)
            _ = served.written()
            served.engine.sendHead(200, Fields(), framing: .unknown, date: Span(), on: stream)
            try served.engine.send("x".utf8Span.span, on: stream, into: &served.output, limit: .max)
            var trailers = Fields()
            trailers.append("grpc-status", text: "0")
            trailers.append(.contentLength, text: "3")
            try served.engine.finish(stream, trailers: trailers)
            served.feed([])
            #expect(
                HTTP2Asked.read(served.output.array)
                    == ["1 head 200", "1 body x"] + expected + ["1 end", "1 closed 0"])
        }
    }

    @Test(
        "A body waits for the client's windows, the stream's and the connection's, and for the limit of what may wait")
    func windows() throws {
        var served = HTTP2Served()
        served.answers = false
        // 10 bytes for each stream.
        served.feed(RawHTTP2.preface + RawHTTP2.settings([(4, 10)]) + RawHTTP2.headers(1, RawHTTP2.request()))
        let stream = try #require(served.streams.first)
        served.engine.sendHead(200, Fields(), framing: .unknown, date: Span(), on: stream)
        let large = [UInt8](repeating: 7, count: 100_000)
        try served.engine.send(large.span, on: stream, into: &served.output, limit: .max)
        #expect(served.written().filter { $0.type == 0 }.map(\.payload.count) == [10])
        #expect(stream.waiting == 99_990)
        served.feed(RawHTTP2.windowUpdate(1, 20))
        #expect(served.written().filter { $0.type == 0 }.map(\.payload.count) == [20])
        // Now the stream's window is wide, and the connection's (65,535, of which 30 are gone) is not.
        served.feed(RawHTTP2.windowUpdate(1, 1 << 20))
        #expect(served.written().filter { $0.type == 0 }.reduce(0) { $0 + $1.payload.count } == 65_505)
        // Now both are, and the limit is not.
        var output = ByteBuffer()
        _ = try served.engine.receive(RawHTTP2.windowUpdate(0, 1 << 20).span, now: served.now)
        try served.engine.write(into: &output, limit: 1_000)
        #expect(output.count > 1_000 && output.count < 17_000)
        check(served.engine.wantsWrite)
    }

    @Test("G54 The client's windows open as bodies are taken, not as they come")
    func backPressure() throws {
        var settings = HTTP2Settings(limits: HTTPLimits())
        settings.streamWindow = 1_000
        settings.connectionWindow = 70_000
        var served = HTTP2Served(settings)
        served.consumes = false
        served.feed(
            RawHTTP2.opening + RawHTTP2.settingsAcknowledgement
                + RawHTTP2.headers(1, RawHTTP2.request("POST"), ends: false))
        let stream = try #require(served.streams.first)
        _ = served.written()
        served.feed(RawHTTP2.data(1, [UInt8](repeating: 1, count: 1_000)))
        #expect(!served.written().contains { $0.type == 8 })
        served.engine.consume(900, of: stream)
        served.feed([])
        #expect(served.written().filter { $0.type == 8 && $0.stream == 1 }.count == 1)
        // More than the window is a flow-control error, of the stream or of the connection.
        served.feed(RawHTTP2.data(1, [UInt8](repeating: 1, count: 2_000)))
        #expect(served.written().contains { $0.code == 3 })
    }

    @Test("G54 Bytes of a stream that is reset do not stay on the connection's account")
    func abandoned() throws {
        var served = HTTP2Served()
        served.consumes = false
        served.feed(RawHTTP2.opening + RawHTTP2.settingsAcknowledgement)
        var sent = 0
        // Many times the connection's window, 128 KiB a stream, none of it taken by a handler before its stream ends.
        for number in 0..<16 {
            let id = UInt32(2 * number + 1)
            served.feed(RawHTTP2.headers(id, RawHTTP2.request("POST"), ends: false))
            let stream = try #require(served.streams.first)
            for _ in 0..<8 {
                served.feed(RawHTTP2.data(id, [UInt8](repeating: 1, count: 16_000)))
                sent += 16_000
            }
            served.feed(RawHTTP2.reset(id))
            // What its owner held when the stream closed.
            served.engine.consume(128_000, of: stream)
            served.now = served.now + .seconds(1)
        }
        #expect(sent > 3 * 512 << 10)
        #expect(!served.written().contains { $0.type == 7 })
    }

    @Test("G17 Heads above the limits are refused by name")
    func limits() {
        var limits = HTTPLimits()
        limits.headers = 10
        limits.headerBytes = 1_000
        limits.requestLine = 500
        let many = (0..<11).map { ("x\($0)", "1") }
        for (fields, refusal) in [
            (RawHTTP2.request(many), "1 refused 431 too_many_fields"),
            (RawHTTP2.request([("x", String(repeating: "a", count: 1_000))]), "1 refused 431 header_too_large"),
            (RawHTTP2.request("GET", "/" + String(repeating: "a", count: 500)), "1 refused 414 request_line_too_long"),
        ] {
            let lines = HTTP2Served.transcript(
                [RawHTTP2.opening + RawHTTP2.headers(1, fields)], HTTP2Settings(limits: limits))
            #expect(lines.contains(refusal), "\(lines)")
        }
    }

    @Test("G82 Streams beyond the announced number are refused, and may be sent again")
    func tooManyStreams() {
        var settings = HTTP2Settings(limits: HTTPLimits())
        settings.concurrentStreams = 3
        var served = HTTP2Served(settings)
        served.answers = false
        served.feed(RawHTTP2.opening + RawHTTP2.settingsAcknowledgement)
        for id in [1, 3, 5, 7] as [UInt32] { served.feed(RawHTTP2.headers(id, RawHTTP2.request())) }
        #expect(served.streams.map(\.id) == [1, 3, 5])
        // Who had been told before: the end; who could not know yet: one stream, which may be sent again.
        #expect(served.written().last?.type == 7)
        served = HTTP2Served(settings)
        served.answers = false
        served.feed(RawHTTP2.opening)
        for id in [1, 3, 5, 7] as [UInt32] { served.feed(RawHTTP2.headers(id, RawHTTP2.request())) }
        #expect(served.streams.map(\.id) == [1, 3, 5])
        #expect(served.written().filter { $0.type == 3 }.map(\.code) == [7])
    }

    static let floods: [(String, [UInt8])] = [
        ("PING", RawHTTP2.ping),
        ("SETTINGS", RawHTTP2.settings),
        ("SETTINGS acknowledgement", RawHTTP2.settingsAcknowledgement),
        ("PRIORITY", RawHTTP2.frame(2, stream: 3, [0, 0, 0, 1, 15])),
        ("WINDOW_UPDATE", RawHTTP2.windowUpdate(0, 1)),
        ("empty DATA", RawHTTP2.data(1, "")),
        ("padded DATA without data", RawHTTP2.frame(0, flags: 8, stream: 1, [3, 0, 0, 0])),
        ("unknown", RawHTTP2.frame(0x77)),
        ("PRIORITY_UPDATE", RawHTTP2.frame(16, [0, 0, 0, 1] + Array("u=1".utf8))),
    ]

    @Test(
        "G82 Floods of frames that serve nobody end the connection with ENHANCE_YOUR_CALM", arguments: 0..<floods.count)
    func flooded(_ number: Int) {
        let (name, frame) = Self.floods[number]
        var served = HTTP2Served()
        served.feed(RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request("POST"), ends: false))
        var count = 0
        while count < 20_000, served.feed(frame) {
            count += 1
            if count % 100 == 0 { served.now = served.now + .milliseconds(10) }
        }
        #expect(count < 5_000, "\(name)")
        #expect(served.lines.last == "lost abuse", "\(name) \(served.lines)")
        #expect(served.written().last?.code == 11, "\(name)")
    }

    @Test("G82 Rapid reset ends the connection; the same streams, served, do not (CVE-2023-44487)")
    func rapidReset() {
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening)
        var id: UInt32 = 1
        while id < 10_000, served.feed(RawHTTP2.headers(id, RawHTTP2.request()) + RawHTTP2.reset(id)) { id += 2 }
        #expect(id < 1_000)
        #expect(served.lines.last == "lost abuse")

        served = HTTP2Served()
        served.feed(RawHTTP2.opening)
        for id in stride(from: 1, to: 10_000, by: 2) {
            check(served.feed(RawHTTP2.headers(UInt32(id), RawHTTP2.request())))
        }
    }

    /// A request whose body is still to come.
    private static func begun(_ id: UInt32, _ more: [(String, String)] = []) -> [UInt8] {
        RawHTTP2.headers(id, RawHTTP2.request("POST", more), ends: false)
    }

    /// A request that says which stream it depends on (RFC 7540, section 6.2).
    private static func dependent(_ id: UInt32, on other: UInt32) -> [UInt8] {
        let block = RawHTTP2.block(RawHTTP2.request())
        return RawHTTP2.frame(1, flags: 0x25, stream: id, RawHTTP2.number(other) + [15] + block)
    }

    /// What makes a server reset the client's stream, once for each number.
    static let provocations: [(String, @Sendable (UInt32) -> [UInt8])] = [
        ("field with a line break", { RawHTTP2.headers($0, RawHTTP2.request([("x", "a\nb")])) }),
        (
            "repeated Authorization",
            { RawHTTP2.headers($0, RawHTTP2.request([("authorization", "a"), ("authorization", "b")])) }
        ),
        ("no :path", { RawHTTP2.headers($0, [(":method", "GET"), (":scheme", "http"), (":authority", "a")]) }),
        ("unknown pseudo-header", { RawHTTP2.headers($0, RawHTTP2.request([(":x", "y")])) }),
        ("body longer than its length", { begun($0, [("content-length", "1")]) + RawHTTP2.data($0, "ab") }),
        (
            "body shorter than its length",
            { begun($0, [("content-length", "5")]) + RawHTTP2.data($0, "ab", ends: true) }
        ),
        (
            "body shorter than its length, with an empty end",
            { begun($0, [("content-length", "5")]) + RawHTTP2.data($0, "ab") + RawHTTP2.data($0, "", ends: true) }
        ),
        (
            "body shorter than its length, with trailers",
            { begun($0, [("content-length", "5")]) + RawHTTP2.headers($0, [("x", "1")]) }
        ),
        ("no body for its length", { RawHTTP2.headers($0, RawHTTP2.request("POST", [("content-length", "5")])) }),
        ("trailers that do not end", { begun($0) + RawHTTP2.headers($0, [("x", "1")], ends: false) }),
        ("trailers with a pseudo-header", { begun($0) + RawHTTP2.headers($0, [(":path", "/")]) }),
        ("more than the window", { begun($0) + RawHTTP2.data($0, [UInt8](repeating: 0, count: 2_000)) }),
        ("window above its bound", { begun($0) + RawHTTP2.windowUpdate($0, 0x7FFF_FFFF) }),
    ]

    @Test(
        "G82 A client that makes us reset its streams is treated as one that resets them (CVE-2025-8671)",
        arguments: 0..<provocations.count)
    func madeToReset(_ number: Int) {
        let (name, frames) = Self.provocations[number]
        var settings = HTTP2Settings(limits: HTTPLimits())
        settings.streamWindow = 1_000
        var served = HTTP2Served(settings)
        served.answers = false
        served.feed(RawHTTP2.opening + RawHTTP2.settingsAcknowledgement)
        var count: UInt32 = 0
        while count < 5_000, served.feed(frames(2 * count + 1)) { count += 1 }
        // Each costs what a reset of the client's costs, and that once.
        #expect(count > 150 && count <= 200, "\(name) \(count)")
        #expect(served.lines.last == "lost abuse", "\(name)")
        let written = served.written()
        #expect(written.last?.code == 11, "\(name)")
        #expect(written.contains { $0.type == 3 }, "\(name)")
    }

    /// What breaks a rule of the whole connection.
    static let violations: [(String, @Sendable (UInt32) -> [UInt8])] = [
        ("WINDOW_UPDATE of nothing", { begun($0) + RawHTTP2.windowUpdate($0, 0) }),
        ("HEADERS that depend on themselves", { dependent($0, on: $0) }),
        ("DATA behind the end", { RawHTTP2.headers($0, RawHTTP2.request()) + RawHTTP2.data($0, "x") }),
        (
            "HEADERS behind the end",
            { RawHTTP2.headers($0, RawHTTP2.request()) + RawHTTP2.headers($0, [("x", "1")]) }
        ),
    ]

    @Test(
        "G82 What is not the fault of one stream alone ends the connection at once",
        arguments: 0..<violations.count)
    func madeToEnd(_ number: Int) {
        let (name, frames) = Self.violations[number]
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening)
        var count: UInt32 = 0
        while count < 5_000, served.engine.isOpen, served.feed(frames(2 * count + 1)) { count += 1 }
        #expect(count == 1, "\(name)")
        #expect(served.written().last?.type == 7, "\(name)")
    }

    @Test("G82 Streams that we end for reasons of our own cost their clients nothing")
    func resetOnPurpose() {
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening)
        var id: UInt32 = 1
        for round in 0..<50 {
            for _ in 0..<100 {
                check(served.feed(Self.begun(id)))
                id += 2
            }
            #expect(served.streams.count == 100)
            // Now a session's end or a deadline, now answers that do not wait for the body.
            for stream in served.streams {
                if round.isMultiple(of: 2) {
                    served.engine.reset(stream, .cancel)
                } else {
                    served.engine.answer(stream)
                }
            }
            check(served.feed([]))
            #expect(served.streams.isEmpty)
        }
        #expect(served.written().count { $0.type == 3 } == 5_000)
    }

    /// Each makes us queue a frame for somebody who has no place left for any; the last has the heads of answers wait that nobody wants any more.
    static let askingWithoutReading: [(String, @Sendable (UInt32) -> [UInt8])] = [
        ("RST_STREAM", { RawHTTP2.headers(2 * $0 + 1, RawHTTP2.request([("connection", "close")])) }),
        ("acknowledgement", { _ in RawHTTP2.settings }),
        (
            "HEADERS",
            { RawHTTP2.headers(2 * $0 + 1, RawHTTP2.request()) + ($0 > 0 ? RawHTTP2.reset(2 * $0 - 1) : []) }
        ),
    ]

    @Test(
        "G82 What waits for a client that asks for more and does not read is bounded, however slowly it asks",
        arguments: 0..<3)
    func unread(_ number: Int) {
        let (name, frames) = Self.askingWithoutReading[number]
        var served = HTTP2Served()
        served.feed(RawHTTP2.opening)
        _ = served.written()
        // Nothing more leaves; and what it does, it does so slowly that it costs nothing of its allowance.
        served.limit = 0
        var count: UInt32 = 0
        while count < 5_000, served.feed(frames(count)) {
            count += 1
            served.now = served.now + .seconds(1)
        }
        #expect(count > 100 && count <= 1_100, "\(name) \(count)")
        #expect(["lost unreadFrames", "lost unreadAcknowledgements"].contains(served.lines.last), "\(name)")
        #expect(served.written().last?.code == 11, "\(name)")
        // One that reads may do all of it.
        served = HTTP2Served()
        served.feed(RawHTTP2.opening)
        for count in 0..<2_000 as Range<UInt32> {
            check(served.feed(frames(count)))
            served.now = served.now + .seconds(1)
        }
    }

    @Test("A stream that its client has passed over stays closed: the connection ends (RFC 9113, section 5.1.1)")
    func passedOver() {
        func lines(_ frames: [UInt8]) -> [String] { HTTP2Served.transcript([RawHTTP2.opening + frames]) }
        func ask(_ id: UInt32) -> [UInt8] { RawHTTP2.headers(id, RawHTTP2.request()) }
        let cases: [(opened: [UInt32], passed: UInt32)] = [
            ([3], 1), ([1, 9], 3), ([1, 9], 5), ([1, 9], 7), ([1, 9, 11, 21], 7),
        ]
        for (opened, passed) in cases {
            var served = HTTP2Served()
            check(served.feed(RawHTTP2.opening + opened.flatMap { ask($0) }))
            check(!served.feed(ask(passed)))
            #expect(served.lines.last == "lost streamPassedOver", "\(opened) \(passed)")
            #expect(served.written().last?.code == 1)
            check(!served.engine.isOpen)
        }
        // Trailers of a stream that is over here, which their client cannot know yet, are no mistake.
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening + RawHTTP2.headers(5, RawHTTP2.request("POST"), ends: false))
        for stream in served.streams { served.engine.reset(stream, .cancel) }
        served.feed([])
        #expect(served.lines.last == "5 closed 8")
        check(served.feed(RawHTTP2.headers(5, [("x-late", "1")]) + ask(7)))
        #expect(served.streams.map(\.id) == [7])
        // Nor does it cost memory to pass over what one likes.
        for id in stride(from: 1_001, to: 100_001, by: 1_000) as StrideTo<UInt32> {
            check(served.feed(ask(id) + RawHTTP2.reset(id)))
            served.now = served.now + .seconds(1)
        }
    }

    @Test("A browser that cancels a page's images, again and again, is no attacker")
    func cancelling() {
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening)
        var id: UInt32 = 1
        for _ in 0..<10 {
            for _ in 0..<100 {
                check(served.feed(RawHTTP2.headers(id, RawHTTP2.request())))
                check(served.feed(RawHTTP2.reset(id)))
                id += 2
            }
            served.now = served.now + .seconds(5)
        }
    }

    @Test("G82 A header block in endless CONTINUATION frames ends the connection (CVE-2024-28182)")
    func continuations() {
        var served = HTTP2Served()
        served.feed(RawHTTP2.opening)
        served.feed(RawHTTP2.frame(1, flags: 1, stream: 1, RawHTTP2.block(RawHTTP2.request())))
        var count = 0
        while count < 1_000, served.feed(RawHTTP2.frame(9, stream: 1, RawHTTP2.block([("x", "\(count)")]))) {
            count += 1
        }
        #expect(count < 20)
        #expect(served.written().last?.code == 11)
    }

    @Test("A header block in two frames is read whatever their pieces")
    func continued() {
        let block = RawHTTP2.block(RawHTTP2.request())
        let bytes =
            RawHTTP2.opening + RawHTTP2.frame(1, flags: 1, stream: 1, Array(block[..<10]))
            + RawHTTP2.frame(9, flags: 4, stream: 1, Array(block[10...]))
        #expect(HTTP2Served.transcript(bytes.map { [$0] }) == HTTP2Served.transcript([bytes]))
        #expect(HTTP2Served.transcript([bytes]).contains("1 end"))
    }

    @Test("G82 A header block that unfolds to far more than is accepted ends the connection")
    func bomb() {
        // One large entry in the table, then references to it, a byte each (RFC 7541, section 6.1).
        let entry = RawHTTP2.block([("x", String(repeating: "a", count: 3_900))])
        let stored = [0x40] + entry.dropFirst()
        let block = RawHTTP2.block(RawHTTP2.request()) + stored + [UInt8](repeating: 0xBE, count: 10_000)
        var served = HTTP2Served()
        served.feed(RawHTTP2.opening + RawHTTP2.frame(1, flags: 5, stream: 1, block))
        #expect(served.lines.last == "lost headerBomb")
        #expect(served.written().last?.code == 11)
    }

    @Test(
        "Connection errors are answered with GOAWAY, and nothing is read behind them",
        arguments: [
            ("preface", Array("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".utf8), 1),
            ("first frame is no SETTINGS", RawHTTP2.preface + RawHTTP2.ping, 1),
            ("DATA on stream 0", RawHTTP2.opening + RawHTTP2.data(0, "x"), 1),
            ("HEADERS on an even stream", RawHTTP2.opening + RawHTTP2.headers(2, RawHTTP2.request()), 1),
            ("DATA on an idle stream", RawHTTP2.opening + RawHTTP2.data(5, "x"), 1),
            ("RST_STREAM of an idle stream", RawHTTP2.opening + RawHTTP2.reset(5), 1),
            (
                "frame above 16,384",
                RawHTTP2.opening + RawHTTP2.frame(0, stream: 1, [UInt8](repeating: 0, count: 16_385)), 6
            ),
            ("PING of 7 bytes", RawHTTP2.opening + RawHTTP2.frame(6, [1, 2, 3, 4, 5, 6, 7]), 6),
            ("SETTINGS of 5 bytes", RawHTTP2.opening + RawHTTP2.frame(4, [1, 2, 3, 4, 5]), 6),
            ("SETTINGS with a window too large", RawHTTP2.preface + RawHTTP2.settings([(4, 1 << 31)]), 3),
            ("window beyond its maximum", RawHTTP2.opening + RawHTTP2.windowUpdate(0, 0x7FFF_FFFF), 3),
            ("WINDOW_UPDATE of 0", RawHTTP2.opening + RawHTTP2.windowUpdate(0, 0), 1),
            ("CONTINUATION of nothing", RawHTTP2.opening + RawHTTP2.frame(9, flags: 4, stream: 1), 1),
            (
                "another frame amid a block",
                RawHTTP2.opening + RawHTTP2.frame(1, stream: 1, RawHTTP2.block(RawHTTP2.request())) + RawHTTP2.ping, 1
            ),
            ("HPACK index 0", RawHTTP2.opening + RawHTTP2.frame(1, flags: 5, stream: 1, [0x80]), 9),
            (
                "HPACK table beyond its size",
                RawHTTP2.opening + RawHTTP2.frame(1, flags: 5, stream: 1, [0x3F, 0xE1, 0x7F]), 9
            ),
            ("PUSH_PROMISE", RawHTTP2.opening + RawHTTP2.frame(5, flags: 4, stream: 1, [0, 0, 0, 2]), 1),
            (
                "padding longer than the frame",
                RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request("POST"), ends: false)
                    + RawHTTP2.frame(0, flags: 8, stream: 1, [9, 0]), 1
            ),
        ] as [(String, [UInt8], UInt32)])
    func connectionErrors(_ name: String, _ bytes: [UInt8], _ code: UInt32) {
        var served = HTTP2Served()
        served.feed(bytes)
        #expect(served.written().last { $0.type == 7 }?.code == code, "\(name): \(served.lines)")
        let before = served.lines.filter { $0.hasSuffix("head") }.count
        served.feed(RawHTTP2.headers(101, RawHTTP2.request()))
        #expect(served.lines.filter { $0.hasSuffix("head") }.count == before, "\(name)")
        check(!served.engine.isOpen)
    }

    @Test("Priorities are nobody's lever: two bodies leave in turns, whatever their clients say (RFC 9218)")
    func turns() throws {
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.preface + RawHTTP2.settings([(4, 1 << 20)]) + RawHTTP2.windowUpdate(0, 1 << 20))
        served.feed(RawHTTP2.headers(1, RawHTTP2.request([("priority", "u=7")])))
        served.feed(RawHTTP2.headers(3, RawHTTP2.request([("priority", "u=0")])))
        for stream in served.streams {
            served.engine.sendHead(200, Fields(), framing: .unknown, date: Span(), on: stream)
            var nothing = ByteBuffer()
            // Nothing may leave yet, so both wait.
            try served.engine.send([UInt8](repeating: 1, count: 200_000).span, on: stream, into: &nothing, limit: 0)
        }
        try served.engine.write(into: &served.output, limit: .max)
        let order = served.written().filter { $0.type == 0 }.map(\.stream)
        #expect(order.prefix(6) == [1, 3, 1, 3, 1, 3] || order.prefix(6) == [3, 1, 3, 1, 3, 1], "\(order)")
    }

    @Test("A drain names the last stream; those that are open end, others are not begun")
    func drain() throws {
        var served = HTTP2Served()
        served.answers = false
        served.feed(RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request()))
        let stream = try #require(served.streams.first)
        _ = served.written()
        served.engine.announceEnd()
        served.feed([])
        #expect(served.written().first?.payload.prefix(4) == [0x7F, 0xFF, 0xFF, 0xFF])
        served.feed(RawHTTP2.headers(3, RawHTTP2.request()))
        #expect(served.streams.count == 2)
        served.engine.refuseFurtherStreams()
        served.feed(RawHTTP2.headers(5, RawHTTP2.request()))
        #expect(served.streams.count == 2)
        #expect(served.written().first?.payload.prefix(4) == [0, 0, 0, 3])
        served.engine.sendHead(200, Fields(), framing: .length(0), date: Span(), on: stream)
        try served.engine.finish(stream)
        served.feed([])
        #expect(served.lines.last == "1 closed 0")
    }

    @Test("Streams in steady state take nothing from the system's allocator for nghttp2")
    func memory() {
        let memory = HTTP2Memory()
        var served = HTTP2Served(memory: memory)
        served.feed(RawHTTP2.opening)
        func round(_ ids: Range<UInt32>) {
            for id in ids { served.feed(RawHTTP2.headers(2 * id + 1, RawHTTP2.request())) }
        }
        round(0..<100)
        let taken = memory.taken
        round(100..<1_000)
        #expect(memory.taken == taken)
    }
}
