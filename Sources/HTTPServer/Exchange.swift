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
    package private(set) var key: SlotKey
    /// Who is at the other end of the connection.
    package private(set) var peer = PeerAddress(ip: nil, port: 0)
    /// ``peer`` as text, without its port.
    package let peerText = BufferBox(capacity: 48)
    /// When the head was complete.
    package internal(set) var startedAt = Instant(nanoseconds: 0)
    /// Bytes of the request so far, head and framing included.
    package internal(set) var bytesIn = 0
    /// Bytes of the response so far, head and framing included.
    package internal(set) var bytesOut = 0
    /// The status of the final response; 0 before its head.
    package private(set) var status = 0

    /// The request's trailer fields, once it has ended; filtered (G11).
    ///
    /// Asking costs an allocation: ask ``hasTrailers`` first.
    package internal(set) var trailers = Fields()

    /// Of an exchange over HTTP/1: its connection has none while it is idle.
    var engine = HTTP1ServerEngine(limits: HTTPLimits())
    /// Nil when the exchange is over.
    private(set) var carrier: (any ExchangeCarrier)?
    var handler: (any ExchangeHandler)?
    private var hasContinued = false
    private let noTrailers = Fields()

    init(worker: UInt16, slot: Int) { key = SlotKey(worker: worker, slot: UInt32(slot), tenancy: 0) }

    /// A carrier borrows the exchange for its next request.
    func lend(to carrier: any ExchangeCarrier, peer: PeerAddress) {
        key = SlotKey(worker: key.worker, slot: key.slot, tenancy: key.tenancy &+ 1)
        head.reset()
        trailers.clear()
        bytesIn = 0
        bytesOut = 0
        status = 0
        hasContinued = false
        self.carrier = carrier
        if peer != self.peer || peerText.buffer.isEmpty {
            self.peer = peer
            peerText.buffer.clear()
            peer.write(into: &peerText.buffer)
        }
    }

    /// Takes the trailer fields that the engine has read.
    func copyTrailers() { trailers.copyContents(of: engine.trailers) }

    /// No call of the handler has any effect from now on.
    func end() {
        carrier = nil
        handler = nil
    }

    /// True until `failed` or `finished`.
    package var isOpen: Bool { carrier != nil }

    /// True when the request announced a body.
    package var bodyIsExpected: Bool { head.framing.hasBody }

    /// True when the request has ended with trailer fields.
    package var hasTrailers: Bool { !trailers.isEmpty }

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
        guard head.expectsContinue, !hasContinued, status == 0, let carrier else { return }
        hasContinued = true
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
