import Bytes
import HTTP
import Threads
internal import Time

/// An upstream in HTTP/2 by prior knowledge that keeps what it was asked and answers as a test says.
package final class HTTP2Upstream: Sendable {
    package struct Request: Sendable {
        package var connection: Int
        package var stream: Int32
        package var method = ""
        package var target = ""
        package var authority = ""
        package var headers: [(name: String, value: String)] = []
        package var body: [UInt8] = []
        package var trailers: [(name: String, value: String)] = []

        package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    package enum Reply: Sendable {
        case answer(
            _ body: [UInt8], status: Int = 200, fields: [(String, String)] = [], trailers: [(String, String)] = [],
            length: Int? = nil)
        /// The head at once, then each piece of the request's body as it comes, then these trailers.
        case echo(trailers: [(String, String)])
        /// 200 at once, then what this makes of each piece that comes: the end of an extended CONNECT.
        case tunnel(@Sendable ([UInt8]) -> [UInt8])
        /// A head and a piece, and then a reset with this code.
        case breakOff(UInt32)
        case reset(UInt32)
        /// Nothing, for ever.
        case hold
        /// GOAWAY that names a stream as the last.
        case goAway(last: Int32)
        /// These frames and nothing else.
        case raw([UInt8])

        package static func answer(_ text: String) -> Reply { .answer(Array(text.utf8)) }
    }

    /// Asked when a head is complete, and again, with true, when the request is.
    package typealias Script = @Sendable (Request, _ hasEnded: Bool) -> Reply?

    private let server: ScriptedServer
    private let seen: Locked<[Request]>

    package var port: Int { Int(server.port) }
    package var requests: [Request] { seen.withLock { $0 } }
    package var connections: Int { server.connections }

    /// - Parameter streams: how many a client may open at once.
    package init(streams: Int = 100, _ script: @escaping Script) throws {
        let seen = Locked<[Request]>([])
        self.seen = seen
        server = try ScriptedServer { peer, number in
            let connection = Connection(peer, number, streams, seen, Running(script: script))
            try connection.run()
        }
    }

    deinit { server.stop() }

    package func stop() { server.stop() }

    fileprivate struct Running: Sendable { var script: Script }

    private struct Tunnel { var script: @Sendable ([UInt8]) -> [UInt8] }

    private final class Connection {
        private let peer: ScriptedPeer
        private let number: Int
        private let seen: Locked<[Request]>
        private let running: Running
        private var engine: HTTP2ServerEngine
        private var output = ByteBuffer()
        private var requests: [Int32: Request] = [:]
        private var echoes: [Int32: [(String, String)]] = [:]
        private var tunnels: [Int32: Tunnel] = [:]

        init(_ peer: ScriptedPeer, _ number: Int, _ streams: Int, _ seen: Locked<[Request]>, _ running: Running) {
            (self.peer, self.number, self.seen, self.running) = (peer, number, seen, running)
            var settings = HTTP2Settings(limits: HTTPLimits())
            settings.concurrentStreams = streams
            engine = HTTP2ServerEngine(settings: settings, memory: HTTP2Memory(), now: Instant(nanoseconds: 0))
        }

        func run() throws {
            try flush()
            while true {
                let bytes = try peer.receive()
                if bytes.isEmpty { return }
                var at = 0
                while at < bytes.count {
                    let rest = bytes.span.extracting(at..<bytes.count)
                    at += try engine.receive(rest, now: Instant(nanoseconds: 0))
                    while let event = engine.nextEvent() { try note(event, rest) }
                }
                try flush()
                while let event = engine.nextEvent() { try note(event, Span()) }
            }
        }

        private func flush() throws {
            try engine.write(into: &output, limit: .max)
            let bytes = output.array
            output.clear()
            if !bytes.isEmpty { try peer.send(bytes) }
        }

        private func note(_ event: HTTP2Event, _ bytes: Span<UInt8>) throws {
            switch event {
            case .head(let stream):
                let head = RequestHead()
                engine.takeHead(into: head)
                var request = Request(connection: number, stream: stream.id)
                request.method = String(decoding: [UInt8](head.methodBytes), as: UTF8.self)
                request.target = String(decoding: [UInt8](head.target), as: UTF8.self)
                request.authority = String(decoding: [UInt8](head.authority), as: UTF8.self)
                request.headers = Self.list(head.fields)
                requests[stream.id] = request
                try reply(running.script(request, false), on: stream)
            case .body(let stream, let range):
                let piece = [UInt8](bytes.extracting(range))
                requests[stream.id]?.body += piece
                engine.consume(piece.count, of: stream)
                if let tunnel = tunnels[stream.id] {
                    let answer = tunnel.script(piece)
                    try engine.send(answer.span, on: stream, into: &output, limit: .max)
                }
                if echoes[stream.id] != nil { try engine.send(piece.span, on: stream, into: &output, limit: .max) }
            case .end(let stream):
                requests[stream.id]?.trailers = Self.list(stream.trailers)
                if let trailers = echoes[stream.id] { try finish(stream, trailers) }
                if tunnels[stream.id] != nil { return try finish(stream, []) }
                guard let request = requests[stream.id] else { return }
                seen.withLock { $0.append(request) }
                if echoes[stream.id] == nil { try reply(running.script(request, true), on: stream) }
            case .closed(let stream, _):
                requests[stream.id] = nil
                echoes[stream.id] = nil
                tunnels[stream.id] = nil
                engine.takeBack(stream)
            case .refused(let stream, _): engine.reset(stream, .protocolError)
            case .interim, .goAway, .settings: break
            }
        }

        private func reply(_ reply: Reply?, on stream: HTTP2Stream) throws {
            switch reply {
            case nil, .hold: break
            case .answer(let body, let status, let fields, let trailers, let length):
                begin(stream, status, fields, framing: length.map { .length($0) } ?? .unknown)
                try engine.send(body.span, on: stream, into: &output, limit: .max)
                try finish(stream, trailers)
            case .echo(let trailers):
                begin(stream, 200, [("content-type", "application/grpc")], framing: .unknown)
                echoes[stream.id] = trailers
            case .tunnel(let script):
                if let request = requests[stream.id] { seen.withLock { $0.append(request) } }
                begin(stream, 200, [], framing: .unknown)
                tunnels[stream.id] = Tunnel(script: script)
            case .breakOff(let code):
                begin(stream, 200, [], framing: .unknown)
                try engine.send("half".utf8Span.span, on: stream, into: &output, limit: .max)
                try flush()
                engine.reset(stream, HTTP2ErrorCode(rawValue: code))
            case .reset(let code): engine.reset(stream, HTTP2ErrorCode(rawValue: code))
            case .goAway(let last): try peer.send(RawHTTP2.frame(7, RawHTTP2.number(UInt32(last)) + RawHTTP2.number(0)))
            case .raw(let bytes):
                try flush()
                try peer.send(bytes)
            }
        }

        private func begin(
            _ stream: HTTP2Stream, _ status: Int, _ more: [(String, String)], framing: ResponseFraming
        ) {
            var fields = Fields()
            for (name, value) in more { _ = fields.appendIfValid(name: name, value: value) }
            engine.sendHead(status, fields, framing: framing, date: Span(), on: stream)
        }

        private func finish(_ stream: HTTP2Stream, _ trailers: [(String, String)]) throws {
            var fields = Fields()
            for (name, value) in trailers { _ = fields.appendIfValid(name: name, value: value) }
            try engine.finish(stream, trailers: fields)
        }

        private static func list(_ fields: borrowing Fields) -> [(name: String, value: String)] {
            (0..<fields.count).map {
                (
                    String(decoding: [UInt8](fields.name($0)), as: UTF8.self),
                    String(decoding: [UInt8](fields.value($0)), as: UTF8.self)
                )
            }
        }
    }
}
