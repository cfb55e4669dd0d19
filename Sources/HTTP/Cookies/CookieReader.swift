internal import Bytes

/// The cookies of a request: all its `Cookie` lines, read as one joined by `; ` (RFC 9113, section 8.2.3).
///
/// Octets, not text; names are compared exactly (E6). Values come as they stand, quotes included. A part without `=` is a
/// cookie without a name.
package struct CookieReader: ~Escapable {
    /// More pairs than browsers keep for a site (180).
    ///
    /// Beyond it nothing is found: a lookup must not be a lever.
    package static let mostPairs = 512

    private let bytes: Span<UInt8>
    private let entries: Span<FieldEntry>
    /// Where to look for the next line, and where there is none any more.
    private var line: Int
    private var lines: Int
    private var at = 0
    private var end = 0

    @_lifetime(borrow fields)
    package init(_ fields: borrowing Fields) {
        bytes = fields.storage.bytes
        entries = fields.index.table.entries
        line = fields.first(.cookie) ?? 0
        lines = fields.contains(.cookie) ? entries.count : 0
        // Browsers send one.
        if !fields.repeated.contains(.cookie) { lines = min(lines, line + 1) }
    }

    /// The next pair, or nil; parts that are empty are skipped.
    @_lifetime(copy self)
    package mutating func next() -> Cookie? {
        guard let place = nextPlace() else { return nil }
        return Cookie(
            pair: bytes.extracting(place.pair), name: bytes.extracting(place.name),
            value: bytes.extracting(value(place)))
    }

    /// Where a pair stands.
    private struct Place {
        var pair: Range<Int>
        /// Empty for a part without `=`.
        var name: Range<Int>
        /// Where the value begins, whitespace before it included.
        var valueStart: Int
    }

    private mutating func nextPlace() -> Place? {
        while true {
            while at < end {
                let start = at
                let stop = bytes.firstIndex(of: UInt8(ascii: ";"), in: start..<end) ?? end
                at = stop + 1
                let pair = Self.trimmed(bytes, start..<stop)
                if pair.isEmpty { continue }
                guard let equals = bytes.firstIndex(of: UInt8(ascii: "="), in: pair) else {
                    return Place(pair: pair, name: 0..<0, valueStart: pair.lowerBound)
                }
                return Place(
                    pair: pair, name: Self.trimmed(bytes, pair.lowerBound..<equals), valueStart: equals + 1)
            }
            while line < lines, entries[line].known != .cookie { line += 1 }
            guard line < lines else { return nil }
            at = entries[line].value.lowerBound
            end = entries[line].value.upperBound
            line += 1
        }
    }

    private func value(_ place: Place) -> Range<Int> {
        Self.trimmed(bytes, place.valueStart..<place.pair.upperBound)
    }

    @_lifetime(copy bytes)
    static func trimmed(_ bytes: Span<UInt8>) -> Span<UInt8> { bytes.extracting(trimmed(bytes, 0..<bytes.count)) }

    /// `range` of `bytes` without the blanks around it.
    static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        if start < end, bytes[start] > 0x20, bytes[end - 1] > 0x20 { return range }
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while start < end, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }

    /// Looks `name` up in the whole request.
    ///
    /// Twice is ``CookieMatch/several``, whatever the values: which of them counts would depend on an order that an
    /// attacker on a sibling host can choose (E7). So are more than ``mostPairs`` pairs.
    @_lifetime(copy self)
    package func find(_ name: Span<UInt8>) -> CookieMatch {
        var reader = self
        var found = CookieMatch.none
        var pairs = 0
        while let place = reader.nextPlace() {
            pairs += 1
            if pairs > Self.mostPairs { return .several }
            guard place.name.count == name.count, bytes.extracting(place.name).equals(name) else { continue }
            if case .none = found { found = .one(bytes.extracting(value(place))) } else { return .several }
        }
        return found
    }

    /// Appends to `output` one `Cookie` line with all pairs but those whose name `isRemoved`; none when nothing is left
    /// (E11).
    package func copyOthers(
        into output: inout Fields, removing isRemoved: (_ name: Span<UInt8>) -> Bool
    ) {
        var reader = self
        output.begin(.cookie)
        while let place = reader.nextPlace() {
            if isRemoved(bytes.extracting(place.name)) { continue }
            if output.openCount > 0 { output.extend("; ") }
            output.extend(bytes.extracting(place.pair))
        }
        if output.openCount == 0 { output.cancel() } else { output.end() }
    }
}

/// One pair of a `Cookie` line.
package struct Cookie: ~Escapable {
    /// Name, `=` and value as they stand.
    package let pair: Span<UInt8>
    /// Empty for a part without `=`.
    package let name: Span<UInt8>
    package let value: Span<UInt8>

    @_lifetime(copy pair, copy name, copy value)
    init(pair: Span<UInt8>, name: Span<UInt8>, value: Span<UInt8>) {
        self.pair = pair
        self.name = name
        self.value = value
    }
}

/// What ``CookieReader/find(_:)`` found.
package enum CookieMatch: ~Escapable {
    case none
    case one(Span<UInt8>)
    /// Not to be believed, and worth a log line.
    case several
}
