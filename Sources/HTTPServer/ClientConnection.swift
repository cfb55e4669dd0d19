import Bytes
import HTTP
import Sockets
import Time

/// One client's connection: reads, lets the engine judge, tells the handler, writes.
///
/// Three rules keep re-entrance harmless. Handlers are called only from ``work()``, which never runs inside itself; what a
/// handler asks for is noted or written to the channel, and ``touch()`` sees to it that the turn's end takes care of it; and a
/// socket is read only from ``work()``, so the loop's scratch buffer has one user.
///
/// An idle connection holds neither buffer nor engine nor exchange. Pipelined requests and untaken answers wait in the
/// channel, both bounded (G54).
final class ClientConnection: EventTarget, TurnTarget, TimerTarget, ServedConnection, ExchangeCarrier {
    let worker: ServerWorker
    let loop: EventLoop
    let peer: PeerAddress
    // Boxed, and nobody comes back to it while it is at work: the rules above see to it.
    private let channelBox: Box<Channel>
    var slot = Slot(index: 0, tenancy: 0)
    var seat: Slot?
    var timer: TimerWheel.Timer?

    // Small ones first: they stand where a timer leaves room, and a connection is no larger for knowing its loop.

    /// The engine may have an event ready although no byte is left (the end of a body after a pause).
    var mustFeed = false
    var isWorking = false
    var isPutOff = false
    /// The kernel refused our bytes, or reset the connection.
    var isBroken = false
    /// Why a handshake that is not over will not come to its end.
    var handshakeFate = HandshakeFate.clientLeft
    var isAborted = false

    /// When the timer comes at the latest.
    var timerSet = Instant.distantFuture

    var state = ClientConnectionState()
    var deadlines: ConnectionDeadlines
    var exchange: Exchange?

    /// Bytes of HTTP/2's preface that have come; nil where only HTTP/1 is spoken, or by now is.
    var preface: UInt8?
    /// The client speaks HTTP/2: another takes over, and nothing of this one goes on.
    var isHandedOver = false
    /// `canSend` was false; the handler will be told when it is true again.
    var wasFull = false
    /// The end of the body is the end of the connection, so breaking off must be a reset to be seen (G52).
    var endsWithClose = false
    var isTunnel = false
    /// How much time this exchange has.
    var allowance = ExchangeAllowance.usual
    /// Bytes that came and were dropped: of a body behind its answer, or while lingering.
    var droppedBytes = 0

    /// - Parameters:
    ///   - cipher: what seals and opens this client's bytes; nil on plain ports.
    ///   - mayBeHTTP2: a client that begins with HTTP/2's preface is believed (prior knowledge; RFC 9113, section 3.3).
    init(
        _ worker: ServerWorker, _ socket: consuming Socket, _ peer: PeerAddress, _ cipher: (any ByteCipher)?,
        mayBeHTTP2: Bool
    ) {
        self.worker = worker
        loop = worker.loop
        preface = mayBeHTTP2 ? 0 : nil
        channelBox = Box(Channel(socket, cipher: cipher, isConnected: true, now: loop.now))
        self.peer = peer
        deadlines = ConnectionDeadlines(now: loop.now)
    }

    /// Takes its place on the loop; false when the system refuses.
    func open(_ slot: Slot) -> Bool {
        self.slot = slot
        guard let seat = try? loop.watch(channel.descriptor, .connection, for: self) else { return false }
        self.seat = seat
        timer = loop.timers.add(self)
        moveDeadline()
        return true
    }

    var channel: Channel {
        _read { yield channelBox.value }
        _modify { yield &channelBox.value }
    }

    var localAddress: SocketAddress? { channel.localAddress }

    var isHandshaking: Bool { channel.isHandshaking }

    // MARK: News from the loop

    func ready(_ readiness: Readiness) {
        if state.phase == .closed { return }
        // Nobody is there to read an answer.
        if readiness.isGone { isBroken = true }
        channel.note(readiness)
        if channel.peerHasClosed, !state.peerHalfClosed {
            state.peerHalfClosed = true
            channel.outputMoved = loop.now
        }
        work()
        if handOver() || state.phase == .closed { return }
        if channel.waiting > 0 || state.phase != .open { touch() }
        moveDeadline()
    }

    func turnEnding() {
        isPutOff = false
        if state.phase == .closed { return }
        work()
        if handOver() || state.phase == .closed { return }
        flush()
        if state.phase == .closed { return }
        moveDeadline()
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        timerSet = .distantFuture
        guard let next = nextDeadline else { return }
        if next.at > loop.now {
            moveDeadline()
            return
        }
        switch next.verdict {
        case .closeSilently:
            handshakeFate = .timeout
            leave()
        case .requestTimeout: refuse(status: 408, reason: "request_timeout", .requestTimeout)
        case .responseTimeout: lose(.responseTimeout)
        case .clientLeft: lose(.clientLeft)
        case .cutOff:
            // What the kernel still has for the client goes, too.
            channel.resetWhenClosed()
            lose(.aborted)
        }
        if state.phase != .closed { touch() }
    }

    /// See to this connection at the end of the turn.
    func touch() {
        if isPutOff || isWorking { return }
        isPutOff = true
        loop.putOff(self)
    }

    var nextDeadline: (at: Instant, verdict: ConnectionDeadlines.Verdict)? {
        if case .until(let end) = allowance, state.hasExchange || channel.waiting > 0 { return (end, .cutOff) }
        let patience = allowance.applied(to: worker.patience)
        if isTunnel && state.phase == .open {
            // Silence is the handler's business there, in both directions; what waits must be taken all the same.
            if channel.waiting == 0 { return nil }
            return deadlines.whileSending(channel.outputMoved, patience)
        }
        if channel.isHandshaking { return (deadlines.handshakeEnd(state, worker.patience), .closeSilently) }
        return deadlines.next(
            state, outputWaits: channel.waiting > 0, outputMoved: channel.outputMoved, patience)
    }

    func moveDeadline() {
        guard let timer, let next = nextDeadline?.at, next < timerSet else { return }
        // One that comes too early finds what has become of it.
        timerSet = next
        loop.timers.set(timer, next)
    }

    /// Between two exchanges, with nothing left to say or to read.
    var isIdle: Bool {
        state.phase == .open && state.request == .awaited && channel.waiting == 0 && !channel.holdsInput
            && !channel.canRead
    }

    // MARK: Work

    /// Brings everything forward that can go forward without the kernel's or a handler's further help.
    ///
    /// Whoever calls it sees to the flush: what cannot be flushed waits for the kernel, not for another turn.
    func work() {
        isWorking = true
        var reads = 0
        while true {
            settle()
            guard state.wantsInput else { break }
            // An answer to a pipelined request must not be made before the client takes those it has.
            if state.request == .awaited, channel.waiting >= worker.settings.highWaterMark { break }
            if mustFeed || channel.holdsInput {
                feedHeldInput()
            } else if channel.canRead {
                if reads == EventLoop.readsInARow {
                    isWorking = false
                    touch()
                    return
                }
                reads += 1
                read()
            } else {
                break
            }
        }
        isWorking = false
    }

    /// Draws the consequences of what was noted meanwhile.
    func settle() {
        if state.phase == .closed { return }
        if isBroken {
            lose(.clientLeft)
            return
        }
        if isAborted {
            breakOff(.aborted)
            return
        }
        guard state.phase == .open, state.response == .ended, let exchange else { return }
        if let handler = exchange.handler {
            exchange.end()
            handler.finished(exchange)
        }
        let next = state.continuation(
            mustClose: exchange.engine.mustClose, restIsBounded: restIsBounded,
            inputWaits: channel.canRead || channel.holdsInput)
        switch next {
        case .wait, .discardRest: break
        case .nextRequest:
            precondition(exchange.engine.canStartNext, "the exchange is not over, or was the last")
            letGo(exchange)
            state.startNext()
            deadlines.silentSince = loop.now
        case .part(let farewell):
            letGo(exchange)
            state.part(farewell)
        }
    }

    /// What is left of the request can be dropped at little cost.
    var restIsBounded: Bool {
        let most = worker.settings.lingerBytes
        if let exchange, case .length(let length) = exchange.head.framing {
            return length - exchange.bodyBytes - droppedBytes <= most
        }
        return droppedBytes <= most
    }

    /// Borrows an exchange, and with it the engine that reads its request.
    func takeExchange() -> Exchange {
        let fresh = worker.borrowExchange()
        fresh.lend(to: self, peer: peer)
        fresh.engine.begin(limits: worker.settings.limits)
        exchange = fresh
        return fresh
    }

    func letGo(_ exchange: Exchange) {
        self.exchange = nil
        worker.returnExchange(exchange)
    }
}
