import Bytes
import HTTP
import TestSupport
import Time

/// A server engine that is fed and answered by hand, with one line an event.
struct HTTP2Served: ~Copyable {
    var engine: HTTP2ServerEngine
    var output = ByteBuffer()
    var lines: [String] = []
    var streams: [HTTP2Stream] = []
    var now = Instant(nanoseconds: 0)
    /// Takes bodies at once.
    var consumes = true
    /// Answers a request that has ended with an empty 200.
    var answers = true
    private var bodies: [Int32: [UInt8]] = [:]

    init(_ settings: HTTP2Settings = HTTP2Settings(limits: HTTPLimits()), memory: HTTP2Memory = HTTP2Memory()) {
        engine = HTTP2ServerEngine(settings: settings, memory: memory, now: now)
    }

    /// Feeds a piece; false after an error, which is a line.
    @discardableResult
    mutating func feed(_ piece: [UInt8]) -> Bool {
        var at = 0
        let bytes = piece.span
        do throws(HTTP2Error) {
            while at < bytes.count {
                let rest = bytes.extracting(at..<bytes.count)
                let count = try engine.receive(rest, now: now)
                at += count
                drain(rest)
                if count == 0 { break }
            }
            try engine.write(into: &output, limit: .max)
            drain(bytes.extracting(0..<0))
            try engine.write(into: &output, limit: .max)
            return true
        } catch {
            drain(bytes.extracting(0..<0))
            lines.append("lost \(error)")
            engine.writeFarewell(error, into: &output)
            return false
        }
    }

    private mutating func drain(_ bytes: Span<UInt8>) {
        while let event = engine.nextEvent() { note(event, bytes) }
    }

    private mutating func note(_ event: HTTP2Event, _ bytes: Span<UInt8>) {
        switch event {
        case .head(let stream):
            let head = RequestHead()
            engine.takeHead(into: head)
            streams.append(stream)
            lines.append("\(stream.id) head")
            lines += Transcript.describe(head).map { "  " + $0 }
        case .interim: lines.append("interim")
        case .refused(let stream, let error):
            lines.append("\(stream.id) refused \(error.status) \(error.reasonCode)")
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
            guard answers else { return }
            engine.sendHead(200, Fields(), framing: .length(0), date: Span(), on: stream)
            try? engine.finish(stream)
        case .closed(let stream, let code):
            bodies[stream.id] = nil
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

    /// What an engine makes of some pieces.
    static func transcript(
        _ pieces: [[UInt8]], _ settings: HTTP2Settings = HTTP2Settings(limits: HTTPLimits())
    ) -> [String] {
        var served = HTTP2Served(settings)
        for piece in pieces where !served.feed(piece) { break }
        return served.lines
    }
}
