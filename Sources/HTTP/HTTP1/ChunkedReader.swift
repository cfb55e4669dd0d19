/// Chunked coding, byte by byte between the chunks and in whole pieces inside them (RFC 9112, section 7.1).
///
/// Stricter than the grammar where readers are known to disagree: no whitespace around sizes or extensions, no bare LF,
/// at most 16 digits (G10). Trailers are the engine's.
struct ChunkedReader {
    enum Found: Equatable {
        case needMore
        case data(Range<Int>)
        /// The line of the last chunk is over; the trailer section follows.
        case lastChunk
    }

    private enum State {
        case size
        case extensionName
        case extensionValue
        case quoted
        case quotedPair
        case afterQuoted
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case finished
    }

    private var state = State.size
    private var digits = 0
    private var remaining = 0
    private var lineCount = 0
    private var extensionCount = 0
    /// Bytes of the extension name or value that is being read.
    private var partCount = 0
    private let maximumLine: Int
    private let maximumExtensions: Int

    init(_ limits: HTTPLimits) {
        maximumLine = limits.chunkLine
        maximumExtensions = limits.chunkExtensions
    }

    /// Reads on from `from`; answers how far it came and what it found there.
    mutating func read(_ bytes: Span<UInt8>, from: Int) throws(HTTP1Error) -> (end: Int, found: Found) {
        var at = from
        while at < bytes.count {
            switch state {
            case .data:
                let count = Swift.min(remaining, bytes.count &- at)
                remaining &-= count
                if remaining == 0 { state = .dataCarriageReturn }
                return (at &+ count, .data(at..<(at &+ count)))
            case .dataCarriageReturn:
                guard bytes[at] == 0x0D else { throw .missingChunkEnd }
                state = .dataLineFeed
            case .dataLineFeed:
                guard bytes[at] == 0x0A else { throw .missingChunkEnd }
                beginLine()
            case .finished:
                return (at, .lastChunk)
            default:
                try readLine(bytes[at])
                if state == .finished { return (at &+ 1, .lastChunk) }
            }
            at &+= 1
        }
        return (at, .needMore)
    }

    private mutating func beginLine() {
        state = .size
        digits = 0
        remaining = 0
        lineCount = 0
    }

    private mutating func readLine(_ byte: UInt8) throws(HTTP1Error) {
        lineCount &+= 1
        if lineCount > maximumLine { throw .chunkLineTooLong }
        switch state {
        case .size: try readSize(byte)
        case .sizeLineFeed:
            guard byte == 0x0A else { throw .bareCarriageReturn }
            state = remaining == 0 ? .finished : .data
        default:
            extensionCount &+= 1
            if extensionCount > maximumExtensions { throw .chunkExtensionsTooLong }
            try readExtension(byte)
        }
    }

    private mutating func readSize(_ byte: UInt8) throws(HTTP1Error) {
        if let digit = hexadecimal(byte) {
            digits &+= 1
            // 16 digits fill 64 bits; more than `Int.max` would be negative.
            guard digits <= 16, remaining <= Int.max &>> 4 else { throw .invalidChunkSize }
            remaining = remaining &<< 4 | Int(digit)
            return
        }
        guard digits > 0 else { throw .invalidChunkSize }
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case 0x0A: throw .bareLineFeed
        case UInt8(ascii: ";"):
            state = .extensionName
            partCount = 0
        default: throw .invalidChunkSize
        }
    }

    /// `;name[=value]`, value a token or a quoted string; read to find the end of the line, and dropped.
    private mutating func readExtension(_ byte: UInt8) throws(HTTP1Error) {
        if state == .quoted || state == .quotedPair {
            guard byte == 0x09 || (byte >= 0x20 && byte != 0x7F) else { throw .invalidChunkExtension }
            if state == .quotedPair {
                state = .quoted
            } else if byte == UInt8(ascii: "\"") {
                state = .afterQuoted
            } else if byte == UInt8(ascii: "\\") {
                state = .quotedPair
            }
            return
        }
        if state != .afterQuoted, Token.contains(byte) {
            partCount &+= 1
            return
        }
        if state == .extensionValue, partCount == 0, byte == UInt8(ascii: "\"") {
            state = .quoted
            return
        }
        guard partCount > 0 || state == .afterQuoted else { throw .invalidChunkExtension }
        switch byte {
        case UInt8(ascii: "=") where state == .extensionName: state = .extensionValue
        case UInt8(ascii: ";"): state = .extensionName
        case 0x0D: state = .sizeLineFeed
        case 0x0A: throw .bareLineFeed
        default: throw .invalidChunkExtension
        }
        partCount = 0
    }

    private func hexadecimal(_ byte: UInt8) -> UInt8? {
        if byte &- 48 < 10 { return byte &- 48 }
        let letter = (byte | 0x20) &- 97
        return letter < 6 ? letter &+ 10 : nil
    }
}
