import Bytes
import HTTP
import Sockets
import Time

/// One stream of a shared connection: carries one request to an upstream and its response.
///
/// Pooled. What its handler asks for is noted or written, and the connection's work draws the consequences.
final class SharedStream: UpstreamCarrier {
    enum Request {
        case unsent
        case body
        case ended
    }

    enum Response {
        case awaited
        case body
        /// All of it has arrived; ``held`` may still wait for the handler.
        case ended
    }

    /// Body bytes of one stream that may wait for the server before their source is paused.
    static let highWaterMark = 32 << 10

    private(set) var connection: SharedConnection?
    /// Nil before the head is sent, and when nghttp2 has done with it.
    var stream: HTTP2Stream?
    var upstream: UpstreamStream?
    var place = -1

    var request = Request.unsent
    var response = Response.awaited
    /// Arrived and not yet wanted; the server's window stays shut for as much.
    var held = ByteBuffer()
    var isPaused = false
    var isCancelled = false
    var wasFull = false
    var isNoted = false
    /// What stands in the way of sending on.
    var failure: UpstreamFailure?

    /// The end of the request, the last interim response but 100, or the end of a pause.
    var requestEnded = Instant(nanoseconds: 0)
    var bodyMoved = Instant(nanoseconds: 0)
    /// When the server was last seen to take bytes, and how many had left by then.
    var outputMoved = Instant(nanoseconds: 0)
    var bytesSeenLeaving = 0

    func begin(_ connection: SharedConnection, _ upstream: UpstreamStream) {
        self.connection = connection
        self.upstream = upstream
        stream = nil
        request = .unsent
        response = .awaited
        isPaused = false
        isCancelled = false
        wasFull = false
        isNoted = false
        failure = nil
        requestEnded = connection.loop.now
        bodyMoved = requestEnded
        outputMoved = requestEnded
        bytesSeenLeaving = 0
    }

    func end() {
        connection = nil
        upstream = nil
        stream = nil
        held.release()
        isNoted = false
    }

    /// The request is a WebSocket's handshake, and behind a good answer to it the stream is a tunnel.
    var isTunnel: Bool { upstream?.asksForTunnel ?? false }

    // MARK: The handler's wishes

    var canSend: Bool {
        guard let connection else { return false }
        return (stream?.waiting ?? 0) < Self.highWaterMark && connection.hasRoom
    }

    func sendHead(method: Span<UInt8>, target: Span<UInt8>, _ fields: borrowing Fields, framing: BodyFraming) {
        guard let connection, request == .unsent, !isCancelled else { return }
        connection.sendHead(of: self, method: method, target: target, fields, framing: framing)
    }

    func send(_ piece: Span<UInt8>) {
        guard let connection, let stream, request == .body, response != .ended, !isCancelled else { return }
        if stream.waiting == 0 { outputMoved = connection.loop.now }
        connection.send(piece, on: stream, for: self)
        if stream.waiting > 0 { connection.watch(for: connection.pool.patience.idle) }
        if !canSend { wasFull = true }
    }

    func finish() {
        guard let connection, let stream, request == .body, response != .ended, !isCancelled else { return }
        // The handshake has no body, and its end is not the tunnel's.
        if isTunnel, response == .awaited { return }
        do { try connection.engine.finish(stream) } catch { fail(.badRequest(error)) }
        ended(connection)
    }

    func finish(trailers: borrowing Fields) {
        guard let connection, let stream, request == .body, response != .ended, !isCancelled else { return }
        do { try connection.engine.finish(stream, trailers: trailers) } catch { fail(.badRequest(error)) }
        ended(connection)
    }

    func ended(_ connection: SharedConnection) {
        request = .ended
        requestEnded = connection.loop.now
        connection.watch(for: connection.pool.patience.response)
        connection.touch()
    }

    func fail(_ failure: UpstreamFailure) {
        self.failure = failure
        connection?.note(self)
    }

    func pause() { isPaused = true }

    func resume() {
        guard isPaused, let connection else { return }
        isPaused = false
        requestEnded = connection.loop.now
        bodyMoved = connection.loop.now
        connection.watch(for: connection.pool.patience.idle)
        connection.note(self)
    }

    func cancel() {
        isCancelled = true
        connection?.note(self)
    }
}
