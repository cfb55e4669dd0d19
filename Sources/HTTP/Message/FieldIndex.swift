/// Where the names and values of a message's field lines are, and what is known about each.
///
/// Apart from the bytes, so that the bytes can be read while the index grows.
@usableFromInline
struct FieldIndex: ~Copyable {
    @usableFromInline var table = FieldTable()
    /// Where the field lines begin and end; what is written grows the end.
    @usableFromInline var linesStart = 0
    @usableFromInline var linesEnd = 0
    @usableFromInline var present = KnownFieldSet()
    @usableFromInline var repeated = KnownFieldSet()

    init() {}

    @inlinable var count: Int { table.count }

    mutating func clear() {
        table.removeAll()
        linesStart = 0
        linesEnd = 0
        present.removeAll()
        repeated.removeAll()
    }

    mutating func release() {
        clear()
        table.release()
    }

    mutating func note(_ entry: FieldEntry) {
        count(entry.known)
        table.append(entry)
    }

    private mutating func count(_ known: KnownField) {
        if known == .other { return }
        present.insert(known, repetitions: &repeated)
    }

    /// The first line with this known name at or after `from`.
    @inlinable func next(_ field: KnownField, from: Int) -> Int? {
        guard present.contains(field) else { return nil }
        var position = from
        while position < table.count {
            if table[position].known == field { return position }
            position &+= 1
        }
        return nil
    }

    /// Forgets the lines that are not to be kept.
    mutating func keep(_ isKept: (FieldEntry) -> Bool) {
        var kept = 0
        present.removeAll()
        repeated.removeAll()
        for position in 0..<table.count {
            let entry = table[position]
            guard isKept(entry) else { continue }
            table[kept] = entry
            kept += 1
            count(entry.known)
        }
        table.truncate(to: kept)
    }

    mutating func copyContents(of other: borrowing FieldIndex) {
        clear()
        for position in 0..<other.table.count { table.append(other.table[position]) }
        linesStart = other.linesStart
        linesEnd = other.linesEnd
        present = other.present
        repeated = other.repeated
    }
}
