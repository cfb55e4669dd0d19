import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct HTTP1ServerEngineTests {
    private static let get = #"GET / HTTP/1.1\r\nHost: a\r\n\r\n"#
    private static let old = #"GET / HTTP/1.0\r\n\r\n"#

    @Test(
        "A response is a status line, the fields, Date, the framing, and nothing that the caller put there of the last two"
    )
    func head() throws {
        var served = try ServedResponse(Self.get)
        served.head(
            200, .length(2),
            [
                ("Connection", "close"), ("X-A", "1"), ("Content-Length", "5"), ("Keep-Alive", "x"),
                ("transfer-encoding", "chunked"), ("X-B", "2"), ("Proxy-Connection", "x"),
            ])
        try served.body("ok")
        try served.end()
        #expect(served.written() == "HTTP/1.1 200 OK|X-A: 1|X-B: 2|Content-Length: 2||ok")
        check(served.engine.canStartNext)
    }

    @Test("Date is the caller's where it has one")
    func date() throws {
        var served = try ServedResponse(Self.get)
        served.head(204, .none, [("Date", "Fri, 02 Jan 1970 00:00:00 GMT")])
        let text = String(decoding: served.output.array, as: UTF8.self)
        #expect(text == "HTTP/1.1 204 No Content\r\nDate: Fri, 02 Jan 1970 00:00:00 GMT\r\n\r\n")
        served = try ServedResponse(Self.get)
        served.head(204, .none)
        check(served.output.bytes.firstRange(of: "\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n".utf8Span.span) != nil)
    }

    @Test("A phrase is the upstream's or the usual one")
    func reason() throws {
        for (status, reason, line) in [
            (200, nil, "HTTP/1.1 200 OK"), (200, "Fine", "HTTP/1.1 200 Fine"), (299, nil, "HTTP/1.1 299 "),
            (404, nil, "HTTP/1.1 404 Not Found"), (404, "", "HTTP/1.1 404 "),
        ] as [(Int, String?, String)] {
            var served = try ServedResponse(Self.get)
            served.head(status, .length(0), reason: reason)
            #expect(served.written().hasPrefix(line + "|"))
        }
    }

    @Test("A body of unknown length is chunked; an empty piece is no chunk")
    func chunked() throws {
        var served = try ServedResponse(Self.get)
        served.head(200, .unknown)
        try served.body("hello")
        try served.body("")
        try served.body(String(repeating: "x", count: 26))
        try served.end()
        #expect(
            served.written()
                == "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|1a|xxxxxxxxxxxxxxxxxxxxxxxxxx|0||")
        check(served.engine.canStartNext)
    }

    @Test("For HTTP/1.0 it ends with the connection")
    func untilClose() throws {
        var served = try ServedResponse(#"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"#)
        served.head(200, .unknown)
        try served.body("hello")
        try served.end()
        #expect(served.written() == "HTTP/1.1 200 OK|Connection: close||hello")
        check(served.engine.mustClose && !served.engine.canStartNext)
    }

    @Test("Connection says what will happen")
    func connection() throws {
        for (request, closes, line) in [
            (Self.get, false, ""), (Self.get, true, "Connection: close|"), (Self.old, false, "Connection: close|"),
            (#"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"#, false, "Connection: keep-alive|"),
            (#"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"#, false, "Connection: close|"),
            (#"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"#, false, "Connection: close|"),
        ] {
            var served = try ServedResponse(request)
            if closes { served.engine.closeAfterResponse() }
            served.head(200, .length(0))
            try served.end()
            #expect(served.written() == "HTTP/1.1 200 OK|Content-Length: 0|\(line)|")
            check(served.engine.canStartNext == (line != "Connection: close|"))
        }
    }

    @Test("An answer that names protocols says so in Connection (426)")
    func upgradeRequired() throws {
        var served = try ServedResponse(Self.get)
        served.head(426, .length(0), [("Upgrade", "websocket")])
        #expect(
            served.written()
                == "HTTP/1.1 426 Upgrade Required|Upgrade: websocket|Content-Length: 0|Connection: upgrade||")
    }

    @Test("G53 HEAD, 204 and 304 have no body, whatever is written")
    func noBody() throws {
        for (method, status, framing, line) in [
            ("HEAD", 200, .length(5), "Content-Length: 5|"), ("HEAD", 200, .unknown, ""), ("HEAD", 200, .none, ""),
            ("GET", 204, .length(5), ""), ("GET", 204, .unknown, ""), ("GET", 204, .none, ""),
            ("GET", 304, .length(5), "Content-Length: 5|"), ("GET", 304, .unknown, ""), ("GET", 304, .none, ""),
        ] as [(String, Int, ResponseFraming, String)] {
            var served = try ServedResponse(#"\#(method) / HTTP/1.1\r\nHost: a\r\n\r\n"#)
            served.head(status, framing)
            try served.body("hello, this is too much")
            var trailers = Fields()
            trailers.append("X-T", text: "1")
            try served.engine.writeEnd(trailers: trailers, into: &served.output)
            let text = served.written()
            #expect(
                text == "HTTP/1.1 \(status) \(ReasonPhrase.standard(status))|\(line)|", "\(method) \(status) \(framing)"
            )
            check(served.engine.canStartNext)
        }
    }

    @Test("A response without framing to GET announces its emptiness")
    func announced() throws {
        var served = try ServedResponse(Self.get)
        served.head(302, .none)
        #expect(served.written() == "HTTP/1.1 302 Found|Content-Length: 0||")
    }

    @Test("G52 a body keeps to what its head announced")
    func announcedLength() throws {
        var served = try ServedResponse(Self.get)
        served.head(200, .length(5))
        try served.body("hel")
        #expect(throws: HTTP1Error.bodyShorterThanAnnounced) { try served.end() }
        #expect(throws: HTTP1Error.bodyLongerThanAnnounced) { try served.body("lo!") }
        try served.body("lo")
        try served.end()
        #expect(served.written() == "HTTP/1.1 200 OK|Content-Length: 5||hello")
    }

    @Test("Pieces may leave beside the buffer")
    func pieces() throws {
        var served = try ServedResponse(Self.get)
        served.head(200, .unknown)
        _ = served.written()
        #expect(try served.engine.openPiece(4096, into: &served.output))
        #expect(served.written() == "1000|")
        served.engine.closePiece(into: &served.output)
        #expect(served.written() == "|")
        #expect(try !served.engine.openPiece(0, into: &served.output))
        served = try ServedResponse(#"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"#)
        served.head(200, .unknown)
        #expect(try !served.engine.openPiece(4096, into: &served.output))
    }

    @Test("G11 trailers are sent to those who asked, and framing never goes into them")
    func trailers() throws {
        var trailers = Fields()
        trailers.append("Grpc-Status", text: "0")
        trailers.append(.contentLength, text: "5")
        trailers.append(.setCookie, text: "a=b")
        for (te, end) in [
            (#"TE: trailers\r\n"#, "0|Grpc-Status: 0||"), (#"TE: gzip, Trailers\r\n"#, "0|Grpc-Status: 0||"),
            ("", "0||"),
        ] {
            var served = try ServedResponse(#"GET / HTTP/1.1\r\nHost: a\r\n\#(te)\r\n"#)
            served.head(200, .unknown)
            try served.engine.writeEnd(trailers: trailers, into: &served.output)
            #expect(served.written() == "HTTP/1.1 200 OK|Transfer-Encoding: chunked||" + end)
        }
    }

    @Test("G39 interim responses come before the final one, any number, and never to HTTP/1.0")
    func interim() throws {
        var links = Fields()
        links.append(.link, text: "</a>")
        links.append(.contentLength, text: "5")
        for (request, text) in [
            (Self.get, "HTTP/1.1 103 Early Hints|Link: </a>||HTTP/1.1 103 Early Hints|Link: </a>||"), (Self.old, ""),
        ] {
            var served = try ServedResponse(request)
            served.engine.writeInterim(103, links, into: &served.output)
            served.engine.writeInterim(103, links, into: &served.output)
            #expect(served.written() == text)
            served.head(200, .length(0))
            #expect(served.written().hasPrefix("HTTP/1.1 200 OK|"))
        }
    }

    @Test("G38 an answer to a client that waits ends the connection, since nobody knows what it will send")
    func expectationRefused() throws {
        var served = try ServedResponse(
            #"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"#)
        served.head(401, .length(0))
        #expect(served.written() == "HTTP/1.1 401 Unauthorized|Content-Length: 0|Connection: close||")
        check(served.engine.mustClose)
    }

    @Test("G38 after 100 Continue, or when the client did not wait, it goes on")
    func expectationMet() throws {
        let request = #"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"#
        var served = try ServedResponse(request)
        served.engine.writeInterim(100, Fields(), into: &served.output)
        #expect(served.written() == "HTTP/1.1 100 Continue||")
        try served.receive("hello")
        served.head(200, .length(0))
        try served.end()
        check(served.engine.canStartNext)

        served = try ServedResponse(request + "hello")
        served.head(200, .length(0))
        try served.end()
        check(served.engine.canStartNext)
    }

    @Test("G12 G22 an early answer leaves the rest of the body to be read before anything else")
    func early() throws {
        var served = try ServedResponse(#"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"#)
        served.head(413, .length(0))
        try served.end()
        check(!served.engine.canStartNext && !served.engine.requestHasEnded)
        try served.receive("llo")
        check(served.engine.canStartNext)
    }

    @Test("G12 after a refusal everything is swallowed and the connection must close")
    func refusal() throws {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        #expect(throws: HTTP1Error.malformedRequestLine) {
            try engine.receive(Escapes.read(#"BAD\r\n"#).span, head: head)
        }
        check(engine.mustClose)
        let next = Escapes.read(Self.get)
        let (consumed, event) = try engine.receive(next.span, head: head)
        #expect(consumed == next.count)
        #expect(event == .needMore)
        // The refusal itself can still be said.
        var output = ByteBuffer()
        engine.writeHead(400, reason: nil, Fields(), framing: .length(0), date: Span(), into: &output)
        check(output.bytes.equals("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
    }

    @Test("G21 the next request waits until this one is answered")
    func pipelining() throws {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        let bytes = Escapes.read(#"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"#)
        let first = try engine.receive(bytes.span, head: head)
        #expect(first.event == .head)
        let rest = bytes.span.extracting(first.consumed..<bytes.count)
        check(try engine.receive(rest, head: head) == (0, .end))
        check(try engine.receive(rest, head: head) == (0, .needMore))
        check(head.target.equals("/1"))
        var output = ByteBuffer()
        engine.writeHead(200, reason: nil, Fields(), framing: .length(0), date: Span(), into: &output)
        check(!engine.canStartNext)
        try engine.writeEnd(into: &output)
        engine.startNext()
        check(try engine.receive(rest, head: head).event == .head)
        check(head.target.equals("/2"))
    }

    @Test("G62 after 101 every byte is the tunnel's, both ways")
    func tunnel() throws {
        var served = try ServedResponse(
            #"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"#)
        var fields = Fields()
        fields.append(.upgrade, text: "websocket")
        fields.append(.secWebSocketAccept, text: "x")
        served.engine.writeSwitchingProtocols(fields, into: &served.output)
        #expect(
            served.written()
                == "HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Sec-WebSocket-Accept: x|Connection: upgrade||")
        let (consumed, event) = try served.engine.receive(Escapes.read(Self.get).span, head: served.head)
        #expect(event == .body(0..<consumed))
        try served.body("raw")
        #expect(served.written() == "raw")
        try served.end()
        check(!served.engine.canStartNext && served.engine.mustClose)
    }

    @Test("G60 only a WebSocket handshake is an upgrade")
    func upgrades() throws {
        for (text, expected) in [
            (#"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"#, true),
            (#"GET / HTTP/1.1\r\nConnection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\n"#, true),
            (#"POST / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"#, false),
            (#"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"#, false),
            (#"GET / HTTP/1.1\r\nUpgrade: websocket\r\n"#, false),
            (#"GET / HTTP/1.1\r\nConnection: upgrade\r\n"#, false),
            (#"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"#, false),
            (#"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket, h2c\r\n"#, false),
            (#"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"#, false),
        ] {
            let served = try ServedResponse(text + #"Host: a\r\n\r\n"#)
            #expect(served.head.isUpgrade == expected, "\(text)")
        }
    }

    @Test("What would break the stream traps")
    func misuse() async {
        await #expect(processExitsWith: .failure) {
            var served = try ServedResponse(Self.get)
            served.head(200, .length(0))
            served.head(200, .length(0))
        }
        await #expect(processExitsWith: .failure) {
            var served = try ServedResponse(Self.get)
            served.head(200, .length(0))
            served.engine.startNext()
        }
        await #expect(processExitsWith: .failure) {
            var served = try ServedResponse(Self.get)
            served.head(200, .length(0), reason: "a\r\nX: y")
        }
        await #expect(processExitsWith: .failure) {
            var served = try ServedResponse(Self.get)
            served.engine.writeSwitchingProtocols(Fields(), into: &served.output)
        }
    }
}
