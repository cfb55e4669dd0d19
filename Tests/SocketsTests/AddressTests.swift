import Bytes
import Sockets
import Testing

@Suite struct ListenAddressTests {
    @Test(
        "the three forms",
        arguments: [
            ("0.0.0.0:8080", ListenAddress.tcp(host: "0.0.0.0", port: 8080)),
            ("[::1]:0", .tcp(host: "::1", port: 0)),
            ("localhost:65535", .tcp(host: "localhost", port: 65535)),
            ("unix:/run/postern.sock", .unix(path: "/run/postern.sock")),
        ])
    func forms(_ text: String, _ address: ListenAddress) {
        #expect(ListenAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", ":", ":80", "localhost", "localhost:", "localhost:+1", "localhost:65536", "localhost:0x50", "a b:1",
            "::1:80",
            "[::1]", "[::1]80", "[::1", "[]:80", "[localhost]:80", "unix:", "unix:relative", "unix:/a\0b", "http://a:1",
            "user@host:80", "unix:/" + String(repeating: "x", count: 107),
        ])
    func refused(_ text: String) { #expect(ListenAddress(text) == nil) }
}

@Suite struct IPAddressTests {
    @Test(
        "canonical text (RFC 5952)",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
            ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("fe80:0:0:0:0:0:0:0", "fe80::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:192.0.2.1", "192.0.2.1"),
            ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ])
    func text(_ input: String, _ output: String) { #expect(IPAddress(input)?.description == output) }

    @Test(
        "anything else is refused",
        arguments: ["", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "[::1]", "::1%lo", "a", "1.2.3.4:80"])
    func refused(_ text: String) { #expect(IPAddress(text) == nil) }

    @Test("loopback") func loopback() {
        #expect(IPAddress("127.9.9.9")?.isLoopback == true)
        #expect(IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("128.0.0.1")?.isLoopback == false)
    }
}

@Suite struct AddressBlockTests {
    @Test(
        "who is inside",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "203.0.113.1", true), ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false), ("::/0", "::1", true),
            ("2001:db8::/65", "2001:db8::7fff:0:0:1", true), ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ])
    func contains(_ block: String, _ address: String, _ inside: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(try #require(IPAddress(address))) == inside)
    }

    @Test(
        "bad blocks",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "::/129", "10.0.0.0/+8", "10.0.0.0/8/8", "unix",
        ])
    func refused(_ text: String) { #expect(AddressBlock(text) == nil) }
}

@Suite struct PeerAddressTests {
    @Test("text") func text() {
        var buffer = ByteBuffer()
        PeerAddress(ip: nil, port: 0).write(into: &buffer)
        #expect(buffer.array == Array("unix".utf8))
        #expect(SocketAddress.ip(IPAddress(v4: 0x7F00_0001), port: 80).description == "127.0.0.1:80")
        #expect(SocketAddress.ip(IPAddress(high: 0, low: 1), port: 80).description == "[::1]:80")
    }
}
