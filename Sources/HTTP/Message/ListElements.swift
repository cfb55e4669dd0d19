internal import Bytes

/// The elements of a comma-separated list (RFC 9110, section 5.6.1), whitespace around them removed; empty ones come as
/// empty ranges, since whether they are tolerable is the caller's question.
///
/// No quoted strings.
struct ListElements: ~Escapable {
    private let bytes: Span<UInt8>
    private var at = 0
    private var isDone = false

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    mutating func next() -> Range<Int>? {
        if isDone { return nil }
        let comma = bytes.firstIndex(of: UInt8(ascii: ","), from: at)
        var start = at
        var end = comma ?? bytes.count
        at = end + 1
        isDone = comma == nil
        while start < end, Self.isWhitespace(bytes[start]) { start += 1 }
        while start < end, Self.isWhitespace(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
