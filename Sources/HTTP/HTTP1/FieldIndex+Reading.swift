internal import Bytes

extension FieldIndex {
    /// Indexes one received field line.
    ///
    /// - Parameters:
    ///   - line: the line inside `bytes`, without its CR LF, which follows it there; it holds no control but HTAB.
    ///   - base: where the head begins in `bytes`; entries count from there.
    mutating func read(_ bytes: Span<UInt8>, line: Range<Int>, base: Int) throws(HTTP1Error) {
        let start = line.lowerBound
        var flags: Flags = []
        // RFC 9112, section 5: a token directly before the colon; obs-fold and whitespace before the colon are refused
        // (sections 5.1 and 5.2), since two readers may disagree on what they mean.
        var nameEnd = ByteScan.plainNameEnd(bytes, from: start)
        while bytes[nameEnd] != UInt8(ascii: ":") {
            let byte = bytes[nameEnd]
            guard nameEnd < line.upperBound else { throw .missingColon }
            guard Token.contains(byte) else {
                guard byte == 0x20 || byte == 0x09 else { throw .invalidFieldName }
                throw nameEnd == start ? .foldedLine : .whitespaceBeforeColon
            }
            if byte == UInt8(ascii: "_") { flags.insert(.underscore) }
            nameEnd = ByteScan.plainNameEnd(bytes, from: nameEnd &+ 1)
        }
        if nameEnd == start { throw .emptyFieldName }
        if nameEnd &- start > Int(UInt16.max) { throw .headerTooLarge }

        var valueStart = nameEnd &+ 1
        var valueEnd = line.upperBound
        while valueStart < valueEnd, let isTab = whitespace(bytes[valueStart]) {
            if isTab { flags.insert(.tabBesideValue) }
            valueStart &+= 1
        }
        while valueStart < valueEnd, let isTab = whitespace(bytes[valueEnd &- 1]) {
            if isTab { flags.insert(.tabBesideValue) }
            valueEnd &-= 1
        }
        if valueStart == nameEnd &+ 2, valueEnd == line.upperBound, bytes[nameEnd &+ 1] == 0x20 {
            flags.insert(.canonical)
        }
        let known = flags.contains(.underscore) ? KnownField.other : KnownField(bytes.extracting(start..<nameEnd))
        note(
            Entry(
                nameStart: UInt32(truncatingIfNeeded: start &- base), nameCount: UInt16(nameEnd &- start), known: known,
                flags: flags, valueStart: UInt32(truncatingIfNeeded: valueStart &- base),
                valueCount: UInt32(truncatingIfNeeded: valueEnd &- valueStart)))
    }

    /// Nil when `byte` is no whitespace, else whether it is a tab.
    private func whitespace(_ byte: UInt8) -> Bool? {
        byte == 0x20 ? false : byte == 0x09 ? true : nil
    }
}
