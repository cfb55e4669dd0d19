internal import Bytes

/// The first line of a head; a trailer section has none.
protocol StartLine {
    /// The line arrived: `line` begins where the head begins and has no line end.
    mutating func parse(_ line: Span<UInt8>) throws(HTTP1Error)
    /// What is said when the line passes its limit.
    static var tooLong: HTTP1Error { get }
}

/// Reads a head, or a trailer section, from pieces of any size into ``Fields``.
///
/// A head that is whole in one piece is parsed where it lies and copied once. Otherwise its pieces are kept, and only
/// the line that a piece completes is looked at again.
struct HeadReader<Line: StartLine> {
    enum Phase {
        /// Nothing but perhaps one empty line has come (RFC 9112, section 2.2).
        case fresh
        case carriageReturnBefore
        case emptyLineBefore
        case startLine
        case fields
    }

    private(set) var phase = Phase.fresh
    /// Where the current line begins, counted from the head's beginning.
    private var lineStart = 0
    /// Where the field section begins, likewise.
    private var sectionStart = 0
    private var maximumLine: Int
    private var maximumSection: Int
    private var maximumFields: Int

    /// - Parameters:
    ///   - hasStartLine: false for trailers.
    ///   - skipsEmptyLine: whether one empty line may precede the start line; requests only.
    init(
        maximumLine: Int, maximumSection: Int, maximumFields: Int, hasStartLine: Bool = true,
        skipsEmptyLine: Bool = true
    ) {
        self.maximumLine = maximumLine
        self.maximumSection = maximumSection
        self.maximumFields = maximumFields
        if !hasStartLine {
            phase = .fields
        } else if !skipsEmptyLine {
            phase = .emptyLineBefore
        }
    }

    /// True while no byte of the head itself has come.
    var isFresh: Bool { phase == .fresh || phase == .carriageReturnBefore || phase == .emptyLineBefore }

    /// Reads on.
    ///
    /// Answers how much was consumed and whether the section is complete, its empty line included.
    mutating func read(
        _ bytes: Span<UInt8>, line: inout Line, into fields: inout Fields
    ) throws(HTTP1Error) -> (consumed: Int, isComplete: Bool) {
        let begin = isFresh ? try skipEmptyLine(bytes) : 0
        if isFresh { return (begin, false) }
        return fields.storage.isEmpty
            ? try readInPlace(bytes, from: begin, &line, &fields) : try readOn(bytes, from: begin, &line, &fields)
    }

    /// One empty line before a request line is ignored: old clients send one after a body.
    private mutating func skipEmptyLine(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Int {
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            switch phase {
            case .fresh where byte == 0x0D: phase = .carriageReturnBefore
            case .carriageReturnBefore:
                guard byte == 0x0A else { throw .bareCarriageReturn }
                phase = .emptyLineBefore
            default:
                phase = .startLine
                return at
            }
            at &+= 1
        }
        return at
    }

    private mutating func readInPlace(
        _ bytes: Span<UInt8>, from base: Int, _ line: inout Line, _ fields: inout Fields
    ) throws(HTTP1Error) -> (consumed: Int, isComplete: Bool) {
        var at = base
        while let end = try Self.lineEnd(bytes, from: at) {
            let isLast = try take(bytes, at..<end, base: base, &line, &fields.index)
            at = end &+ 2
            if isLast {
                fields.storage.append(bytes.extracting(base..<at))
                return (at, true)
            }
        }
        fields.storage.append(bytes.extracting(base..<bytes.count))
        try checkSize(of: fields.storage.count)
        return (bytes.count, false)
    }

    private mutating func readOn(
        _ bytes: Span<UInt8>, from begin: Int, _ line: inout Line, _ fields: inout Fields
    ) throws(HTTP1Error) -> (consumed: Int, isComplete: Bool) {
        var at = begin
        while let lineFeed = bytes.firstIndex(of: 0x0A, from: at) {
            fields.storage.append(bytes.extracting(at..<(lineFeed &+ 1)))
            at = lineFeed &+ 1
            // The line feed is the last byte there is, so the scan ends at its carriage return or throws.
            guard let end = try Self.lineEnd(fields.storage.bytes, from: lineStart) else { throw .bareLineFeed }
            var index = fields.lendIndex()
            defer { fields.takeBack(&index) }
            if try take(fields.storage.bytes, lineStart..<end, base: 0, &line, &index) { return (at, true) }
        }
        fields.storage.append(bytes.extracting(at..<bytes.count))
        try checkSize(of: fields.storage.count)
        return (bytes.count, false)
    }

    /// Takes one line, its line end following it in `bytes`; true when it was the empty one that ends the section.
    private mutating func take(
        _ bytes: Span<UInt8>, _ range: Range<Int>, base: Int, _ line: inout Line, _ index: inout FieldIndex
    ) throws(HTTP1Error) -> Bool {
        let next = range.upperBound &+ 2 &- base
        lineStart = next
        if phase == .startLine {
            if range.count > maximumLine { throw Line.tooLong }
            // A second empty line fails here: it is no start line.
            try line.parse(bytes.extracting(range))
            phase = .fields
            sectionStart = next
            index.linesStart = next
            index.linesEnd = next
            return false
        }
        if next &- sectionStart > maximumSection { throw .headerTooLarge }
        if range.isEmpty { return true }
        if index.entries.count >= maximumFields { throw .tooManyFields }
        try index.read(bytes, line: range, base: base)
        index.linesEnd = next
        return false
    }

    /// Memory stays bounded while a line is incomplete, too.
    private func checkSize(of count: Int) throws(HTTP1Error) {
        if phase == .startLine {
            if count > maximumLine &+ 2 { throw Line.tooLong }
        } else if count &- sectionStart > maximumSection {
            throw .headerTooLarge
        }
    }

    /// The end of the line that begins at `from`, before its CR LF; nil while it has not come.
    ///
    /// RFC 9112, section 2.2: a bare CR is invalid. A bare LF we refuse as well: half of all smuggling is two readers
    /// that disagree on where a line ends. RFC 9110, section 5.5: no other control but HTAB.
    static func lineEnd(_ bytes: Span<UInt8>, from: Int) throws(HTTP1Error) -> Int? {
        var at = ByteScan.firstControl(bytes, from: from)
        while at < bytes.count {
            switch bytes[at] {
            case 0x09:
                at = ByteScan.firstControl(bytes, from: at &+ 1)
            case 0x0D:
                if at &+ 1 == bytes.count { return nil }
                guard bytes[at &+ 1] == 0x0A else { throw .bareCarriageReturn }
                return at
            case 0x0A: throw .bareLineFeed
            default: throw .forbiddenByte
            }
        }
        return nil
    }
}
