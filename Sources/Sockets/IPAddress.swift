package import Bytes
internal import Glibc

/// An IPv4 or IPv6 address.
///
/// IPv4 addresses that arrive in their IPv6 form (`::ffff:a.b.c.d`) are IPv4.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The sixteen bytes of the IPv6 form, most significant first.
    package let high: UInt64
    package let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// From the four bytes of an IPv4 address, most significant first.
    package init(v4: UInt32) {
        high = 0
        low = Self.mappedPrefix | UInt64(v4)
    }

    /// Reads dotted IPv4 or IPv6 text without brackets, zone or port; nil for anything else.
    package init?(_ text: String) { self.init(text.utf8Span.span) }

    /// The same of bytes; takes no memory.
    package init?(_ text: Span<UInt8>) {
        guard text.count < 46 else { return nil }
        var four = in_addr()
        var six = in6_addr()
        var copy: InlineArray<46, CChar> = .init(repeating: 0)
        for index in text.indices {
            // A NUL would end the text early; what has the highest bit set is no address either.
            guard text[index] > 0, let byte = CChar(exactly: text[index]) else { return nil }
            copy[index] = byte
        }
        let family: Int32? = unsafe copy.span.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return nil }
            if unsafe inet_pton(AF_INET, start, &four) == 1 { return AF_INET }
            return unsafe inet_pton(AF_INET6, start, &six) == 1 ? AF_INET6 : nil
        }
        switch family {
        case AF_INET: self.init(v4: UInt32(bigEndian: four.s_addr))
        case AF_INET6: self.init(six)
        default: return nil
        }
    }

    init(_ six: in6_addr) {
        (high, low) = unsafe withUnsafeBytes(of: six) { bytes in
            (
                UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    package var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// The IPv4 address; nil for IPv6.
    package var v4: UInt32? { isV4 ? UInt32(truncatingIfNeeded: low) : nil }

    /// 0.0.0.0 or ::, which bind to every address.
    package var isUnspecified: Bool { v4.map { $0 == 0 } ?? (high == 0 && low == 0) }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool { v4.map { $0 >> 24 == 127 } ?? (high == 0 && low == 1) }

    /// Writes the canonical text (RFC 5952).
    package func write(into buffer: inout ByteBuffer) {
        if let four = v4 {
            for position in 0..<4 {
                if position > 0 { buffer.append(UInt8(ascii: ".")) }
                buffer.append(decimal: Int((four >> (24 - 8 * UInt32(position))) & 255))
            }
            return
        }
        let (start, end) = longestZeroRun
        var index = 0
        while index < 8 {
            if index == start {
                buffer.append("::")
                index = end
                continue
            }
            if index > 0, index != end { buffer.append(UInt8(ascii: ":")) }
            buffer.append(hexadecimal: group(index))
            index += 1
        }
    }

    private func group(_ index: Int) -> Int {
        Int(((index < 4 ? high : low) >> (48 - 16 * UInt64(index & 3))) & 0xFFFF)
    }

    /// The first of the longest runs of at least two zero groups; (8, 8) is none (RFC 5952, section 4.2).
    private var longestZeroRun: (Int, Int) {
        var best = (8, 8)
        var index = 0
        while index < 8 {
            let start = index
            while index < 8, group(index) == 0 { index += 1 }
            if index - start >= 2, index - start > best.1 - best.0 { best = (start, index) }
            index += 1
        }
        return best
    }

    package var description: String {
        var buffer = ByteBuffer()
        write(into: &buffer)
        return String(strictUTF8: buffer.bytes) ?? ""
    }
}

/// A block of addresses in CIDR form, such as those of `trusted_proxies`.
package struct AddressBlock: Sendable, Hashable {
    package let base: IPAddress
    /// Counted on the sixteen bytes of the IPv6 form.
    private let prefix: Int

    /// Reads `ADDRESS` or `ADDRESS/BITS`; nil when the bits are too many or the address has bits behind the prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let width = address.isV4 && !parts[0].utf8.contains(UInt8(ascii: ":")) ? 32 : 128
        var bits = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
                let number = Int(parts[1]), number <= width
            else { return nil }
            bits = number
        }
        base = address
        prefix = 128 - width + bits
        guard address.high & ~highMask == 0, address.low & ~lowMask == 0 else { return nil }
    }

    /// No address is outside.
    package var isEverybody: Bool { prefix == 0 || base.isV4 && prefix <= 96 }

    private var highMask: UInt64 { prefix >= 64 ? .max : prefix == 0 ? 0 : .max << UInt64(64 - prefix) }
    private var lowMask: UInt64 { prefix >= 128 ? .max : prefix <= 64 ? 0 : .max << UInt64(128 - prefix) }

    package func contains(_ address: IPAddress) -> Bool {
        (address.high ^ base.high) & highMask == 0 && (address.low ^ base.low) & lowMask == 0
    }
}
