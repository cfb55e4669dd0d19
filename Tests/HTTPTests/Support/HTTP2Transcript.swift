import Bytes
import HTTP
import TestSupport
import Time

/// What the engines of both sides have in common, and how each tells what the other does not know.
protocol HTTP2Engine: ~Copyable {
    init(settings: HTTP2Settings, memory: HTTP2Memory, now: Instant)
    mutating func receive(_ bytes: Span<UInt8>, now: Instant) throws(HTTP2Error) -> Int
    mutating func write(into output: inout ByteBuffer, limit: Int) throws(HTTP2Error)
    mutating func nextEvent() -> HTTP2Event?
    mutating func consume(_ count: Int, of stream: HTTP2Stream)
    mutating func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode)
    mutating func takeBack(_ stream: HTTP2Stream)

    /// The head of the event at hand, after the stream's number.
    mutating func describeHead() -> [String]
    static func describe(_ refusal: HTTP1Error) -> String
    /// The last words after an error.
    mutating func leave(_ error: HTTP2Error, into output: inout ByteBuffer)
    /// Answers a message that has ended.
    mutating func answer(_ stream: HTTP2Stream)
}

extension HTTP2ServerEngine: HTTP2Engine {
    mutating func describeHead() -> [String] {
        let head = RequestHead()
        takeHead(into: head)
        return ["head"] + Transcript.describe(head).map { "  " + $0 }
    }

    static func describe(_ refusal: HTTP1Error) -> String { "\(refusal.status) \(refusal.reasonCode)" }

    mutating func leave(_ error: HTTP2Error, into output: inout ByteBuffer) {
        writeFarewell(error, into: &output)
    }

    mutating func answer(_ stream: HTTP2Stream) {
        sendHead(200, Fields(), framing: .length(0), date: Span(), on: stream)
        try? finish(stream)
    }
}

extension HTTP2ClientEngine: HTTP2Engine {
    mutating func describeHead() -> [String] {
        let head = ResponseHead()
        takeHead(into: head)
        return ["head \(head.status)"] + Transcript.describe(head.fields, "  ")
    }

    static func describe(_ refusal: HTTP1Error) -> String { "\(refusal.reasonCode)" }
    mutating func leave(_ error: HTTP2Error, into output: inout ByteBuffer) {}
    mutating func answer(_ stream: HTTP2Stream) {}
}

/// An engine that is fed and asked by hand, with one line an event.
struct HTTP2Transcript<Engine: HTTP2Engine & ~Copyable>: ~Copyable {
    var engine: Engine
    var output = ByteBuffer()
    /// Bytes that may wait in ``output``.
    var limit = Int.max
    var lines: [String] = []
    /// Those whose head has come, and that are not over.
    var streams: [HTTP2Stream] = []
    var now = Instant(nanoseconds: 0)
    /// Takes bodies at once.
    var consumes = true
    /// A server answers a request that has ended with an empty 200.
    var answers = true
    private var bodies: [Int32: [UInt8]] = [:]

    init(_ settings: HTTP2Settings, memory: HTTP2Memory = HTTP2Memory()) {
        engine = Engine(settings: settings, memory: memory, now: now)
    }

    /// Feeds a piece; false after an error, which is a line.
    @discardableResult
    mutating func feed(_ piece: [UInt8]) -> Bool {
        var at = 0
        let bytes = piece.span
        do throws(HTTP2Error) {
            try engine.write(into: &output, limit: limit)
            while at < bytes.count {
                let rest = bytes.extracting(at..<bytes.count)
                let count = try engine.receive(rest, now: now)
                at += count
                drain(rest)
                if count == 0 { break }
            }
            try engine.write(into: &output, limit: limit)
            drain(bytes.extracting(0..<0))
            try engine.write(into: &output, limit: limit)
            return true
        } catch {
            drain(bytes.extracting(0..<0))
            lines.append("lost \(error)")
            engine.leave(error, into: &output)
            return false
        }
    }

    private mutating func drain(_ bytes: Span<UInt8>) {
        while let event = engine.nextEvent() { note(event, bytes) }
    }

    private mutating func note(_ event: HTTP2Event, _ bytes: Span<UInt8>) {
        switch event {
        case .head(let stream), .interim(let stream):
            if !streams.contains(where: { $0 === stream }) { streams.append(stream) }
            var head = engine.describeHead()
            head[0] = "\(stream.id) \(head[0])"
            lines += head
        case .refused(let stream, let error):
            lines.append("\(stream.id) refused \(Engine.describe(error))")
            engine.reset(stream, .protocolError)
        case .body(let stream, let range):
            bodies[stream.id, default: []] += [UInt8](bytes.extracting(range))
            if consumes { engine.consume(range.count, of: stream) }
        case .end(let stream):
            flush(stream.id)
            if stream.trailers.count > 0 {
                lines.append("\(stream.id) trailers")
                lines += Transcript.describe(stream.trailers, "  ")
            }
            lines.append("\(stream.id) end")
            if answers { engine.answer(stream) }
        case .closed(let stream, let code):
            flush(stream.id)
            lines.append("\(stream.id) closed \(code.rawValue)")
            streams.removeAll { $0 === stream }
            engine.takeBack(stream)
        case .goAway(let last, let code): lines.append("goaway \(last) \(code.rawValue)")
        case .settings: lines.append("settings")
        }
    }

    private mutating func flush(_ id: Int32) {
        if let body = bodies.removeValue(forKey: id) { lines.append("\(id) body \(Escapes.write(body))") }
    }

    /// Frames that were written since the last call.
    mutating func written() -> [RawHTTP2.Frame] {
        let frames = RawHTTP2.frames(output.array)
        output.clear()
        return frames
    }
}

typealias HTTP2Served = HTTP2Transcript<HTTP2ServerEngine>
typealias HTTP2Asked = HTTP2Transcript<HTTP2ClientEngine>

extension HTTP2Transcript where Engine == HTTP2ServerEngine {
    init(memory: HTTP2Memory = HTTP2Memory()) { self.init(HTTP2Settings(limits: HTTPLimits()), memory: memory) }

    /// What a server makes of some pieces.
    static func transcript(
        _ pieces: [[UInt8]], _ settings: HTTP2Settings = HTTP2Settings(limits: HTTPLimits())
    ) -> [String] {
        var served = HTTP2Served(settings)
        for piece in pieces where !served.feed(piece) { break }
        return served.lines
    }
}

extension HTTP2Transcript where Engine == HTTP2ClientEngine {
    init() { self.init(HTTP2Settings(limits: .response)) }

    /// What a client that has sent GET to `/` on stream 1 makes of a server's bytes.
    static func read(_ bytes: [UInt8]) -> [String] {
        var asked = HTTP2Asked()
        _ = asked.ask()
        asked.feed(RawHTTP2.settings + bytes)
        return asked.lines.filter { $0 != "settings" }
    }

    mutating func ask(
        _ method: String = "GET", _ target: String = "/", _ more: [(String, String)] = [],
        framing: BodyFraming = .none
    ) -> HTTP2Stream? {
        var fields = Fields()
        fields.append(.host, text: "upstream")
        for (name, value) in more { _ = fields.appendIfValid(name: name, value: value) }
        return engine.sendHead(
            method: method.utf8Span.span, target: target.utf8Span.span, isSecure: false, fields, framing: framing,
            hasEnded: !framing.hasBody)
    }
}
