/// A set of known fields in two words.
package struct KnownFieldSet: Sendable, Equatable, ExpressibleByArrayLiteral {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    package init() {}

    package init(arrayLiteral fields: KnownField...) {
        for field in fields { insert(field) }
    }

    package mutating func insert(_ field: KnownField) {
        let bit = UInt64(1) << UInt64(field.rawValue & 63)
        if field.rawValue < 64 { low |= bit } else { high |= bit }
    }

    package func contains(_ field: KnownField) -> Bool {
        ((field.rawValue < 64 ? low : high) >> UInt64(field.rawValue & 63)) & 1 == 1
    }

    package func union(_ other: KnownFieldSet) -> KnownFieldSet {
        var result = self
        result.low |= other.low
        result.high |= other.high
        return result
    }

    package func subtracting(_ other: KnownFieldSet) -> KnownFieldSet {
        var result = self
        result.low &= ~other.low
        result.high &= ~other.high
        return result
    }

    package func intersects(_ other: KnownFieldSet) -> Bool {
        low & other.low | high & other.high != 0
    }

    package var isEmpty: Bool { low | high == 0 }

    package mutating func removeAll() {
        low = 0
        high = 0
    }
}
