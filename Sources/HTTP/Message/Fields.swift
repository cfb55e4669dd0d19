public import Bytes

/// Field lines with an index.
///
/// For a received head the bytes are the head as it came, copied once; for one that will be sent they are the lines as
/// they will leave. Cleared and used again, it takes no memory after the largest head it has held.
@usableFromInline
package struct Fields: ~Copyable {
    /// The head with its start line, or the lines alone.
    @usableFromInline var storage = ByteBuffer()
    @usableFromInline var index = FieldIndex()
    /// The line that `begin` opened and ``end()`` has not closed.
    var open: FieldEntry?

    package init() {}

    /// Empties everything and keeps the memory.
    package mutating func clear() {
        storage.clear()
        index.clear()
        open = nil
    }

    /// Gives the memory back as well.
    package mutating func release() {
        storage.release()
        index.release()
        open = nil
    }

    /// Field lines, not counting those of ``appendRaw(lines:)``.
    @inlinable package var count: Int { index.count }
    /// True when there is no line at all.
    @inlinable package var isEmpty: Bool { index.linesEnd == index.linesStart }
    /// Which known fields are there.
    @inlinable package var present: KnownFieldSet { index.present }
    /// Which known fields are there more than once.
    @inlinable package var repeated: KnownFieldSet { index.repeated }

    /// The name of line `position`, in the letters in which it was written.
    @inlinable @inline(__always) @_lifetime(borrow self)
    package func name(_ position: Int) -> Span<UInt8> {
        storage.bytes.extracting(index.table[position].name)
    }

    /// The value of line `position`, without whitespace around it.
    @inlinable @inline(__always) @_lifetime(borrow self)
    package func value(_ position: Int) -> Span<UInt8> {
        storage.bytes.extracting(index.table[position].value)
    }

    /// Which field line `position` is.
    @inlinable package func known(_ position: Int) -> KnownField { index.table[position].known }

    /// True when the name of line `position` holds a `_`, which some upstreams fold to `-` (G34): drop it by default.
    @inlinable package func hasUnderscore(_ position: Int) -> Bool { index.table[position].flags.contains(.underscore) }

    /// The first line with this known name.
    @inlinable package func first(_ field: KnownField) -> Int? { index.next(field, from: 0) }

    /// The first line with this known name at or after `from`.
    @inlinable package func next(_ field: KnownField, from: Int) -> Int? { index.next(field, from: from) }

    /// The first line whose name equals `lowercase` in any letter case; for names that are not in ``KnownField``.
    package func first(named lowercase: StaticString, from: Int = 0) -> Int? {
        var position = from
        while position < count {
            if name(position).equalsIgnoringCase(lowercase) { return position }
            position &+= 1
        }
        return nil
    }

    @inlinable package func contains(_ field: KnownField) -> Bool { index.present.contains(field) }

    /// How many lines have this known name.
    package func count(of field: KnownField) -> Int {
        guard index.present.contains(field) else { return 0 }
        guard index.repeated.contains(field) else { return 1 }
        var found = 0
        for position in 0..<count where known(position) == field { found += 1 }
        return found
    }

    /// The value of the first line with this known name.
    @inlinable @inline(__always) @_lifetime(borrow self)
    package func value(of field: KnownField) -> Span<UInt8>? {
        guard let position = first(field) else { return nil }
        return value(position)
    }

    /// The field lines, each with its line end; no empty line behind them.
    package var lines: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.bytes.extracting(index.linesStart..<index.linesEnd) }
    }

    /// Hands the index out, so that it can change while the bytes are borrowed; ``takeBack(_:)`` must follow.
    mutating func lendIndex() -> FieldIndex {
        var lent = FieldIndex()
        swap(&lent, &index)
        return lent
    }

    mutating func takeBack(_ lent: inout FieldIndex) {
        swap(&lent, &index)
    }

    /// Makes this a copy of `other`, to keep a head that must be sent again.
    package mutating func copyContents(of other: borrowing Fields) {
        clear()
        storage.append(other.storage.bytes)
        index.copyContents(of: other.index)
    }
}
