internal import Bytes

extension Fields {
    /// True when `value` may stand in a field line: SP, HTAB, visible ASCII and bytes above it, nothing else (G36).
    package static func isValid(value: Span<UInt8>) -> Bool {
        var at = ByteScan.firstControl(value, from: 0)
        while at < value.count {
            if value[at] != 0x09 { return false }
            at = ByteScan.firstControl(value, from: at &+ 1)
        }
        return true
    }

    /// True when `name` may be a field name (RFC 9110, section 5.1).
    package static func isValid(name: Span<UInt8>) -> Bool {
        name.count <= Int(UInt16.max) && Token.isToken(name)
    }

    // MARK: Whole lines

    /// Appends `Name: value` CR LF.
    ///
    /// The value must be valid (``isValid(value:)``): a line break in it would be somebody's header injection, so it traps
    /// rather than leaves (G36). Whoever writes text from outside asks first.
    package mutating func append(_ field: KnownField, _ value: Span<UInt8>) {
        begin(field)
        extend(value)
        end()
    }

    package mutating func append(_ name: StaticString, _ value: Span<UInt8>) {
        begin(name)
        extend(value)
        end()
    }

    package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        begin(name: name)
        extend(value)
        end()
    }

    package mutating func append(_ field: KnownField, utf8 value: String) {
        begin(field)
        extend(utf8: value)
        end()
    }

    package mutating func append(_ name: StaticString, utf8 value: String) {
        begin(name)
        extend(utf8: value)
        end()
    }

    package mutating func append(_ field: KnownField, text value: StaticString) {
        begin(field)
        extend(value)
        end()
    }

    package mutating func append(_ name: StaticString, text value: StaticString) {
        begin(name)
        extend(value)
        end()
    }

    package mutating func append(_ field: KnownField, decimal value: Int) {
        begin(field)
        extend(decimal: value)
        end()
    }

    package mutating func append(_ name: StaticString, decimal value: Int) {
        begin(name)
        extend(decimal: value)
        end()
    }

    /// For cold code and text from outside: appends the line and says true, or appends nothing.
    package mutating func appendIfValid(name: String, value: String) -> Bool {
        guard Self.isValid(name: name.utf8Span.span), Self.isValid(value: value.utf8Span.span) else { return false }
        append(name: name.utf8Span.span, value: value.utf8Span.span)
        return true
    }

    /// Appends lines that a trusted place rendered ahead, each `Name: value` CR LF.
    ///
    /// They are not indexed, so they must not be framing or connection fields.
    package mutating func appendRaw(lines: Span<UInt8>) {
        precondition(open == nil, "a line is open")
        precondition(
            lines.isEmpty || (lines.count >= 2 && lines[lines.count - 2] == 0x0D && lines[lines.count - 1] == 0x0A),
            "raw lines end with a line end")
        storage.append(lines)
        index.linesEnd = storage.count
    }

    /// Appends line `position` of `other`, in canonical form (G20).
    package mutating func copy(_ position: Int, of other: borrowing Fields) {
        precondition(open == nil, "a line is open")
        var entry = other.index.table[position]
        let nameStart = storage.count
        if entry.flags.contains(.canonical) {
            storage.append(other.storage.bytes.extracting(Int(entry.nameStart)..<(entry.valueEnd &+ 2)))
        } else {
            storage.append(other.name(position))
            storage.append(": ")
            storage.append(other.value(position))
            storage.append("\r\n")
        }
        entry.valueStart = UInt32(nameStart) &+ UInt32(entry.nameCount) &+ 2
        entry.nameStart = UInt32(nameStart)
        entry.flags.insert(.canonical)
        entry.flags.remove([.connectionOption, .tabBesideValue])
        index.note(entry)
        index.linesEnd = storage.count
    }

    // MARK: A line in pieces

    /// Opens a line; `extend` writes its value, ``end()`` closes it.
    package mutating func begin(_ field: KnownField) {
        precondition(field != .other, "an unknown field has no name")
        open(known: field) { storage in storage.append(field.name) }
    }

    package mutating func begin(_ name: StaticString) {
        unsafe begin(name: Span(_unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    package mutating func begin(name: Span<UInt8>) {
        precondition(Self.isValid(name: name), "not a field name")
        open(known: KnownField(name)) { storage in storage.append(name) }
    }

    private mutating func open(known: KnownField, _ writeName: (inout ByteBuffer) -> Void) {
        precondition(open == nil, "a line is open")
        let start = storage.count
        writeName(&storage)
        let nameCount = storage.count &- start
        storage.append(": ")
        open = FieldEntry(
            nameStart: start, nameCount: nameCount, known: known, flags: .canonical, valueStart: storage.count,
            valueCount: 0)
    }

    package mutating func extend(_ bytes: Span<UInt8>) { storage.append(bytes) }
    package mutating func extend(_ text: StaticString) { storage.append(text) }
    package mutating func extend(utf8 text: String) { storage.append(utf8: text) }
    package mutating func extend(decimal value: Int) { storage.append(decimal: value) }

    /// Bytes of the open line's value so far.
    package var openCount: Int { open.map { storage.count &- Int($0.valueStart) } ?? 0 }

    /// Closes the open line.
    package mutating func end() {
        guard var entry = open else { preconditionFailure("no line is open") }
        entry.valueCount = UInt32(storage.count &- Int(entry.valueStart))
        precondition(
            Self.isValid(value: storage.bytes.extracting(Int(entry.valueStart)..<entry.valueEnd)),
            "a control character in a field value")
        storage.append("\r\n")
        open = nil
        index.note(entry)
        index.linesEnd = storage.count
    }

    /// Takes the open line back.
    package mutating func cancel() {
        guard let entry = open else { preconditionFailure("no line is open") }
        storage.removeLast(storage.count &- Int(entry.nameStart))
        open = nil
    }
}
