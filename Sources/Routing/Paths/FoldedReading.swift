import Bytes

/// The path as a careless upstream compares it: without regard to case, to dots and spaces at the end of a segment, and to
/// full-width forms (G72).
enum FoldedReading {
    /// Writes the folded form of a canonical path over `folded`.
    ///
    /// - Returns: how much of it is left where a second parser sees a query or a fragment begin (`%3F`, `%23`); all of it
    ///   when there is neither.
    /// - Throws: a refusal when a segment is nothing but dots, or when folding makes a new percent-encoding.
    static func write(_ canonical: borrowing ByteBuffer, into folded: inout ByteBuffer) throws(PathRefusal) -> Int {
        let path = canonical.bytes
        folded.clear()
        folded.reserve(path.count)
        var segmentStart = 0
        var cut: Int?
        var index = 0
        while index < path.count {
            var byte = path[index]
            var width = 1
            if byte == PathReading.percent {
                guard let twin = plainTwin(in: path, at: index) else {
                    for offset in index..<min(index + 3, path.count) { folded.append(path[offset]) }
                    index += 3
                    continue
                }
                (byte, width) = twin
                let beginsEscape = byte == PathReading.percent && index + width < path.count
                if beginsEscape && ByteClass.hexadecimalValue(path[index + width]) != nil { throw .ambiguous }
            }
            index += width
            switch byte {
            case PathReading.slash, PathReading.backslash:
                try endSegment(from: segmentStart, of: &folded)
                let repeats = !folded.isEmpty && folded.bytes[folded.count - 1] == PathReading.slash
                if !repeats { folded.append(PathReading.slash) }
                segmentStart = folded.count
            case PathReading.questionMark, PathReading.numberSign:
                if cut == nil {
                    try endSegment(from: segmentStart, of: &folded)
                    cut = folded.count
                }
                folded.append(byte)
            default:
                folded.append(ByteClass.lowercase(byte))
            }
        }
        try endSegment(from: segmentStart, of: &folded)
        return cut ?? folded.count
    }

    /// Writes the folded form of a path that is plain but for capital letters.
    static func write(capitals path: Span<UInt8>, into folded: inout ByteBuffer) {
        folded.clear()
        folded.reserve(path.count)
        for index in path.indices { folded.append(ByteClass.lowercase(path[index])) }
    }

    /// What the percent-encoded character at `index` is taken for, if not for itself.
    private static func plainTwin(in path: Span<UInt8>, at index: Int) -> (byte: UInt8, width: Int)? {
        guard let octet = Lookalike.octet(in: path, at: index) else { return nil }
        switch octet {
        case PathReading.space, PathReading.questionMark, PathReading.numberSign: return (octet, 3)
        case 0x80...: return Lookalike.twin(in: path, at: index)
        default: return nil
        }
    }

    /// Takes dots and spaces off the segment's end.
    private static func endSegment(from start: Int, of folded: inout ByteBuffer) throws(PathRefusal) {
        var sawDot = false
        while folded.count > start {
            let last = folded.bytes[folded.count - 1]
            guard last == PathReading.dot || last == PathReading.space else { return }
            sawDot = sawDot || last == PathReading.dot
            folded.removeLast(1)
        }
        if sawDot { throw .dotSegment }
    }
}
