import Bytes
import Glibc
import HTTPServer
import Sockets

extension FuzzTarget {
    /// What a load balancer writes in front of a connection's first byte, in both versions.
    static let proxyProtocol = FuzzTarget(name: "proxy-protocol") { input in
        let bytes = Array(input)
        let whole = ProxyProtocol.read(input)
        var length = Int.max
        if case .header(let count, let client) = whole {
            length = count
            require(count <= bytes.count && count <= ProxyProtocol.mostBytes, "a header beyond what there is")
            require(plainly(bytes) == PlainHeader(length: count, client: client), "another header to a plain reader")
            if let client, let address = client.ip { staysTheSame(client, address) }
        } else {
            require(plainly(bytes) == nil, "a header to a plain reader alone")
        }
        // However the network cuts it: what has been decided stays, and is decided as soon as it can be.
        for count in 0..<bytes.count {
            switch ProxyProtocol.read(input.extracting(0..<count)) {
            case .needMore: require(count < length && count < ProxyProtocol.mostBytes, "waits for nothing at \(count)")
            case .invalid: require(whole == .invalid, "refused early at \(count)")
            case .header(let early, let client):
                require(whole == .header(length: early, client: client), "more bytes, another header at \(count)")
            }
        }
    }

    private struct PlainHeader: Equatable {
        var length: Int
        var client: PeerAddress?
    }

    /// The header at the beginning, read as the specification says it, all at once and by other means.
    private static func plainly(_ bytes: [UInt8]) -> PlainHeader? {
        bytes.first == UInt8(ascii: "P") ? plainText(bytes) : plainBinary(bytes)
    }

    private static func plainText(_ bytes: [UInt8]) -> PlainHeader? {
        guard let end = bytes.firstIndex(of: 10), end < 107, end > 0, bytes[end - 1] == 13 else { return nil }
        let words = bytes[..<(end - 1)].split(separator: 32, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 2, words[0] == "PROXY" else { return nil }
        if words[1] == "UNKNOWN" { return PlainHeader(length: end + 1, client: nil) }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6",
            !bytes[..<end].contains(0), isAddress(words[2], words[1]), isAddress(words[3], words[1]),
            let from = UInt16(words[4]), "\(from)" == words[4], let to = UInt16(words[5]), "\(to)" == words[5]
        else { return nil }
        return PlainHeader(length: end + 1, client: PeerAddress(ip: IPAddress(words[2]), port: from))
    }

    private static func isAddress(_ text: String, _ family: String) -> Bool {
        var room = in6_addr()
        return inet_pton(family == "TCP4" ? AF_INET : AF_INET6, text, &room) == 1
    }

    private static func plainBinary(_ bytes: [UInt8]) -> PlainHeader? {
        guard bytes.starts(with: Array("\r\n\r\n\0\r\nQUIT\n".utf8)), bytes.count >= 16 else { return nil }
        let length = 16 + Int(bytes[14]) * 256 + Int(bytes[15])
        guard bytes[12] >> 4 == 2, length <= min(bytes.count, ProxyProtocol.mostBytes) else { return nil }
        let rest = Array(bytes[16..<length])
        func client(_ address: IPAddress?, _ width: Int) -> PlainHeader? {
            guard rest.count >= 2 * width + 4 else { return nil }
            let port = UInt16(rest[2 * width]) << 8 | UInt16(rest[2 * width + 1])
            return PlainHeader(length: length, client: PeerAddress(ip: address, port: port))
        }
        switch (bytes[12] & 15, bytes[13]) {
        case (0, _), (1, 0): return PlainHeader(length: length, client: nil)
        case (1, 0x11):
            return client(IPAddress(rest.prefix(4).map { "\($0)" }.joined(separator: ".")), 4)
        case (1, 0x21):
            let words = stride(from: 0, to: min(16, rest.count & ~1), by: 2).map {
                String(UInt16(rest[$0]) << 8 | UInt16(rest[$0 + 1]), radix: 16)
            }
            return client(IPAddress(words.joined(separator: ":")), 16)
        case (1, 0x31):
            return rest.count < 216 ? nil : PlainHeader(length: length, client: PeerAddress(ip: nil, port: 0))
        default: return nil
        }
    }

    /// Whom it speaks for, said again in the other words, is the same client.
    private static func staysTheSame(_ client: PeerAddress, _ address: IPAddress) {
        let family = address.description.utf8.contains(58) ? "TCP6" : "TCP4"
        let line = "PROXY \(family) \(address) \(address) \(client.port) 1\r\n"
        let again = ProxyProtocol.read(line.utf8Span.span)
        require(again == .header(length: line.utf8.count, client: client), "another client when said again: \(line)")
    }
}
