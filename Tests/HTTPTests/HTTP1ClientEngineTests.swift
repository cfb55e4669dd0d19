import Bytes
import HTTP
import TestSupport
import Testing

@Suite struct HTTP1ClientEngineTests {
    private func request(
        _ method: String = "GET", _ target: String = "/", _ lines: [(StaticString, String)] = [],
        _ framing: BodyFraming = .none
    ) -> String {
        var engine = HTTP1ClientEngine(limits: .response)
        var output = ByteBuffer()
        var fields = Fields()
        for (name, value) in lines { fields.append(name, utf8: value) }
        engine.writeHead(
            method: method.utf8Span.span, target: target.utf8Span.span, fields, framing: framing, into: &output)
        return String(decoding: output.array, as: UTF8.self).replacing("\r\n", with: "|")
    }

    @Test("G20 a request has its own line, the given fields, and its own framing")
    func head() {
        #expect(request("GET", "/a?b", [("Host", "u")]) == "GET /a?b HTTP/1.1|Host: u||")
        #expect(request("POST", "/", [("Host", "u")], .length(5)) == "POST / HTTP/1.1|Host: u|Content-Length: 5||")
        #expect(request("PUT", "/", [("Host", "u")], .chunked) == "PUT / HTTP/1.1|Host: u|Transfer-Encoding: chunked||")
        #expect(request("DELETE", "/", [("Host", "u")], .length(0)) == "DELETE / HTTP/1.1|Host: u|Content-Length: 0||")
        for method in ["POST", "PUT", "PATCH"] {
            #expect(request(method) == "\(method) / HTTP/1.1|Content-Length: 0||")
        }
        #expect(
            request(
                "GET", "/",
                [
                    ("Content-Length", "5"), ("Host", "u"), ("Transfer-Encoding", "chunked"), ("Connection", "X"),
                    ("X", "1"),
                    ("Keep-Alive", "1"), ("Content-Length", "6"),
                ]) == "GET / HTTP/1.1|Host: u|X: 1||")
    }

    @Test("Connection names what else belongs to it")
    func connection() {
        #expect(
            request("GET", "/", [("Upgrade", "websocket")]) == "GET / HTTP/1.1|Upgrade: websocket|Connection: upgrade||"
        )
        #expect(request("GET", "/", [("TE", "trailers")]) == "GET / HTTP/1.1|TE: trailers|Connection: TE||")
        #expect(
            request("GET", "/", [("TE", "trailers"), ("Upgrade", "x")])
                == "GET / HTTP/1.1|TE: trailers|Upgrade: x|Connection: upgrade, TE||")
    }

    /// Forwards what a server read, as a proxy does: own framing, no hop-by-hop fields, its own Host.
    private func forwarded(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var server = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        var requests: [[UInt8]] = []
        var output = ByteBuffer()
        var client = HTTP1ClientEngine(limits: .response)
        var at = 0
        while true {
            let rest = bytes.span.extracting(at..<bytes.count)
            let (consumed, event) = try server.receive(rest, head: head)
            switch event {
            case .needMore: return requests
            case .head:
                var fields = Fields()
                fields.append(.host, text: "upstream")
                for position in 0..<head.fields.count
                where !HopByHop.contains(head.fields, position) && head.fields.known(position) != .host {
                    fields.copy(position, of: head.fields)
                }
                client = HTTP1ClientEngine(limits: .response)
                client.writeHead(
                    method: head.methodBytes, target: head.target, fields, framing: head.framing, into: &output)
            case .body(let range): try client.writeBody(rest.extracting(range), into: &output)
            case .end:
                try client.writeEnd(trailers: server.trailers, into: &output)
                requests.append(output.array)
                output.clear()
                server.writeHead(200, reason: nil, Fields(), framing: .length(0), date: Span(), into: &output)
                try server.writeEnd(into: &output)
                output.clear()
                if !server.canStartNext { return requests }
                server.startNext()
            }
            at += consumed
        }
    }

    @Test(
        "G20 every accepted request leaves in canonical form: read again and forwarded again it is the same bytes",
        arguments: HTTPFixture.all("accept").filter { $0.kind == "request" })
    func canonical(_ fixture: HTTPFixture) throws {
        let once = try forwarded(fixture.bytes)
        #expect(!once.isEmpty)
        for request in once {
            let again = try forwarded(request)
            #expect(again == [request], "\(Escapes.write(request))")
            let text = String(decoding: request, as: UTF8.self)
            #expect(text.contains(" HTTP/1.1\r\nHost: upstream\r\n"))
            #expect(!(text.contains("Content-Length:") && text.contains("\r\nTransfer-Encoding:")))
        }
    }

    @Test("G20 odd but accepted inputs, byte for byte")
    func odd() throws {
        let input =
            #"\r\nPOST http://b/x?y HTTP/1.9\r\nhOST:a\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nx-A:\t 1 \r\ntransfer-encoding:  CHUNKED \r\nExpect: 100-continue\r\n\r\n00A;a="b"\r\n0123456789\r\n0\r\nX-T:1\r\nHost: evil\r\n\r\n"#
        let expected =
            #"POST /x?y HTTP/1.1\r\nHost: upstream\r\nx-A: 1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n"#
        #expect(try forwarded(Escapes.read(input)).map(Escapes.write) == [expected])
    }

    private struct Exchange: ~Copyable {
        var engine = HTTP1ClientEngine(limits: .response)
        var output = ByteBuffer()
        let head = ResponseHead()

        mutating func ask(_ method: String = "GET", framing: BodyFraming = .none, ends: Bool = true) throws {
            engine.writeHead(
                method: method.utf8Span.span, target: "/".utf8Span.span, Fields(), framing: framing, into: &output)
            if ends { try engine.writeEnd(into: &output) }
        }

        mutating func answer(_ text: String) throws -> [ClientEvent] {
            let bytes = Escapes.read(text)
            var at = 0
            var events: [ClientEvent] = []
            while true {
                let (consumed, event) = try engine.receive(bytes.span.extracting(at..<bytes.count), head: head)
                at += consumed
                if event == .needMore { return events }
                events.append(event)
            }
        }
    }

    private static let ok = #"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"#

    @Test("A connection is used again after a whole exchange")
    func reuse() throws {
        var exchange = Exchange()
        check(exchange.engine.canBeReused)
        for _ in 0..<3 {
            try exchange.ask()
            check(!exchange.engine.canBeReused)
            #expect(try exchange.answer(Self.ok) == [.head, .body(0..<2), .end])
            check(exchange.engine.canBeReused)
        }
    }

    @Test("G22 a final response before the request is whole ends the connection's use")
    func early() throws {
        var exchange = Exchange()
        try exchange.ask("POST", framing: .length(5), ends: false)
        _ = try exchange.answer(#"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n"#)
        check(exchange.engine.responseHasEnded && !exchange.engine.canBeReused)
    }

    @Test("G51 bytes that nobody asked for end it too, in the same piece, later, or while idle")
    func unsolicited() throws {
        var exchange = Exchange()
        try exchange.ask()
        #expect(try exchange.answer(Self.ok + Self.ok) == [.head, .body(0..<2), .end])
        check(!exchange.engine.canBeReused)

        exchange = Exchange()
        try exchange.ask()
        _ = try exchange.answer(Self.ok)
        check(exchange.engine.canBeReused)
        #expect(try exchange.answer("x") == [])
        check(!exchange.engine.canBeReused)

        exchange = Exchange()
        #expect(try exchange.answer(#"HTTP/1.1 408 Timeout\r\n\r\n"#) == [])
        check(!exchange.engine.canBeReused)
    }

    @Test("G51 and the next request cannot be written")
    func noReuse() async {
        await #expect(processExitsWith: .failure) {
            var exchange = Exchange()
            try exchange.ask()
            _ = try exchange.answer(Self.ok + "x")
            try exchange.ask()
        }
    }

    @Test("G52 the end of the connection is the end of the body only where there is no other")
    func closing() throws {
        var exchange = Exchange()
        try exchange.ask()
        #expect(try exchange.answer(#"HTTP/1.1 200 OK\r\n\r\nhello"#).count == 2)
        #expect(try exchange.engine.peerClosed() == .end)

        for part in ["", "HTTP/1.1 200", #"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"#, #"HTTP/1.1 103 X\r\n\r\n"#]
        {
            exchange = Exchange()
            try exchange.ask()
            _ = try exchange.answer(part)
            #expect(throws: part.isEmpty ? HTTP1Error.closedBeforeResponse : .truncated) {
                try exchange.engine.peerClosed()
            }
        }

        exchange = Exchange()
        #expect(try exchange.engine.peerClosed() == .needMore)
        check(!exchange.engine.canBeReused)
    }

    @Test("G39 a thousand interim responses are a thousand")
    func interim() throws {
        var exchange = Exchange()
        try exchange.ask()
        let events = try exchange.answer(#"\{1000xHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n}"# + Self.ok)
        #expect(events.count == 1003)
        #expect(events.filter { $0 == .interim }.count == 1000)
        check(exchange.engine.canBeReused)
    }

    @Test("G53 an interim response that announces a body ends the connection's use")
    func interimWithBody() throws {
        for field in ["Content-Length: 5", "Transfer-Encoding: chunked", "Connection: close"] {
            var exchange = Exchange()
            try exchange.ask()
            let events = try exchange.answer(#"HTTP/1.1 100 Continue\r\n\#(field)\r\n\r\n"# + Self.ok)
            #expect(events == [.interim, .head, .body(0..<2), .end])
            check(!exchange.engine.canBeReused)
        }
    }

    @Test("HEAD and 304 tell the length that GET would have")
    func announcedLength() throws {
        var exchange = Exchange()
        try exchange.ask("HEAD")
        _ = try exchange.answer(#"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"#)
        #expect(exchange.head.announcedLength == 1234)
        #expect(exchange.head.framing == .none)
    }

    @Test("E30 G36 nothing but a target is written as a target")
    func misuse() async {
        await #expect(processExitsWith: .failure) {
            var engine = HTTP1ClientEngine(limits: .response)
            var output = ByteBuffer()
            engine.writeHead(
                method: "GET".utf8Span.span, target: "/ HTTP/1.1\r\nX: y".utf8Span.span, Fields(), framing: .none,
                into: &output)
        }
        await #expect(processExitsWith: .failure) {
            var engine = HTTP1ClientEngine(limits: .response)
            var output = ByteBuffer()
            engine.writeHead(
                method: "GET /evil".utf8Span.span, target: "/".utf8Span.span, Fields(), framing: .none, into: &output)
        }
    }
}
