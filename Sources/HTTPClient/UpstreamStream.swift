package import HTTP
package import Time

/// One request to an upstream and its response, as a handler sees them.
///
/// Pooled: it belongs to the handler from `open` until
/// `upstreamEnded`, `upstreamFailed` or ``cancel()``.
///
/// Nothing here blocks, and nothing here calls the handler. Calls after the stream is over do nothing.
package final class UpstreamStream {
    /// The connection had served another request before, so the server may have closed it meanwhile.
    package internal(set) var wasReused: Bool {
        get { run.wasReused }
        set { run.wasReused = newValue }
    }
    /// The server that was chosen; ``UpstreamServer/authority`` is for `Host` (G37).
    package internal(set) var server: UpstreamServer {
        get { run.server }
        set { run.server = newValue }
    }
    /// When the stream was opened.
    package var openedAt: Instant { run.openedAt }
    /// True once the first byte of the request may have left.
    package internal(set) var hasSent: Bool {
        get { run.hasSent }
        set { run.hasSent = newValue }
    }
    /// True once a head of the response has arrived, interim ones included.
    package internal(set) var hasResponse: Bool {
        get { run.hasResponse }
        set { run.hasResponse = newValue }
    }

    /// The request is a WebSocket's handshake.
    var asksForTunnel = false
    /// The server has opened the WebSocket that was asked for in HTTP/2, where no status says so by itself (RFC 8441,
    /// section 5).
    package internal(set) var isTunnel: Bool {
        get { run.isTunnel }
        set { run.isTunnel = newValue }
    }

    /// The response's head, from ``UpstreamHandler/upstreamResponded(_:_:)`` on.
    package let head = ResponseHead()
    var handler: (any UpstreamHandler)?
    /// Nil while no connection is being made yet, and when the stream is over.
    var carrier: (any UpstreamCarrier)?
    /// Where to try next while connecting, and until when.
    var attempt = ConnectAttempt()

    /// The trailer fields of the response, once it has ended; filtered (G11).
    ///
    /// Asking costs an allocation: ask ``hasTrailers`` first.
    package private(set) var trailers = Fields()

    /// What changes from request to request.
    private struct Run {
        var server: UpstreamServer
        var openedAt = Instant(nanoseconds: 0)
        var wasReused = false
        var hasSent = false
        var hasResponse = false
        var isTunnel = false
        var hasTrailers = false
    }

    // Private, and seen by getters: what others can reach is watched at each access.
    private var run: Run

    init(server: UpstreamServer) { run = Run(server: server) }

    func begin(for handler: any UpstreamHandler, server: UpstreamServer, forTunnel: Bool, now: Instant) {
        asksForTunnel = forTunnel
        self.handler = handler
        if run.hasTrailers { trailers.clear() }
        run = Run(server: server, openedAt: now)
        head.reset()
        attempt = ConnectAttempt()
    }

    /// No call of the handler has any effect from now on.
    func end() {
        handler = nil
        carrier = nil
    }

    /// True when the response has ended with trailer fields.
    package var hasTrailers: Bool { run.hasTrailers }

    /// The response has ended with these.
    func take(trailers: borrowing Fields) {
        self.trailers.copyContents(of: trailers)
        run.hasTrailers = !trailers.isEmpty
    }

    /// Sends the head of the request; `fields` include `Host`.
    ///
    /// Once, after `upstreamReady`.
    package func sendHead(method: Span<UInt8>, target: Span<UInt8>, _ fields: borrowing Fields, framing: BodyFraming) {
        carrier?.sendHead(method: method, target: target, fields, framing: framing)
    }

    /// Sends a piece of the body; it is copied where it cannot leave at once.
    ///
    /// Look at ``canSend`` afterwards.
    package func send(_ piece: Span<UInt8>) { carrier?.send(piece) }

    /// False when so much waits for the server that the source should pause until `upstreamCanSendMore`.
    package var canSend: Bool { carrier?.canSend ?? false }

    /// Ends the request; in a tunnel our direction of it.
    package func finish() { carrier?.finish() }

    /// Ends the request with trailer fields.
    package func finish(trailers: borrowing Fields) { carrier?.finish(trailers: trailers) }

    /// Asks for no more of the response until ``resume()``; what has arrived waits, the rest stays with the server.
    package func pause() { carrier?.pause() }
    package func resume() { carrier?.resume() }

    /// Gives the stream up: an HTTP/1 connection closes (G22), an HTTP/2 stream is reset, and its handler hears nothing more.
    package func cancel() {
        guard handler != nil else { return }
        handler = nil
        carrier?.cancel()
    }
}

/// The addresses that a stream's connection may still be made to.
struct ConnectAttempt {
    /// Position in the server's address list, counted from where this stream began.
    var tried = 0
    var first = 0
    var until = Instant(nanoseconds: 0)
    /// The stream had waited so long before that less than half of the connect timeout was left: silence is nobody's fault.
    var isShort = false
}
