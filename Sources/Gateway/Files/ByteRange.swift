private import Bytes

/// What a `Range` field asks for (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// Everything: no range, several of them, another unit, or one that cannot be read.
    case whole
    case part(Range<Int>)
    /// 416.
    case unsatisfiable

    init(_ value: Span<UInt8>, size: Int) {
        self = Self.read(value, size)
    }

    private static func read(_ value: Span<UInt8>, _ size: Int) -> ByteRange {
        let unit = 6
        guard value.count > unit, value.extracting(0..<unit).equalsIgnoringCase("bytes="),
            value.firstIndex(of: UInt8(ascii: ",")) == nil,
            let dash = value.firstIndex(of: UInt8(ascii: "-"), from: unit)
        else { return .whole }
        let first = value.extracting(unit..<dash)
        let last = value.extracting((dash + 1)..<value.count)
        if first.isEmpty {
            guard let suffix = number(last) else { return .whole }
            if suffix == 0 || size == 0 { return .unsatisfiable }
            return .part(max(0, size - suffix)..<size)
        }
        guard let start = number(first) else { return .whole }
        let end: Int
        if last.isEmpty {
            end = size
        } else {
            guard let given = number(last), given >= start else { return .whole }
            end = min(size, given == .max ? .max : given + 1)
        }
        return start < size ? .part(start..<end) : .unsatisfiable
    }

    /// Decimal digits; what does not fit is as good as endless.
    private static func number(_ text: Span<UInt8>) -> Int? {
        if text.isEmpty { return nil }
        var value = 0
        for index in text.indices {
            let digit = text[index] &- 48
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(Int(digit))
            value = overflow || more ? .max : sum
            if value == .max { continue }
        }
        return value
    }
}
