private import Bytes
package import Sockets

/// What a load balancer writes in front of a connection's first byte to say whom it speaks for: the PROXY protocol,
/// versions 1 (text) and 2 (binary) of HAProxy's specification.
///
/// Pure. Whether a peer may say so is its listener's business.
package enum ProxyProtocol {
    package enum Reading: Equatable {
        /// So far it is the beginning of a header.
        case needMore
        /// A whole header of `length` bytes.
        ///
        /// `client` is whom the peer speaks for; nil when it speaks for itself (`UNKNOWN`, `LOCAL`), as in its own questions
        /// whether we are well.
        case header(length: Int, client: PeerAddress?)
        /// Not a header.
        case invalid
    }

    /// The longest header that is read: addresses, and what version 2 appends to them, which is skipped.
    package static let mostBytes = 4096

    /// Reads the header at the beginning of `bytes`.
    package static func read(_ bytes: Span<UInt8>) -> Reading {
        guard bytes.count > 0 else { return .needMore }
        return bytes[0] == UInt8(ascii: "P") ? readText(bytes) : readBinary(bytes)
    }

    // MARK: Version 1

    /// Line end included.
    private static let longestLine = 107

    private static func readText(_ bytes: Span<UInt8>) -> Reading {
        guard hasBeginning(bytes, "PROXY ".utf8Span.span) else { return .invalid }
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            return bytes.count < longestLine ? .needMore : .invalid
        }
        guard end < longestLine, end > 0, bytes[end - 1] == UInt8(ascii: "\r") else { return .invalid }
        let line = bytes.extracting(6..<(end - 1))
        // Behind UNKNOWN anything may stand.
        if line.equals("UNKNOWN") || line.hasPrefix("UNKNOWN ".utf8Span.span) {
            return .header(length: end + 1, client: nil)
        }
        var words: [Range<Int>] = []
        var from = 0
        while let space = line.extracting(from..<line.count).firstIndex(of: UInt8(ascii: " ")) {
            words.append(from..<(from + space))
            from += space + 1
        }
        words.append(from..<line.count)
        guard words.count == 5, let source = IPAddress(line.extracting(words[1])),
            IPAddress(line.extracting(words[2])) != nil, let sourcePort = port(line.extracting(words[3])),
            port(line.extracting(words[4])) != nil
        else { return .invalid }
        let family = line.extracting(words[0])
        // By how it is written: an IPv4 address in its IPv6 form is an IPv6 address here.
        let isWrittenAsIPv6 = line.extracting(words[1]).firstIndex(of: UInt8(ascii: ":")) != nil
        guard isWrittenAsIPv6 == (line.extracting(words[2]).firstIndex(of: UInt8(ascii: ":")) != nil),
            isWrittenAsIPv6 ? family.equals("TCP6") : family.equals("TCP4")
        else { return .invalid }
        return .header(length: end + 1, client: PeerAddress(ip: source, port: sourcePort))
    }

    /// 0 to 65535 without leading zeros.
    private static func port(_ digits: Span<UInt8>) -> UInt16? {
        guard (1...5).contains(digits.count), digits.count == 1 || digits[0] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for index in digits.indices {
            let digit = digits[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return UInt16(exactly: value)
    }

    // MARK: Version 2

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    private static func readBinary(_ bytes: Span<UInt8>) -> Reading {
        guard hasBeginning(bytes, signature.span) else { return .invalid }
        guard bytes.count >= 16 else { return .needMore }
        let (command, family) = (bytes[12], bytes[13])
        let length = 16 + Int(bytes[14]) << 8 + Int(bytes[15])
        guard command == 0x20 || command == 0x21, length <= mostBytes else { return .invalid }
        guard bytes.count >= length else { return .needMore }
        // LOCAL: the addresses, if there are any, mean nothing.
        if command == 0x20 { return .header(length: length, client: nil) }
        switch family {
        case 0x00: return .header(length: length, client: nil)
        case 0x11:
            guard length >= 16 + 12 else { return .invalid }
            let address = IPAddress(v4: UInt32(truncatingIfNeeded: number(bytes, 16, 4)))
            return .header(length: length, client: PeerAddress(ip: address, port: UInt16(number(bytes, 24, 2))))
        case 0x21:
            guard length >= 16 + 36 else { return .invalid }
            let address = IPAddress(high: number(bytes, 16, 8), low: number(bytes, 24, 8))
            return .header(length: length, client: PeerAddress(ip: address, port: UInt16(number(bytes, 48, 2))))
        case 0x31:
            guard length >= 16 + 216 else { return .invalid }
            return .header(length: length, client: PeerAddress(ip: nil, port: 0))
        // Datagrams, and what is not defined.
        default: return .invalid
        }
    }

    /// `count` bytes at `start`, the most significant first.
    private static func number(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in start..<(start + count) { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    /// True when one is the beginning of the other.
    private static func hasBeginning(_ bytes: Span<UInt8>, _ whole: Span<UInt8>) -> Bool {
        for index in 0..<min(bytes.count, whole.count) where bytes[index] != whole[index] { return false }
        return true
    }
}
