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
    /// Up to where the kept bytes were looked at, likewise.
    private var scanned = 0
    /// Where the field section begins, likewise.
    private var sectionStart = 0
    private var maximumLine: Int
    private var maximumSection: Int
    private var maximumFields: Int

    /// A reader for a section with these limits; trailers have no start line, and only before a request may there be an
    /// empty line.
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
        try keep(fields)
        return (bytes.count, false)
    }

    private mutating func readOn(
        _ bytes: Span<UInt8>, from begin: Int, _ line: inout Line, _ fields: inout Fields
    ) throws(HTTP1Error) -> (consumed: Int, isComplete: Bool) {
        var at = begin
        while at < bytes.count {
            // Not beyond this line, so that nothing behind the head is copied.
            let next = bytes.firstIndex(of: 0x0A, from: at).map { $0 &+ 1 } ?? bytes.count
            fields.storage.append(bytes.extracting(at..<next))
            at = next
            guard let end = try Self.lineEnd(fields.storage.bytes, from: scanned) else {
                try keep(fields)
                continue
            }
            scanned = end &+ 2
            var index = fields.lendIndex()
            defer { fields.takeBack(&index) }
            if try take(fields.storage.bytes, lineStart..<end, base: 0, &line, &index) { return (at, true) }
        }
        return (bytes.count, false)
    }

    /// Waits for the rest of a line; what was scanned of it is not scanned again, and its size is bounded already.
    private mutating func keep(_ fields: borrowing Fields) throws(HTTP1Error) {
        let count = fields.storage.count
        // Whether a carriage return is a bare one is seen at the next byte.
        scanned = count > 0 && fields.storage.bytes[count &- 1] == 0x0D ? count &- 1 : count
        if phase == .startLine {
            if count > maximumLine &+ 2 { throw Line.tooLong }
        } else if count &- sectionStart > maximumSection {
            throw .headerTooLarge
        }
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
        if index.count >= maximumFields { throw .tooManyFields }
        try index.read(bytes, line: range, base: base)
        index.linesEnd = next
        return false
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
