internal import Bytes

/// `uri-host [ ":" port ]` as ranges of the bytes it was read from.
///
/// Narrower than RFC 3986 on purpose: no user information, no percent-encoding, no `sub-delims` (a comma would be a list),
/// no empty host and no empty port (G14).
struct Authority: Equatable {
    var host: Range<Int>
    var port: UInt16?

    init?(_ bytes: Span<UInt8>) {
        var hostEnd = 0
        if !bytes.isEmpty, bytes[0] == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")),
                Self.isIPv6(bytes.extracting(1..<close))
            else { return nil }
            hostEnd = close + 1
        } else {
            while hostEnd < bytes.count, Self.isHostByte(bytes[hostEnd]) { hostEnd += 1 }
            // 255 octets are all a DNS name can have.
            guard hostEnd > 0, hostEnd <= 255 else { return nil }
        }
        host = 0..<hostEnd
        if hostEnd == bytes.count { return }
        guard bytes[hostEnd] == UInt8(ascii: ":"),
            let port = Self.port(bytes.extracting((hostEnd + 1)..<bytes.count))
        else { return nil }
        self.port = port
    }

    /// Letters, digits, `-`, `.`, and `_`, which service names in container networks have.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }

    /// 1 to 65535 without leading zeros.
    private static func port(_ bytes: Span<UInt8>) -> UInt16? {
        guard bytes.count >= 1, bytes.count <= 5, bytes[0] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for index in bytes.indices {
            let digit = bytes[index] &- 48
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return UInt16(exactly: value)
    }

    /// RFC 3986, section 3.2.2: eight groups, one `::` for a run of zeros, the last two perhaps an IPv4 address.
    static func isIPv6(_ bytes: Span<UInt8>) -> Bool {
        var groups = 0
        var compressed = false
        var at = 0
        if bytes.count >= 2, bytes[0] == UInt8(ascii: ":"), bytes[1] == UInt8(ascii: ":") {
            compressed = true
            at = 2
        }
        while at < bytes.count {
            let start = at
            while at < bytes.count, ByteClass.hexadecimalValue(bytes[at]) != nil { at += 1 }
            if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
                guard isIPv4(bytes.extracting(start..<bytes.count)) else { return false }
                groups += 2
                at = bytes.count
                break
            }
            guard at > start, at - start <= 4 else { return false }
            groups += 1
            if at == bytes.count { break }
            guard bytes[at] == UInt8(ascii: ":") else { return false }
            at += 1
            guard at < bytes.count else { return false }
            if bytes[at] == UInt8(ascii: ":") {
                if compressed { return false }
                compressed = true
                at += 1
            }
        }
        return compressed ? groups < 8 : groups == 8
    }

    private static func isIPv4(_ bytes: Span<UInt8>) -> Bool {
        var parts = 0
        var at = 0
        while true {
            var value = 0
            let start = at
            while at < bytes.count, bytes[at] &- 48 < 10 {
                value = value * 10 + Int(bytes[at] &- 48)
                at += 1
                if at - start > 3 { return false }
            }
            guard at > start, value <= 255, at - start == 1 || bytes[start] != UInt8(ascii: "0") else { return false }
            parts += 1
            if at == bytes.count { return parts == 4 }
            guard bytes[at] == UInt8(ascii: "."), parts < 4 else { return false }
            at += 1
        }
    }
}
