import Bytes
import HTTP
import Sockets
import Time

/// One stream of an HTTP/2 connection: carries one exchange.
///
/// Pooled. As on an HTTP/1 connection, a handler's wishes are noted or written, and the connection's work draws the
/// consequences.
final class ClientStream: ExchangeCarrier {
    enum Response {
        case none
        case started
        case ended
    }

    /// Body bytes of one stream that may wait for its client before their source is paused.
    static let highWaterMark = 32 << 10

    private(set) var connection: HTTP2Connection?
    private(set) var stream: HTTP2Stream?
    /// Nil when the exchange is over and the stream is not.
    var exchange: Exchange?

    /// Arrived and not yet wanted; the client's window stays shut for as much.
    var held = ByteBuffer()
    var response = Response.none
    var isPaused = false
    var isAborted = false
    /// The handler has heard of the request's end.
    var endIsTold = false
    /// `canSend` was false; the handler will be told when it is true again.
    var wasFull = false
    /// The connection has been asked to look at this stream.
    var isNoted = false
    /// An upgrade whose answer is awaited: what the client sends belongs to the tunnel.
    var awaitsTunnel = false
    var isTunnel = false
    /// How much time this exchange has.
    private(set) var allowance = ExchangeAllowance.usual
    var stillness: Delay? { allowance.stillness }
    var bodyMoved = Instant(nanoseconds: 0)
    /// When the client was last seen to take bytes, and how many had left by then.
    var outputMoved = Instant(nanoseconds: 0)
    var bytesSeenLeaving = 0

    func begin(_ connection: HTTP2Connection, _ stream: HTTP2Stream, _ exchange: Exchange) {
        self.connection = connection
        self.stream = stream
        self.exchange = exchange
        response = .none
        isPaused = false
        isAborted = false
        endIsTold = false
        wasFull = false
        isNoted = false
        awaitsTunnel = exchange.head.isUpgrade
        isTunnel = false
        allowance = .usual
        bodyMoved = connection.worker.loop.now
        outputMoved = bodyMoved
        bytesSeenLeaving = 0
    }

    func end() {
        connection = nil
        stream = nil
        exchange = nil
    }

    /// True when what arrives may go to the handler.
    var wantsBody: Bool { exchange != nil && !isPaused && !isAborted && !awaitsTunnel && response != .ended }

    // MARK: The handler's wishes

    var localAddress: SocketAddress? { connection?.channel.localAddress }
    var isAnswering: Bool { response == .started }

    var canSend: Bool {
        guard let connection, let stream else { return false }
        return stream.waiting < Self.highWaterMark && connection.hasRoom
    }

    func allowStillness(_ time: Delay) {
        allowance = .still(time)
        connection?.watch(for: time)
    }

    func endWithin(_ time: Delay) {
        guard let connection else { return }
        let end = connection.worker.loop.now + time
        allowance = .until(end)
        connection.watch(until: end)
    }

    func pauseReading() { isPaused = true }

    func resumeReading() {
        guard isPaused, let connection else { return }
        isPaused = false
        bodyMoved = connection.worker.loop.now
        connection.watch(for: stillness ?? connection.worker.patience.body)
        connection.note(self)
    }

    func sendInterim(_ status: Int, _ fields: borrowing Fields) {
        guard let connection, let stream, response == .none, !isAborted else { return }
        connection.engine.sendInterim(status, fields, on: stream)
        if !canSend { wasFull = true }
        connection.touch()
    }

    func sendHead(_ status: Int, reason: Span<UInt8>?, _ fields: borrowing Fields, framing: ResponseFraming) {
        guard let connection, let stream, response == .none, !isAborted else { return }
        let worker = connection.worker
        worker.refreshDate()
        let date = worker.date
        connection.engine.sendHead(status, fields, framing: framing, date: date.buffer.bytes, on: stream)
        response = .started
        outputMoved = worker.loop.now
        connection.touch()
    }

    func switchProtocols(_ fields: borrowing Fields) {
        guard let connection, let stream, response == .none, awaitsTunnel, !isAborted else { return }
        connection.engine.sendSwitchingProtocols(fields, on: stream)
        response = .started
        awaitsTunnel = false
        isTunnel = true
        endIsTold = false
        // What arrived behind the request belongs to the tunnel now.
        connection.note(self)
    }

    func send(_ piece: Span<UInt8>) {
        guard let connection, let stream, response == .started, !isAborted else { return }
        if stream.waiting == 0 { outputMoved = connection.worker.loop.now }
        connection.send(piece, on: stream, for: self)
        if stream.waiting > 0 { connection.watch(for: stillness ?? connection.worker.patience.send) }
        if !canSend { wasFull = true }
        connection.touch()
    }

    func finish() {
        guard let connection, let stream, response == .started, !isAborted else { return }
        do {
            try connection.engine.finish(stream)
            response = .ended
        } catch {
            // Less than the head announced: the client must not take it for whole.
            abort()
        }
        connection.touch()
    }

    func finish(trailers: borrowing Fields) {
        guard let connection, let stream, response == .started, !isAborted else { return }
        do {
            try connection.engine.finish(stream, trailers: trailers)
            response = .ended
        } catch {
            abort()
        }
        connection.touch()
    }

    func abort() {
        guard let connection, exchange != nil else { return }
        isAborted = true
        connection.note(self)
    }
}
