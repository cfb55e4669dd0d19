private import Bytes

/// Field names that are the same to somebody upstream: letter case does not count, nor whether a byte that is neither
/// letter nor digit is `-`, `_` or `.` (CGI and WSGI make them all the same variable).
package struct FoldedNames: Sendable {
    private var keys: [UInt8] = []
    /// Ends of the keys in `keys`.
    private var ends: [Int] = []
    /// Indices of keys plus one; 0 is free.
    private var slots: [UInt16] = []
    /// A bit for each length that occurs, 63 for all from there on: most names fail here.
    private var lengths: UInt64 = 0

    package init(_ names: some Sequence<String>) {
        let folded = Set(names.map { $0.utf8.map(Self.fold) }).sorted { $0.lexicographicallyPrecedes($1) }
        slots = [UInt16](repeating: 0, count: Self.capacity(for: folded.count))
        for name in folded {
            keys.append(contentsOf: name)
            ends.append(keys.count)
            lengths |= Self.lengthBit(name.count)
            var place = Int(truncatingIfNeeded: Self.hash(name.span)) & (slots.count - 1)
            while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = UInt16(ends.count)
        }
    }

    package var isEmpty: Bool { ends.isEmpty }

    /// True when `name` is one of the names to somebody.
    ///
    /// Takes no memory.
    package func contains(_ name: Span<UInt8>) -> Bool {
        if lengths & Self.lengthBit(name.count) == 0 { return false }
        let mask = slots.count &- 1
        var place = Int(truncatingIfNeeded: Self.hash(name)) & mask
        while slots[place] != 0 {
            if isKey(Int(slots[place]) &- 1, name) { return true }
            place = (place &+ 1) & mask
        }
        return false
    }

    private func isKey(_ index: Int, _ name: Span<UInt8>) -> Bool {
        let start = index == 0 ? 0 : ends[index &- 1]
        if ends[index] &- start != name.count { return false }
        for offset in name.indices where keys[start &+ offset] != Self.fold(name[offset]) { return false }
        return true
    }

    /// Letters in lower case, digits as they are, everything else a hyphen.
    static func fold(_ byte: UInt8) -> UInt8 {
        let lower = ByteClass.lowercase(byte)
        return lower &- 97 < 26 || byte &- 48 < 10 ? lower : UInt8(ascii: "-")
    }

    private static func hash(_ name: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in name.indices { hash = (hash ^ UInt64(fold(name[index]))) &* 0x0000_0100_0000_01b3 }
        return hash ^ hash >> 32
    }

    private static func lengthBit(_ length: Int) -> UInt64 { 1 << UInt64(min(length, 63)) }

    private static func capacity(for count: Int) -> Int {
        precondition(count < 16_000, "more field names than a message may have bytes")
        var capacity = 8
        while capacity < count * 3 { capacity *= 2 }
        return capacity
    }
}
