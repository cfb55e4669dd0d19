internal import Bytes

/// An IPv6 address as URLs write it between brackets (RFC 3986, section 3.2.2), without a zone.
struct IPv6Literal: Equatable {
    private var groups: [UInt16]

    /// Reads RFC 4291 text forms, `::` and a dotted quad at the end included.
    init?(_ text: String) {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, !text.isEmpty else { return nil }
        guard let head = Self.groups(String(halves[0]), mayEndInQuad: halves.count == 1) else { return nil }
        if halves.count == 1 {
            guard head.count == 8 else { return nil }
            groups = head
        } else {
            guard let tail = Self.groups(String(halves[1]), mayEndInQuad: true), head.count + tail.count < 8 else {
                return nil
            }
            groups = head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
        }
    }

    /// The address, most significant byte first.
    var bytes: [UInt8] { groups.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] } }

    /// The one canonical spelling (RFC 5952): lower case, the longest run of zeros as `::`.
    var canonical: String {
        let run = longestZeros
        let head = groups[..<(run?.lowerBound ?? 8)].map { String($0, radix: 16) }.joined(separator: ":")
        guard let run else { return head }
        return head + "::" + groups[run.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
    }

    private var longestZeros: Range<Int>? {
        var longest: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(1, longest?.count ?? 0) { longest = start..<end }
            start = max(end, start + 1)
        }
        return longest
    }

    private static func groups(_ text: String, mayEndInQuad: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInQuad, index == parts.count - 1, part.contains("."), let quad = IPv4Quad(String(part)) {
                groups.append(UInt16(quad.octets[0]) << 8 | UInt16(quad.octets[1]))
                groups.append(UInt16(quad.octets[2]) << 8 | UInt16(quad.octets[3]))
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(ByteClass.hexadecimal.contains),
                let value = UInt16(part, radix: 16)
            else { return nil }
            groups.append(value)
        }
        return groups
    }
}

/// Four decimal octets with no leading zeros, the only form of an IPv4 address that all parsers read alike.
struct IPv4Quad: Equatable {
    let octets: [UInt8]

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy(ByteClass.digit.contains), part == "0" || part.utf8.first != 48,
                let octet = UInt8(part)
            else { return nil }
            octets.append(octet)
        }
        self.octets = octets
    }
}
