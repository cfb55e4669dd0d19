import Bytes
import HTTP
internal import Time

/// A client in HTTP/2, driven by plain blocking calls.
package final class HTTP2Client {
    package struct Response: Equatable, Sendable {
        package var status = 0
        package var interim: [Int] = []
        package var headers: [String: String] = [:]
        package var body: [UInt8] = []
        package var trailers: [String: String] = [:]
        /// The response came to its end.
        package var isWhole = false
        /// The stream is over, with this code.
        package var code: UInt32?

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package let peer: ScriptedPeer
    private var engine: HTTP2ClientEngine
    private var output = ByteBuffer()
    private var streams: [Int32: HTTP2Stream] = [:]
    package private(set) var responses: [Int32: Response] = [:]
    /// What a GOAWAY of the server's said.
    package private(set) var goAway: (last: Int32, code: UInt32)?
    package private(set) var isClosed = false
    private let takesBodies: Bool

    /// - Parameter takesBodies: false leaves the windows as they are, so that the server cannot send on.
    package init(port: UInt16, window: Int = 1 << 20, takesBodies: Bool = true) throws {
        peer = try RawClient.connect(port: port)
        var settings = HTTP2Settings(limits: .response)
        settings.streamWindow = window
        settings.connectionWindow = max(window, 1 << 20)
        self.takesBodies = takesBodies
        engine = HTTP2ClientEngine(settings: settings, memory: HTTP2Memory(), now: Instant(nanoseconds: 0))
        try flush()
    }

    /// Opens a stream; nil ends the request with its head.
    package func ask(
        _ method: String = "GET", _ path: String = "/", host: String = "a", _ more: [(String, String)] = [],
        body: String? = nil, length: Int? = nil, isOpen: Bool = false
    ) throws -> Int32 {
        var fields = Fields()
        fields.append(.host, utf8: host)
        for (name, value) in more { _ = fields.appendIfValid(name: name, value: value) }
        let framing: BodyFraming = length.map { .length($0) } ?? (isOpen || body != nil ? .chunked : .none)
        let opened = engine.sendHead(
            method: method.utf8Span.span, target: path.utf8Span.span, isSecure: false, fields, framing: framing,
            hasEnded: framing == .none)
        guard let stream = opened else { throw ScriptError.closed(after: "GOAWAY") }
        streams[stream.id] = stream
        responses[stream.id] = Response()
        if let body {
            try send(Array(body.utf8), on: stream.id)
            if !isOpen { try finish(stream.id) }
        }
        try flush()
        return stream.id
    }

    package func send(_ bytes: [UInt8], on id: Int32) throws {
        guard let stream = streams[id] else { return }
        try engine.send(bytes.span, on: stream, into: &output, limit: .max)
        try flush()
    }

    package func finish(_ id: Int32, trailers: [(String, String)] = []) throws {
        guard let stream = streams[id] else { return }
        var fields = Fields()
        for (name, value) in trailers { _ = fields.appendIfValid(name: name, value: value) }
        try engine.finish(stream, trailers: fields)
        try flush()
    }

    package func reset(_ id: Int32, _ code: UInt32 = 8) throws {
        guard let stream = streams[id] else { return }
        engine.reset(stream, HTTP2ErrorCode(rawValue: code))
        try flush()
    }

    /// Body bytes of the request that wait for the server's windows.
    package func waiting(_ id: Int32) -> Int { streams[id]?.waiting ?? 0 }

    /// Sends bytes that are no engine's.
    package func sendRaw(_ bytes: [UInt8]) throws { try peer.send(bytes) }

    private func flush() throws {
        try engine.write(into: &output, limit: .max)
        let bytes = output.array
        output.clear()
        if !bytes.isEmpty { try peer.send(bytes) }
    }

    /// Reads until the stream is over.
    package func response(_ id: Int32) throws -> Response {
        while responses[id]?.code == nil { try readMore() }
        return responses[id] ?? Response()
    }

    /// Reads until `isTrue`.
    package func wait(until isTrue: () -> Bool) throws { while !isTrue() { try readMore() } }

    /// Reads until the server closes the connection.
    package func waitForClose() throws { while !isClosed { try readMore() } }

    private func readMore() throws {
        if isClosed { throw ScriptError.closed(after: "\(responses) \(String(describing: goAway))") }
        let bytes = try peer.receive()
        if bytes.isEmpty {
            isClosed = true
            return
        }
        // Of several the last counts, which our engine need not report.
        for frame in RawHTTP2.frames(bytes) where frame.type == 7 {
            let last = frame.payload.prefix(4).reduce(0) { $0 << 8 | Int32($1) }
            goAway = (last, frame.code ?? 0)
        }
        var at = 0
        while at < bytes.count {
            let rest = bytes.span.extracting(at..<bytes.count)
            let count = try engine.receive(rest, now: Instant(nanoseconds: 0))
            at += count
            while let event = engine.nextEvent() { note(event, rest) }
            if count == 0 { break }
        }
        try? flush()
    }

    private func note(_ event: HTTP2Event, _ bytes: Span<UInt8>) {
        switch event {
        case .interim(let stream):
            let head = ResponseHead()
            engine.takeHead(into: head)
            responses[stream.id]?.interim.append(head.status)
        case .head(let stream):
            let head = ResponseHead()
            engine.takeHead(into: head)
            responses[stream.id]?.status = head.status
            responses[stream.id]?.headers = Self.dictionary(head.fields)
        case .refused(let stream, _): engine.reset(stream, .protocolError)
        case .body(let stream, let range):
            responses[stream.id]?.body += [UInt8](bytes.extracting(range))
            if takesBodies { engine.consume(range.count, of: stream) }
        case .end(let stream):
            responses[stream.id]?.isWhole = true
            responses[stream.id]?.trailers = Self.dictionary(stream.trailers)
        case .closed(let stream, let code):
            responses[stream.id]?.code = code.rawValue
            streams[stream.id] = nil
            engine.takeBack(stream)
        case .goAway, .settings: break
        }
    }

    private static func dictionary(_ fields: borrowing Fields) -> [String: String] {
        var found: [String: String] = [:]
        for position in 0..<fields.count {
            let name = String(decoding: [UInt8](fields.name(position)), as: UTF8.self)
            found[name] = String(decoding: [UInt8](fields.value(position)), as: UTF8.self)
        }
        return found
    }
}
