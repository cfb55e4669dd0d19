internal import Bytes

extension KnownField {
    /// The field with this name in any letter case, or ``other``; the name must be a token.
    package init(_ name: Span<UInt8>) {
        self = KnownFieldTable.shared.find(name, 0..<name.count)
    }

    /// The same for a name inside other bytes, which is faster: whole words can be read beyond its end.
    init(_ bytes: Span<UInt8>, _ name: Range<Int>) {
        self = KnownFieldTable.shared.find(bytes, name)
    }
}

/// Finds a known field by the length of its name, its first and its last eight bytes, in one step.
///
/// The two words are mixed into the number of a slot. The multiplier that gives every known name a slot of its own is
/// searched for when the table is made, so that names can be added without ceremony.
struct KnownFieldTable: Sendable {
    private struct Slot: Sendable {
        var first: UInt64 = 0
        var last: UInt64 = 0
        /// 0 for an empty slot, which no name asks for.
        var length = 0
        var field = KnownField.other
    }

    static let shared = KnownFieldTable()

    private static let slotBits = 10

    private let slots: [Slot]
    private let multiplier: UInt64

    private init() {
        var multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<100_000 {
            if let slots = Self.slots(multiplier) {
                self.slots = slots
                self.multiplier = multiplier
                return
            }
            // Knuth's generator; odd, so that no bit is lost.
            multiplier = (multiplier &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407) | 1
        }
        preconditionFailure("two known names have the same length, first and last bytes")
    }

    /// The table that this multiplier makes, or nil when two names meet.
    private static func slots(_ multiplier: UInt64) -> [Slot]? {
        var slots = [Slot](repeating: Slot(), count: 1 << slotBits)
        for field in KnownField.allCases where field != .other {
            let length = field.name.utf8CodeUnitCount
            let (first, last) = field.withName { words($0, 0..<length) }
            let number = number(first, last, length, multiplier)
            if slots[number].length != 0 { return nil }
            slots[number] = Slot(first: first, last: last, length: length, field: field)
        }
        return slots
    }

    @inline(__always)
    private static func number(_ first: UInt64, _ last: UInt64, _ length: Int, _ multiplier: UInt64) -> Int {
        let mixed = (first ^ (last &* 31)) &+ UInt64(truncatingIfNeeded: length)
        return Int(truncatingIfNeeded: (mixed &* multiplier) &>> UInt64(64 &- slotBits))
    }

    @inline(__always)
    private static func words(_ bytes: Span<UInt8>, _ name: Range<Int>) -> (UInt64, UInt64) {
        let piece = Swift.min(8, name.count)
        return (
            ByteScan.foldedWord(bytes, at: name.lowerBound, count: piece),
            ByteScan.foldedWord(bytes, at: name.upperBound &- piece, count: piece)
        )
    }

    func find(_ bytes: Span<UInt8>, _ name: Range<Int>) -> KnownField {
        let (first, last) = Self.words(bytes, name)
        let slot = slots[Self.number(first, last, name.count, multiplier)]
        guard slot.first == first, slot.last == last, slot.length == name.count else { return .other }
        // Up to 16 bytes the two words are the whole name.
        if slot.length <= 16 { return slot.field }
        let isSame = slot.field.withName { $0.equalsIgnoringCase(bytes.extracting(name)) }
        return isSame ? slot.field : .other
    }
}

extension KnownField {
    /// Lends the bytes of ``name``.
    func withName<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        let text = name
        return unsafe body(Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
