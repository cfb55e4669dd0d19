internal import Bytes

/// Delimits a received body.
///
/// Bytes are never copied: a piece is a range of what was given.
struct BodyReader {
    enum Found {
        case needMore
        case data(Range<Int>)
        case end
    }

    private enum State {
        case fixed(remaining: Int)
        case chunked(ChunkedReader)
        case trailers(HeadReader<NoStartLine>)
        case untilClose
        case ended
    }

    private var state: State
    private let limits: HTTPLimits

    init(_ framing: BodyFraming, _ limits: HTTPLimits) {
        self.limits = limits
        switch framing {
        case .none: state = .fixed(remaining: 0)
        case .length(let length): state = .fixed(remaining: length)
        case .chunked: state = .chunked(ChunkedReader(limits))
        case .untilClose: state = .untilClose
        }
    }

    /// True when the end of the connection is the end of the body.
    var endsWithConnection: Bool {
        if case .untilClose = state { true } else { false }
    }

    mutating func read(
        _ bytes: Span<UInt8>, trailers: inout Fields
    ) throws(HTTP1Error) -> (consumed: Int, found: Found) {
        switch state {
        case .fixed(remaining: 0):
            state = .ended
            return (0, .end)
        case .fixed(let remaining):
            if bytes.isEmpty { return (0, .needMore) }
            let count = Swift.min(remaining, bytes.count)
            state = .fixed(remaining: remaining &- count)
            return (count, .data(0..<count))
        case .untilClose:
            return bytes.isEmpty ? (0, .needMore) : (bytes.count, .data(0..<bytes.count))
        case .chunked(var reader):
            let (end, found) = try reader.read(bytes, from: 0)
            switch found {
            case .needMore:
                state = .chunked(reader)
                return (end, .needMore)
            case .data(let range):
                state = .chunked(reader)
                return (end, .data(range))
            case .lastChunk:
                return try readTrailers(bytes, from: end, Trailers.reader(limits), &trailers)
            }
        case .trailers(let reader):
            return try readTrailers(bytes, from: 0, reader, &trailers)
        case .ended:
            return (0, .end)
        }
    }

    private mutating func readTrailers(
        _ bytes: Span<UInt8>, from: Int, _ reader: HeadReader<NoStartLine>, _ trailers: inout Fields
    ) throws(HTTP1Error) -> (consumed: Int, found: Found) {
        var reader = reader
        var line = NoStartLine()
        let (consumed, isComplete) = try reader.read(
            bytes.extracting(from..<bytes.count), line: &line, into: &trailers)
        guard isComplete else {
            state = .trailers(reader)
            return (from &+ consumed, .needMore)
        }
        trailers.index.keep(Trailers.permits)
        state = .ended
        return (from &+ consumed, .end)
    }
}
