import Bytes
import HTTP
import TestSupport

/// What an engine made of some bytes, one line an event, so that a test can compare and a person can read it.
enum Transcript {
    /// Runs a server engine over `pieces` and answers every request with an empty 200, in order.
    static func server(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits()) -> [String] {
        var engine = HTTP1ServerEngine(limits: limits)
        let head = RequestHead()
        var lines: [String] = []
        var body: [UInt8] = []
        var pending: [UInt8] = []
        func flush() {
            if !body.isEmpty { lines.append("body \(quoted(body))") }
            body = []
        }
        for piece in pieces {
            pending += piece
            do {
                while true {
                    let (consumed, event) = try engine.receive(pending.span, head: head)
                    switch event {
                    case .needMore: break
                    case .head: lines += describe(head)
                    case .body(let range): body += pending[range]
                    case .end:
                        flush()
                        lines += describe(trailers: engine.trailers)
                        lines.append("end")
                        var output = ByteBuffer()
                        engine.writeHead(
                            200, reason: nil, Fields(), framing: .length(0), date: Span(), into: &output)
                        try engine.writeEnd(into: &output)
                        if engine.canStartNext {
                            engine.startNext()
                            head.reset()
                        } else {
                            lines.append("close")
                        }
                    }
                    pending.removeFirst(consumed)
                    if event == .needMore { break }
                }
            } catch {
                flush()
                lines.append("refused \(error.status) \(error.reasonCode)")
                return lines
            }
        }
        flush()
        if !pending.isEmpty { lines.append("unread \(quoted(pending))") }
        return lines
    }

    /// Runs a client engine over `pieces`, which answer a request with `method`.
    static func client(
        _ pieces: [[UInt8]], method: String = "GET", asksForUpgrade: Bool = false, closes: Bool = true,
        limits: HTTPLimits = .response
    ) -> [String] {
        var engine = HTTP1ClientEngine(limits: limits)
        let head = ResponseHead()
        var lines: [String] = []
        var body: [UInt8] = []
        var output = ByteBuffer()
        var fields = Fields()
        fields.append(.host, text: "upstream")
        if asksForUpgrade { fields.append(.upgrade, text: "websocket") }
        engine.writeHead(
            method: method.utf8Span.span, target: "/".utf8Span.span, fields, framing: .none, into: &output)
        func flush() {
            if !body.isEmpty { lines.append("body \(quoted(body))") }
            body = []
        }
        do {
            try engine.writeEnd(into: &output)
            for piece in pieces {
                var pending = piece
                while true {
                    let (consumed, event) = try engine.receive(pending.span, head: head)
                    switch event {
                    case .needMore: break
                    case .interim:
                        lines.append("interim")
                        lines += describe(head)
                    case .head: lines += describe(head)
                    case .body(let range): body += pending[range]
                    case .end:
                        flush()
                        lines += describe(trailers: engine.trailers)
                        lines.append("end")
                    }
                    pending.removeFirst(consumed)
                    if event == .needMore { break }
                }
            }
            lines.append(engine.canBeReused ? "reusable" : "not reusable")
            if closes, try engine.peerClosed() == .end {
                flush()
                lines.append("end at close")
            }
        } catch {
            flush()
            lines.append("refused \(error.status) \(error.reasonCode)")
        }
        return lines
    }

    static func describe(_ head: RequestHead) -> [String] {
        var lines = ["head \(text(head.methodBytes)) \(text(head.target)) \(head.version)"]
        lines.append("  host \(text(head.host)) port \(head.port.map { "\($0)" } ?? "none") form \(head.form)")
        var query = "none"
        if let span = head.query { query = text(span) }
        lines.append("  path \(text(head.path)) query \(query)")
        var flags = "  framing \(head.framing)"
        if head.keepAlive { flags += " keepAlive" }
        if head.expectsContinue { flags += " expectsContinue" }
        if head.isUpgrade { flags += " upgrade" }
        if head.acceptsTrailers { flags += " acceptsTrailers" }
        lines.append(flags)
        return lines + describe(head.fields, "  ")
    }

    static func describe(_ head: ResponseHead) -> [String] {
        var flags = "  framing \(head.framing)"
        if head.keepAlive { flags += " keepAlive" }
        if head.connectionUpgrade { flags += " upgrade" }
        return ["head \(head.status) \(text(head.reason)) \(head.version)", flags] + describe(head.fields, "  ")
    }

    private static func describe(trailers: borrowing Fields) -> [String] {
        trailers.count == 0 ? [] : ["trailers"] + describe(trailers, "  ")
    }

    static func describe(_ fields: borrowing Fields, _ indent: String) -> [String] {
        var lines: [String] = []
        for position in 0..<fields.count {
            var line = "\(indent)\(text(fields.name(position))): \(text(fields.value(position)))"
            if fields.hasUnderscore(position) { line += "   <- underscore" }
            if HopByHop.contains(fields, position) { line += "   <- hop by hop" }
            lines.append(line)
        }
        return lines
    }

    static func text(_ span: Span<UInt8>) -> String { Escapes.write([UInt8](span)) }
    private static func quoted(_ bytes: [UInt8]) -> String { "\"\(Escapes.write(bytes))\"" }
}
