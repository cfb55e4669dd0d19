import Bytes
import HTTP
import Testing

@Suite struct WebSocketHandshakeTests {
    private static let good = [
        "Host: a", "Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    private func head(_ lines: [String], _ start: String = "GET /chat HTTP/1.1") throws -> RequestHead {
        var engine = HTTP1ServerEngine(limits: HTTPLimits())
        let head = RequestHead()
        let bytes = Array((([start] + lines).joined(separator: "\r\n") + "\r\n\r\n").utf8)
        let event = try engine.receive(bytes.span, head: head).event
        try #require(event == .head)
        return head
    }

    private func refusal(replacing name: String, with line: String?) throws -> WebSocketHandshake.Refusal? {
        let lines = Self.good.filter { !$0.hasPrefix(name + ":") } + (line.map { [$0] } ?? [])
        let head = try head(lines)
        try #require(head.isUpgrade)
        return WebSocketHandshake.refusal(of: head)
    }

    @Test("G61 the handshake of RFC 6455 passes")
    func good() throws {
        let head = try head(Self.good)
        #expect(head.isUpgrade && WebSocketHandshake.refusal(of: head) == nil)
    }

    @Test("G61 any version but 13 is refused", arguments: [nil, "", "8", "12", "14", "013", "13, 8", "13 8", "0xD"])
    func version(_ value: String?) throws {
        #expect(
            try refusal(replacing: "Sec-WebSocket-Version", with: value.map { "Sec-WebSocket-Version: \($0)" })
                == .version)
    }

    @Test(
        "G61 a key is 16 bytes in base64, spelled in the one way",
        arguments: [
            nil, "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==",
            "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZTE=", "dGhlIHNhbXBsZSBub25jZQ== x",
            "dGhlIHNhbXBsZSBub25jZ-==",
        ])
    func key(_ value: String?) throws {
        #expect(try refusal(replacing: "Sec-WebSocket-Key", with: value.map { "Sec-WebSocket-Key: \($0)" }) == .key)
    }

    @Test("G35, G61 what comes twice is refused with the head", arguments: ["Key", "Version"])
    func twice(_ name: String) throws {
        let line = try #require(Self.good.first { $0.hasPrefix("Sec-WebSocket-\(name)") })
        let text = (["GET / HTTP/1.1"] + Self.good + [line]).joined(separator: #"\r\n"#) + #"\r\n\r\n"#
        #expect(Transcript.verdict(text) == "400 repeated_field")
    }

    @Test(
        "G60 everything else that asks for another protocol is an ordinary request",
        arguments: [
            ("GET / HTTP/1.1", "Upgrade: h2c"), ("GET / HTTP/1.1", "Upgrade: websocket, h2c"),
            ("GET / HTTP/1.1", "Upgrade: websocket/13"), ("POST / HTTP/1.1", "Upgrade: websocket"),
            ("HEAD / HTTP/1.1", "Upgrade: websocket"), ("GET / HTTP/1.0", "Upgrade: websocket"),
            ("GET / HTTP/1.1", "Upgrade: websocket\r\nContent-Length: 1"),
            ("GET / HTTP/1.1", "Upgrade: websocket\r\nTransfer-Encoding: chunked"),
        ])
    func others(_ start: String, _ upgrade: String) throws {
        let lines = Self.good.filter { !$0.hasPrefix("Upgrade:") }
        #expect(try !head(lines + [upgrade], start).isUpgrade)
        // Without the option the field is none of ours.
        #expect(try !head(Self.good.filter { !$0.hasPrefix("Connection:") }).isUpgrade)
    }

    // MARK: The answer

    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private func accepted(_ lines: [String], _ start: String = "HTTP/1.1 101 Switching Protocols") throws -> Bool {
        var engine = HTTP1ClientEngine(limits: .response)
        var output = ByteBuffer()
        var fields = Fields()
        fields.append(.upgrade, text: "websocket")
        engine.writeHead(method: "GET".utf8Span.span, target: "/".utf8Span.span, fields, framing: .none, into: &output)
        try engine.writeEnd(into: &output)
        let head = ResponseHead()
        let bytes = Array((([start] + lines).joined(separator: "\r\n") + "\r\n\r\n").utf8)
        let event = try engine.receive(bytes.span, head: head).event
        try #require(event == .head)
        return WebSocketHandshake.isAccepted(head, accept: Array(Self.accept.utf8))
    }

    @Test("G62 a 101 opens a tunnel only with the right Upgrade, Connection and Accept, each of them once")
    func answers() throws {
        let (upgrade, connection) = ("Upgrade: WebSocket", "Connection: upgrade")
        let accept = "Sec-WebSocket-Accept: \(Self.accept)"
        #expect(try accepted([upgrade, connection, accept]))
        #expect(try accepted([upgrade, "Connection: keep-alive, Upgrade", accept, "X: y"]))
        for lines in [
            [connection, accept], [upgrade, accept], [upgrade, connection], ["Upgrade: h2c", connection, accept],
            ["Upgrade: websocket, h2c", connection, accept], [upgrade, upgrade, connection, accept],
            [upgrade, "Connection: close", accept], [upgrade, connection, accept, accept],
            [upgrade, connection, "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO="],
            [upgrade, connection, "Sec-WebSocket-Accept: \(Self.accept)x"],
            [upgrade, connection, "Sec-WebSocket-Accept:"],
        ] {
            #expect(try !accepted(lines), "\(lines)")
        }
        #expect(try !accepted([upgrade, connection, accept, "Content-Length: 0"], "HTTP/1.1 200 OK"))
    }
}
