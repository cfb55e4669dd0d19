/// Where the names and values of a message's field lines are, and what is known about each.
///
/// Apart from the bytes, so that the bytes can be read while the index grows.
struct FieldIndex {
    struct Entry {
        var nameStart: UInt32
        var nameCount: UInt16
        var known: KnownField
        var flags: Flags
        var valueStart: UInt32
        var valueCount: UInt32

        var nameEnd: Int { Int(nameStart) &+ Int(nameCount) }
        var valueEnd: Int { Int(valueStart) &+ Int(valueCount) }
        var name: Range<Int> { Int(nameStart)..<nameEnd }
        var value: Range<Int> { Int(valueStart)..<valueEnd }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The name holds a `_` (G34).
        static let underscore = Flags(rawValue: 1 << 0)
        /// Named by a `Connection` option, or otherwise meant for this connection alone (G31).
        static let connectionOption = Flags(rawValue: 1 << 1)
        /// Written as `Name: value` CR LF, with one space and nothing behind the value, so that it can be copied whole.
        static let canonical = Flags(rawValue: 1 << 2)
        /// A horizontal tab stood beside the value.
        static let tabBesideValue = Flags(rawValue: 1 << 3)
    }

    var entries: [Entry] = []
    /// Where the field lines begin and end; what is written grows the end.
    var linesStart = 0
    var linesEnd = 0
    var present = KnownFieldSet()
    var repeated = KnownFieldSet()

    mutating func clear() {
        entries.removeAll(keepingCapacity: true)
        linesStart = 0
        linesEnd = 0
        present.removeAll()
        repeated.removeAll()
    }

    mutating func note(_ entry: Entry) {
        if entry.known != .other {
            if present.contains(entry.known) { repeated.insert(entry.known) } else { present.insert(entry.known) }
        }
        entries.append(entry)
    }

    /// The first line with this known name at or after `from`.
    func next(_ field: KnownField, from: Int) -> Int? {
        guard present.contains(field) else { return nil }
        var index = from
        while index < entries.count {
            if entries[index].known == field { return index }
            index &+= 1
        }
        return nil
    }

    mutating func copyContents(of other: borrowing FieldIndex) {
        clear()
        entries.append(contentsOf: other.entries)
        linesStart = other.linesStart
        linesEnd = other.linesEnd
        present = other.present
        repeated = other.repeated
    }
}
