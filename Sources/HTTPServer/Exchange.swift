private import Bytes
package import HTTP
package import Sockets
package import Time

/// One request and its response, as a handler sees them.
///
/// Pooled: it belongs to the handler from `began` until `failed` or
/// `finished`.
///
/// Nothing here blocks, and nothing here calls the handler. Calls after the exchange is over do nothing.
package final class Exchange {
    /// Complete from `began` on.
    package let head = RequestHead()
    /// Names this exchange for messages that come back from other threads: a key kept too long finds nobody.
    package var key: SlotKey { run.key }
    /// Who is at the other end of the connection.
    package var peer: PeerAddress { run.peer }
    /// ``peer`` as text, without its port.
    package let peerText = BufferBox(capacity: 48)
    /// When the head was complete.
    package internal(set) var startedAt: Instant {
        get { run.startedAt }
        set { run.startedAt = newValue }
    }
    /// Bytes of the request so far, head and framing included.
    package internal(set) var bytesIn: Int {
        get { run.bytesIn }
        set { run.bytesIn = newValue }
    }
    /// Bytes of the response so far, head and framing included.
    package internal(set) var bytesOut: Int {
        get { run.bytesOut }
        set { run.bytesOut = newValue }
    }
    /// Bytes of the body given to the handler, over HTTP/1.
    var bodyBytes: Int {
        get { run.bodyBytes }
        set { run.bodyBytes = newValue }
    }
    /// The status of the final response; 0 before its head.
    package private(set) var status: Int {
        get { run.status }
        set { run.status = newValue }
    }

    /// The request's trailer fields, once it has ended; filtered (G11).
    ///
    /// Asking costs an allocation: ask ``hasTrailers`` first.
    package private(set) var trailers = Fields()

    /// Of an exchange over HTTP/1: its connection has none while it is idle.
    var engine: HTTP1ServerEngine {
        _read { yield engineBox.value }
        _modify { yield &engineBox.value }
    }
    // Boxed: the connection is its one user, and says why it is never in it twice.
    private let engineBox = Box(HTTP1ServerEngine(limits: HTTPLimits()))
    /// Nil when the exchange is over.
    private(set) var carrier: (any ExchangeCarrier)?
    var handler: (any ExchangeHandler)?
    private let noTrailers = Fields()

    /// What changes from request to request.
    private struct Run {
        var key: SlotKey
        var peer = PeerAddress(ip: nil, port: 0)
        var startedAt = Instant(nanoseconds: 0)
        var bytesIn = 0
        var bytesOut = 0
        var bodyBytes = 0
        var status = 0
        var hasContinued = false
        var hasTrailers = false
    }

    // Private, and seen by getters: what others can reach is watched at each access.
    private var run: Run

    init(worker: UInt16, slot: Int) { run = Run(key: SlotKey(worker: worker, slot: UInt32(slot), tenancy: 0)) }

    /// A carrier borrows the exchange for its next request.
    func lend(to carrier: any ExchangeCarrier, peer: PeerAddress) {
        head.reset()
        if run.hasTrailers { trailers.clear() }
        let isKnown = peer == run.peer && !peerText.buffer.isEmpty
        let key = SlotKey(worker: run.key.worker, slot: run.key.slot, tenancy: run.key.tenancy &+ 1)
        run = Run(key: key, peer: peer)
        self.carrier = carrier
        if !isKnown {
            peerText.buffer.clear()
            peer.write(into: &peerText.buffer)
        }
    }

    /// Takes the trailer fields that the engine has read.
    func copyTrailers() { take(trailers: engine.trailers) }

    /// No call of the handler has any effect from now on.
    func end() {
        carrier = nil
        handler = nil
    }

    /// Gives the memory of its head back: a crowd's large heads are not kept for ever.
    func release() {
        head.release()
        trailers.release()
    }

    /// True until `failed` or `finished`.
    package var isOpen: Bool { carrier != nil }

    /// True when the request announced a body.
    package var bodyIsExpected: Bool { head.framing.hasBody }

    /// True when the request has ended with trailer fields.
    package var hasTrailers: Bool { run.hasTrailers }

    /// The request has ended with these.
    func take(trailers: borrowing Fields) {
        self.trailers.copyContents(of: trailers)
        run.hasTrailers = !trailers.isEmpty
    }

    /// Our own end of the connection.
    ///
    /// Asks the kernel.
    package var localAddress: SocketAddress? { carrier?.localAddress }

    /// Sets how long the bodies of this exchange may stand still, in either direction, before the client is given up.
    package func allowStillness(_ time: Delay) { carrier?.allowStillness(time) }

    /// Ends the exchange for good after `time`, however its client takes what waits for it: also when ``finish()`` was called,
    /// and also when bytes still move.
    package func endWithin(_ time: Delay) { carrier?.endWithin(time) }

    /// Asks for no body pieces until ``resumeReading()``; what has arrived waits, the rest stays with the client.
    package func pauseReading() { carrier?.pauseReading() }
    package func resumeReading() { carrier?.resumeReading() }

    /// Tells a client that waits with its body to send it (`Expect: 100-continue`, G38).
    ///
    /// Without a waiting client nothing
    /// happens.
    package func sendContinue() {
        guard head.expectsContinue, !run.hasContinued, status == 0, let carrier else { return }
        run.hasContinued = true
        carrier.sendInterim(100, noTrailers)
    }

    /// Sends an interim response (G39); HTTP/1.0 clients get none.
    ///
    /// Look at ``canSend`` afterwards.
    package func sendInterim(_ status: Int, _ fields: borrowing Fields) {
        guard self.status == 0, status >= 100, status <= 199, status != 101 else { return }
        carrier?.sendInterim(status, fields)
    }

    /// Sends the head of the final response.
    ///
    /// Once.
    ///
    /// - Parameter reason: an upstream's own phrase; nil for the usual one.
    package func sendHead(
        _ status: Int, reason: Span<UInt8>? = nil, _ fields: borrowing Fields, framing: ResponseFraming
    ) {
        guard let carrier, self.status == 0 else { return }
        self.status = status
        carrier.sendHead(status, reason: reason, fields, framing: framing)
    }

    /// Answers a WebSocket handshake (`head.isUpgrade`) whose request has ended with 101: from now on ``send(_:)`` and
    /// `received` carry the tunnel's bytes, `ended` is the client's end of it, and ``finish()`` ours.
    package func switchProtocols(_ fields: borrowing Fields) {
        guard let carrier, status == 0 else { return }
        status = 101
        carrier.switchProtocols(fields)
    }

    /// Sends a piece of the body; it is copied.
    ///
    /// Look at ``canSend`` afterwards.
    package func send(_ piece: Span<UInt8>) { carrier?.send(piece) }

    /// False when so much waits for the client that the source should pause until `canSendMore`.
    package var canSend: Bool { carrier?.canSend ?? false }

    /// Ends the response.
    package func finish() { carrier?.finish() }

    /// Ends the response with trailer fields; they are left out where they cannot be sent (G11).
    package func finish(trailers: borrowing Fields) { carrier?.finish(trailers: trailers) }

    /// Breaks the response off so that the client sees it (G52); `failed` follows.
    package func abort() { carrier?.abort() }

    /// Sends a whole small response.
    ///
    /// An unread request body is dropped within a limit, or the connection closes (G12).
    package func answer(_ status: Int, _ fields: borrowing Fields, body: Span<UInt8>) {
        // Within another answer it would be read as a part of that one.
        guard self.status == 0 else {
            if carrier?.isAnswering == true { abort() }
            return
        }
        sendHead(status, fields, framing: .length(body.count))
        send(body)
        finish()
    }
}
