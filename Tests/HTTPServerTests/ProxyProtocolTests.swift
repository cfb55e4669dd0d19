import Bytes
import Sockets
import TestSupport
import Testing

@testable import HTTPServer

@Suite struct ProxyProtocolTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    /// A header of version 2.
    static func binary(_ command: UInt8, _ family: UInt8, _ payload: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
    }

    static let v4: [UInt8] = [203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 0x01, 0xBB]
    static let v6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1] + Array(repeating: 9, count: 16)
        + [0x12, 0x67, 0x01, 0xBB]

    private func client(_ bytes: [UInt8]) -> String? {
        guard case .header(let length, let client) = ProxyProtocol.read(bytes.span) else { return nil }
        guard length == bytes.count else { return "length \(length)" }
        return client.map { "\($0.ip.map(\.description) ?? "unix") \($0.port)" } ?? "itself"
    }

    @Test("G33 PROXY protocol: whom a header of version 1 speaks for")
    func text() {
        #expect(client(Array("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n".utf8)) == "203.0.113.7 4711")
        #expect(client(Array("PROXY TCP6 2001:db8::1 ::1 4711 443\r\n".utf8)) == "2001:db8::1 4711")
        #expect(client(Array("PROXY TCP6 ::ffff:203.0.113.7 ::1 0 65535\r\n".utf8)) == "203.0.113.7 0")
        #expect(client(Array("PROXY UNKNOWN\r\n".utf8)) == "itself")
        #expect(client(Array("PROXY UNKNOWN ffff::1 whatever\r\n".utf8)) == "itself")
    }

    @Test(
        "G33 PROXY protocol: what is no header of version 1 is refused",
        arguments: [
            "GET / HTTP/1.1\r\n", "PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP6 ::1 1.2.3.4 1 2\r\n",
            "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
            "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
            "PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n", "PROXY UNKNOWNS\r\n", "\r\n\r\nGET / HTTP/1.1\r\n",
            "PROXY UNKNOWN " + String(repeating: "x", count: 100) + "\r\n", String(repeating: "P", count: 2),
        ])
    func brokenText(_ line: String) {
        #expect(ProxyProtocol.read(Array(line.utf8).span) == .invalid)
    }

    @Test("G33 PROXY protocol: whom a header of version 2 speaks for; what is appended is skipped")
    func binaries() {
        #expect(client(Self.binary(0x21, 0x11, Self.v4)) == "203.0.113.7 4711")
        #expect(client(Self.binary(0x21, 0x21, Self.v6)) == "2001:db8::1 4711")
        #expect(client(Self.binary(0x21, 0x31, Array(repeating: 0, count: 216))) == "unix 0")
        #expect(client(Self.binary(0x20, 0x11, Self.v4)) == "itself")
        #expect(client(Self.binary(0x20, 0x00, [])) == "itself")
        #expect(client(Self.binary(0x21, 0x00, [])) == "itself")
        #expect(client(Self.binary(0x21, 0x11, Self.v4 + [4, 0, 1, 0])) == "203.0.113.7 4711")
    }

    @Test("G33 PROXY protocol: what is no header of version 2 is refused")
    func brokenBinaries() {
        var wrong = Self.binary(0x21, 0x11, Self.v4)
        wrong[11] = 11
        for bytes in [
            wrong, Self.binary(0x11, 0x11, Self.v4), Self.binary(0x22, 0x11, Self.v4), Self.binary(0x21, 0x12, Self.v4),
            Self.binary(0x21, 0x41, Self.v6), Self.binary(0x21, 0x11, Array(Self.v4.dropLast())),
            Self.binary(0x21, 0x21, Self.v4), Self.binary(0x21, 0x31, Self.v6),
            Self.binary(0x21, 0x11, Array(repeating: 0, count: 4081)),
        ] {
            #expect(ProxyProtocol.read(bytes.span) == .invalid, "\(bytes.prefix(20))")
        }
    }

    @Test("G33 PROXY protocol: every beginning of a header waits for the rest, and what follows it is not read")
    func pieces() {
        for whole in [
            Array("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n".utf8), Self.binary(0x21, 0x21, Self.v6),
            Self.binary(0x20, 0, []),
        ] {
            for count in 0..<whole.count {
                #expect(ProxyProtocol.read(Array(whole.prefix(count)).span) == .needMore, "\(count) of \(whole.count)")
            }
            guard case .header(let length, _) = ProxyProtocol.read((whole + Array("GET / HTTP".utf8)).span) else {
                Issue.record("no header")
                continue
            }
            #expect(length == whole.count)
        }
    }

    // MARK: Over sockets

    private func server(trusting peers: [String], _ settings: ServerSettings = ServerSettings()) throws -> RunningServer
    {
        let proxies = TrustedPeers(blocks: peers.compactMap { AddressBlock($0) })
        return try RunningServer(settings, PortRules(proxies: proxies)) { handler in
            handler.onEnded = { exchange in
                let peer = exchange.peerText
                exchange.answer("\(String(decoding: [UInt8](peer.buffer.bytes), as: UTF8.self)) \(exchange.peer.port)")
            }
        }
    }

    @Test(
        "G33 the peer is whom a trusted proxy speaks for, for every request of the connection, in whatever pieces it comes"
    )
    func spokenFor() async throws {
        try await onThread {
            let server = try server(trusting: ["127.0.0.0/8"])
            defer { server.stop() }
            let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            let header = Array("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n".utf8)
            let peer = try server.connect()
            try peer.send(header + request)
            #expect(try RawResponse(readingFrom: peer).text == "203.0.113.7 4711")
            try peer.send(request)
            #expect(try RawResponse(readingFrom: peer).text == "203.0.113.7 4711")

            let second = try server.connect()
            for byte in Self.binary(0x21, 0x21, Self.v6) + request { try second.send([byte]) }
            #expect(try RawResponse(readingFrom: second).text == "2001:db8::1 4711")

            let itself = try server.connect()
            try itself.send(Self.binary(0x20, 0, []) + request)
            #expect(try RawResponse(readingFrom: itself).text.hasPrefix("127.0.0.1 "))
        }
    }

    @Test("G33 without a header, or from a peer that is not trusted, the connection closes before a request is read")
    func refused() async throws {
        try await onThread {
            let server = try server(trusting: ["127.0.0.0/8"])
            defer { server.stop() }
            let plain = try server.connect()
            try plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(((try? plain.receiveToEnd()) ?? []).isEmpty)
            try server.waitFor("turned away proxy_protocol_invalid")
            // Somebody who only looks whether we listen is no news.
            try server.connect().close()

            let stranger = try self.server(trusting: ["10.0.0.0/8"])
            defer { stranger.stop() }
            let peer = try stranger.connect()
            try? peer.send("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(((try? peer.receiveToEnd()) ?? []).isEmpty)
            try stranger.waitFor("turned away proxy_protocol_untrusted")
            #expect(!server.diary.contains("began") && !stranger.diary.contains("began"))
        }
    }

    @Test("G17, G33 a proxy that never ends its header is not waited for, gives its place back, and holds up no drain")
    func silent() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.headerTimeout = .milliseconds(100)
            settings.connections = 1
            let server = try server(trusting: ["127.0.0.0/8"], settings)
            defer { server.stop() }
            let silent = try server.connect()
            try silent.send("PROXY TCP4 ")
            #expect(((try? silent.receiveToEnd()) ?? []).isEmpty)
            try server.waitFor("turned away proxy_protocol_timeout")
            let next = try server.connect()
            try next.send("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: next).status == 200)
        }
    }
}
