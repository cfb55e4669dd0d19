/// Where one field line is, and what is known about it.
@usableFromInline
struct FieldEntry {
    @usableFromInline var nameStart: UInt32
    @usableFromInline var nameCount: UInt16
    @usableFromInline var known: KnownField
    @usableFromInline var flags: FieldFlags
    @usableFromInline var valueStart: UInt32
    @usableFromInline var valueCount: UInt32

    init(
        nameStart: Int, nameCount: Int, known: KnownField, flags: FieldFlags, valueStart: Int, valueCount: Int
    ) {
        self.nameStart = UInt32(truncatingIfNeeded: nameStart)
        self.nameCount = UInt16(truncatingIfNeeded: nameCount)
        self.known = known
        self.flags = flags
        self.valueStart = UInt32(truncatingIfNeeded: valueStart)
        self.valueCount = UInt32(truncatingIfNeeded: valueCount)
    }

    @inlinable var nameEnd: Int { Int(nameStart) &+ Int(nameCount) }
    @inlinable var valueEnd: Int { Int(valueStart) &+ Int(valueCount) }
    @inlinable var name: Range<Int> { Int(nameStart)..<nameEnd }
    @inlinable var value: Range<Int> { Int(valueStart)..<valueEnd }
}

/// What a field line's bytes told when they were read.
@usableFromInline
struct FieldFlags: OptionSet {
    @usableFromInline let rawValue: UInt8
    @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The name holds a `_` (G34).
    @inlinable static var underscore: FieldFlags { FieldFlags(rawValue: 1 << 0) }
    /// Named by a `Connection` option, or otherwise meant for this connection alone (G31).
    @inlinable static var connectionOption: FieldFlags { FieldFlags(rawValue: 1 << 1) }
    /// Written as `Name: value` CR LF, with one space and nothing behind the value, so that it can be copied whole.
    @inlinable static var canonical: FieldFlags { FieldFlags(rawValue: 1 << 2) }
    /// A horizontal tab stood beside the value.
    @inlinable static var tabBesideValue: FieldFlags { FieldFlags(rawValue: 1 << 3) }
}
