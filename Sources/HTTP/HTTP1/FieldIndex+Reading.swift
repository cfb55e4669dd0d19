internal import Bytes

extension FieldIndex {
    /// Indexes one received field line.
    ///
    /// `line` is its place in `bytes`, without its CR LF, which follows it there; it holds no control but HTAB. `base` is
    /// where the head begins in `bytes`: entries count from there.
    mutating func read(_ bytes: Span<UInt8>, line: Range<Int>, base: Int) throws(HTTP1Error) {
        let start = line.lowerBound
        var flags: FieldFlags = []
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

        var valueStart = nameEnd &+ 2
        var valueEnd = line.upperBound
        if valueStart < valueEnd, bytes[nameEnd &+ 1] == 0x20, bytes[valueStart] > 0x20, bytes[valueEnd &- 1] > 0x20 {
            flags.insert(.canonical)
        } else {
            valueStart = nameEnd &+ 1
            trim(bytes, &valueStart, &valueEnd, &flags)
        }
        let known = flags.contains(.underscore) ? KnownField.other : KnownField(bytes, start..<nameEnd)
        note(
            FieldEntry(
                nameStart: start &- base, nameCount: nameEnd &- start, known: known, flags: flags,
                valueStart: valueStart &- base, valueCount: valueEnd &- valueStart))
    }

    /// Moves the borders of a value past the whitespace around it (RFC 9110, section 5.5).
    private func trim(_ bytes: Span<UInt8>, _ start: inout Int, _ end: inout Int, _ flags: inout FieldFlags) {
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 {
            if bytes[start] == 0x09 { flags.insert(.tabBesideValue) }
            start &+= 1
        }
        while start < end, bytes[end &- 1] == 0x20 || bytes[end &- 1] == 0x09 {
            if bytes[end &- 1] == 0x09 { flags.insert(.tabBesideValue) }
            end &-= 1
        }
    }
}
