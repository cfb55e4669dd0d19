import Bytes
import HTTP
import TestSupport

/// A server engine that has read one request, and what it writes.
struct ServedResponse: ~Copyable {
    var engine = HTTP1ServerEngine(limits: HTTPLimits())
    var output = ByteBuffer()
    let head = RequestHead()
    static let date = "Thu, 01 Jan 1970 00:00:00 GMT"

    /// Reads `request` (``Escapes``) up to its end, or as far as it goes.
    init(_ request: String) throws {
        try receive(request)
    }

    mutating func receive(_ text: String) throws {
        let bytes = Escapes.read(text)
        var at = 0
        while true {
            let (consumed, event) = try engine.receive(bytes.span.extracting(at..<bytes.count), head: head)
            at += consumed
            if event == .needMore || event == .end { return }
        }
    }

    mutating func head(
        _ status: Int, _ framing: ResponseFraming, reason: String? = nil, _ lines: [(StaticString, String)] = []
    ) {
        var fields = Fields()
        for (name, value) in lines { fields.append(name, utf8: value) }
        if let reason {
            engine.writeHead(
                status, reason: reason.utf8Span.span, fields, framing: framing, date: Self.date.utf8Span.span,
                into: &output)
        } else {
            engine.writeHead(
                status, reason: nil, fields, framing: framing, date: Self.date.utf8Span.span, into: &output)
        }
    }

    mutating func body(_ text: String) throws { try engine.writeBody(text.utf8Span.span, into: &output) }
    mutating func end() throws { try engine.writeEnd(into: &output) }

    /// What was written since the last question, without the `Date` line.
    mutating func written() -> String {
        let text = String(decoding: output.array, as: UTF8.self)
        output.clear()
        return text.replacing("Date: \(Self.date)\r\n", with: "").replacing("\r\n", with: "|")
    }
}
