import Bytes
import HTTP
import TestSupport
import Time

/// A client engine, with one line an event.
struct HTTP2Asked: ~Copyable {
    var engine: HTTP2ClientEngine
    var output = ByteBuffer()
    var lines: [String] = []
    var now = Instant(nanoseconds: 0)
    private var bodies: [Int32: [UInt8]] = [:]

    init(_ settings: HTTP2Settings = HTTP2Settings(limits: .response)) {
        engine = HTTP2ClientEngine(settings: settings, memory: HTTP2Memory(), now: now)
    }

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

    mutating func feed(_ piece: [UInt8]) {
        var at = 0
        let bytes = piece.span
        do throws(HTTP2Error) {
            try engine.write(into: &output, limit: .max)
            while at < bytes.count {
                let rest = bytes.extracting(at..<bytes.count)
                let count = try engine.receive(rest, now: now)
                at += count
                drain(rest)
                if count == 0 { break }
            }
            try engine.write(into: &output, limit: .max)
            drain(bytes.extracting(0..<0))
        } catch {
            drain(bytes.extracting(0..<0))
            lines.append("lost \(error)")
        }
    }

    private mutating func drain(_ bytes: Span<UInt8>) {
        while let event = engine.nextEvent() { note(event, bytes) }
    }

    private mutating func note(_ event: HTTP2Event, _ bytes: Span<UInt8>) {
        switch event {
        case .head(let stream), .interim(let stream):
            let head = ResponseHead()
            engine.takeHead(into: head)
            lines.append("\(stream.id) head \(head.status)")
            lines += Transcript.describe(head.fields, "  ")
        case .refused(let stream, let error):
            lines.append("\(stream.id) refused \(error.reasonCode)")
            engine.reset(stream, .protocolError)
        case .body(let stream, let range):
            bodies[stream.id, default: []] += [UInt8](bytes.extracting(range))
            engine.consume(range.count, of: stream)
        case .end(let stream):
            flush(stream.id)
            if stream.trailers.count > 0 {
                lines.append("\(stream.id) trailers")
                lines += Transcript.describe(stream.trailers, "  ")
            }
            lines.append("\(stream.id) end")
        case .closed(let stream, let code):
            flush(stream.id)
            lines.append("\(stream.id) closed \(code.rawValue)")
            engine.takeBack(stream)
        case .goAway(let last, let code): lines.append("goaway \(last) \(code.rawValue)")
        case .settings: lines.append("settings")
        }
    }

    private mutating func flush(_ id: Int32) {
        if let body = bodies.removeValue(forKey: id) { lines.append("\(id) body \(Escapes.write(body))") }
    }
}
