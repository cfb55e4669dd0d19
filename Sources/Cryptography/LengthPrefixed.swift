/// Unambiguous input for a MAC, a hash or associated data: each part behind its length, 4 bytes, big-endian.
///
/// Parts joined without their borders let `("ab", "c")` pass for `("a", "bc")`: with that, cookies were forged elsewhere
/// (CVE-2023-35941).
package struct LengthPrefixed: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package init(_ parts: [UInt8]...) {
        for part in parts { append(part) }
    }

    package mutating func append(_ part: [UInt8]) {
        precondition(part.count <= UInt32.max, "a part longer than its length can say")
        let count = UInt32(part.count)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        bytes += part
    }

    package mutating func append(_ part: String) { append([UInt8](part.utf8)) }

    /// Eight bytes, big-endian.
    package mutating func append(_ number: Int64) {
        append((0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) })
    }
}
