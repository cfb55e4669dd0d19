/// A set of known fields in two words.
@usableFromInline
package struct KnownFieldSet: Sendable, Equatable, ExpressibleByArrayLiteral {
    @usableFromInline var low: UInt64 = 0
    @usableFromInline var high: UInt64 = 0

    @inlinable package init() {}

    @inlinable package init(arrayLiteral fields: KnownField...) {
        for field in fields { insert(field) }
    }

    /// A few fields, worked out by the compiler: a set made of a list is made at run time, and asked for by a call.
    @inlinable @inline(__always)
    package init(
        _ a: KnownField, _ b: KnownField = .other, _ c: KnownField = .other, _ d: KnownField = .other,
        _ e: KnownField = .other
    ) {
        insert(a)
        if b != .other { insert(b) }
        if c != .other { insert(c) }
        if d != .other { insert(d) }
        if e != .other { insert(e) }
    }

    @inlinable @inline(__always) package mutating func insert(_ field: KnownField) {
        let bit = UInt64(1) &<< UInt64(field.number)
        if field.number < 64 { low |= bit } else { high |= bit }
    }

    /// Inserts `field`, and into `repeated` as well when it was there already.
    @inline(__always)
    mutating func insert(_ field: KnownField, repetitions repeated: inout KnownFieldSet) {
        let bit = UInt64(1) &<< UInt64(field.number)
        if field.number < 64 {
            repeated.low |= low & bit
            low |= bit
        } else {
            repeated.high |= high & bit
            high |= bit
        }
    }

    @inlinable package func contains(_ field: KnownField) -> Bool {
        ((field.number < 64 ? low : high) &>> UInt64(field.number)) & 1 == 1
    }

    @inlinable package func union(_ other: KnownFieldSet) -> KnownFieldSet {
        var result = self
        result.low |= other.low
        result.high |= other.high
        return result
    }

    @inlinable package func subtracting(_ other: KnownFieldSet) -> KnownFieldSet {
        var result = self
        result.low &= ~other.low
        result.high &= ~other.high
        return result
    }

    @inlinable package func intersects(_ other: KnownFieldSet) -> Bool {
        low & other.low | high & other.high != 0
    }

    @inlinable package var isEmpty: Bool { low | high == 0 }

    @inlinable package mutating func removeAll() {
        low = 0
        high = 0
    }
}

extension KnownField {
    /// The raw value without the table that the synthesized getter asks.
    @inlinable package var number: UInt8 { unsafe unsafeBitCast(self, to: UInt8.self) }

    /// Compares the raw values; the synthesized one is a call from other modules, and fields are compared by the dozen.
    @inlinable package static func == (a: KnownField, b: KnownField) -> Bool { a.number == b.number }
}
