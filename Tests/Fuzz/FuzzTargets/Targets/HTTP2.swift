import Bytes
import HTTP
import TestSupport
import Time

/// What the engines of both sides do with bytes.
private protocol FrameReader: ~Copyable {
    mutating func receive(_ bytes: Span<UInt8>, now: Instant) throws(HTTP2Error) -> Int
    mutating func nextEvent() -> HTTP2Event?
}

extension HTTP2ServerEngine: FrameReader {}
extension HTTP2ClientEngine: FrameReader {}

extension FrameReader where Self: ~Copyable {
    /// Gives the engine what came, and `note` each event together with the bytes of which it speaks.
    fileprivate mutating func read(
        _ pieces: [[UInt8]], now: Instant, _ note: (HTTP2Event, Span<UInt8>, inout Self) -> Void
    ) throws(HTTP2Error) {
        for piece in pieces {
            let bytes = piece.span
            var at = 0
            while at < bytes.count {
                let rest = bytes.extracting(at..<bytes.count)
                let count = try receive(rest, now: now)
                require(count > 0, "bytes that are neither taken nor refused")
                at += count
                while let event = nextEvent() { note(event, rest, &self) }
            }
        }
    }
}

/// What a server engine made of a client's frames, each whole request forwarded in HTTP/1 the way the gateway does it.
struct ForwardedStreams: Equatable {
    /// Each request in the HTTP/1 client engine's own serialization, in the order in which they ended.
    var whole: [[UInt8]] = []
    var refusals = 0
    var isLost = false

    private final class Open {
        var client: HTTP1ClientEngine
        var output: ByteBuffer
        init(_ client: consuming HTTP1ClientEngine, _ output: consuming ByteBuffer) {
            self.client = client
            self.output = output
        }
    }

    init(_ pieces: [[UInt8]]) {
        let now = Instant(nanoseconds: 0)
        var engine = HTTP2ServerEngine(settings: HTTP2Settings(limits: HTTPLimits()), memory: HTTP2Memory(), now: now)
        var open: [Int32: Open] = [:]
        do throws(HTTP2Error) {
            try engine.read(pieces, now: now) { note($0, $1, &$2, &open) }
            var output = ByteBuffer()
            try engine.write(into: &output, limit: .max)
        } catch {
            isLost = true
        }
    }

    private mutating func note(
        _ event: HTTP2Event, _ bytes: Span<UInt8>, _ engine: inout HTTP2ServerEngine, _ open: inout [Int32: Open]
    ) {
        switch event {
        case .head(let stream):
            let head = RequestHead()
            engine.takeHead(into: head)
            require(head.version == .http2 && !head.host.isEmpty, "a request without a host")
            var output = ByteBuffer()
            let client = ForwardedRequests.begin(head, into: &output)
            // A tunnel's bytes are no body.
            if !head.isUpgrade { open[stream.id] = Open(client, output) }
        case .refused(let stream, let error):
            require(error.status >= 400 && error.status < 600, "a refusal without a status")
            refusals += 1
            engine.reset(stream, .protocolError)
        case .body(let stream, let range):
            require(!range.isEmpty && range.upperBound <= bytes.count, "a piece that was not given")
            for index in range {
                try? open[stream.id]?.client.writeBody(
                    bytes.extracting(index..<(index + 1)), into: &open[stream.id].unsafelyUnwrapped.output)
            }
            engine.consume(range.count, of: stream)
        case .end(let stream):
            guard let ended = open.removeValue(forKey: stream.id) else { return }
            do {
                try ended.client.writeEnd(trailers: stream.trailers, into: &ended.output)
            } catch {
                require(false, "a body that is not what its head announced")
            }
            whole.append(ended.output.array)
        case .closed(let stream, _): open[stream.id] = nil
        case .interim: require(false, "a response to a server")
        case .goAway, .settings: break
        }
    }
}

/// What a client engine made of a server's frames.
struct ReceivedStreams: Equatable {
    var lines: [String] = []
    var isLost = false

    private var bodies: [Int32: [UInt8]] = [:]
    private var ended: Set<Int32> = []

    /// How much of a body comes before it is found to be too long is the network's choice.
    static func == (a: ReceivedStreams, b: ReceivedStreams) -> Bool { a.lines == b.lines && a.isLost == b.isLost }

    init(_ pieces: [[UInt8]]) {
        let now = Instant(nanoseconds: 0)
        var engine = HTTP2ClientEngine(settings: HTTP2Settings(limits: .response), memory: HTTP2Memory(), now: now)
        var output = ByteBuffer()
        for method in ["GET", "HEAD", "POST"] {
            var fields = Fields()
            fields.append(.host, text: "upstream")
            _ = engine.sendHead(
                method: method.utf8Span.span, target: "/".utf8Span.span, isSecure: false, fields,
                framing: method == "POST" ? .chunked : .none, hasEnded: method != "POST")
        }
        do throws(HTTP2Error) {
            try engine.write(into: &output, limit: .max)
            try engine.read(pieces, now: now) { note($0, $1, &$2) }
        } catch {
            isLost = true
        }
    }

    private mutating func note(_ event: HTTP2Event, _ bytes: Span<UInt8>, _ engine: inout HTTP2ClientEngine) {
        switch event {
        case .head(let stream), .interim(let stream):
            let head = ResponseHead()
            engine.takeHead(into: head)
            require(head.status >= 100 && head.status <= 599 && head.status != 101, "a status out of range")
            require(!ended.contains(stream.id), "a head behind the end")
            lines.append("\(stream.id) \(head.status) \(head.fields.count)")
            for position in 0..<head.fields.count {
                require(Fields.isValid(value: head.fields.value(position)), "a control character in a value")
            }
        case .refused(let stream, _):
            lines.append("\(stream.id) refused")
            engine.reset(stream, .protocolError)
        case .body(let stream, let range):
            require(!ended.contains(stream.id), "a body behind the end")
            require(stream.id != 3, "a body for HEAD")
            bodies[stream.id, default: []] += [UInt8](bytes.extracting(range))
            engine.consume(range.count, of: stream)
        case .end(let stream):
            require(ended.insert(stream.id).inserted, "two ends")
            lines.append("\(stream.id) end \(bodies[stream.id] ?? []) \(stream.trailers.count)")
        case .closed(let stream, let code): lines.append("\(stream.id) closed \(code.rawValue)")
        case .goAway(let last, let code): lines.append("goaway \(last) \(code.rawValue)")
        case .settings: lines.append("settings")
        }
    }
}

extension FuzzTarget {
    /// A client's frames behind the preface: the first byte says how they are cut.
    static let http2Server = FuzzTarget(name: "http2-server") { input in
        guard input.count > 1 else { return }
        let bytes = RawHTTP2.opening + Array(Array(input).dropFirst())
        let whole = ForwardedStreams([bytes])
        let cut = ForwardedStreams(Pieces(input[0]).cut(bytes))
        require(whole == cut, "the cut changes the requests")
        // What we forward is what HTTP/1's engine accepts, and it is one request: read again it is the same bytes (G20, G81).
        for request in whole.whole {
            let again = ForwardedRequests(again: request)
            require(again.whole == [request], "a request that does not stay the same when it is forwarded again")
            require(!again.isRefused && again.unfinished.isEmpty, "something behind the forwarded request")
        }
    }

    /// A server's frames, its settings first: the first byte says how they are cut.
    static let http2Client = FuzzTarget(name: "http2-client") { input in
        guard input.count > 1 else { return }
        let bytes = RawHTTP2.settings + Array(Array(input).dropFirst())
        require(
            ReceivedStreams([bytes]) == ReceivedStreams(Pieces(input[0]).cut(bytes)), "the cut changes the responses")
    }
}
