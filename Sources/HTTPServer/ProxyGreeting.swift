import Bytes
import Sockets
import Time

/// A new connection whose peer has yet to say whom it speaks for; when it has, a client's connection like any other.
///
/// What stands behind the header stays with the kernel: the header is looked at, and taken only when it is whole.
final class ProxyGreeting: EventTarget, TimerTarget {
    private unowned let worker: ServerWorker
    private var socket: Socket?
    private let descriptor: Int32
    private let peer: PeerAddress
    private let rules: PortRules
    private var slot = Slot(index: 0, tenancy: 0)
    private var seat: Slot?
    private var timer: TimerWheel.Timer?

    init(_ worker: ServerWorker, _ socket: consuming Socket, _ peer: PeerAddress, _ rules: PortRules) {
        self.worker = worker
        self.rules = rules
        descriptor = socket.descriptor
        self.socket = consume socket
        self.peer = peer
    }

    /// Takes its place on the loop; false when the system refuses.
    func open(_ slot: Slot) -> Bool {
        self.slot = slot
        guard let seat = try? worker.loop.watch(descriptor, .arrivals, for: self) else { return false }
        self.seat = seat
        let timer = worker.loop.timers.add(self)
        self.timer = timer
        worker.loop.timers.set(timer, worker.loop.now + worker.patience.header)
        return true
    }

    func ready(_ readiness: Readiness) {
        var outcome = ProxyProtocol.Reading.invalid
        var isOver = false
        worker.loop.scratch.use { scratch in
            do {
                guard case .bytes? = try socket?.peek(into: &scratch.buffer, space: ProxyProtocol.mostBytes) else {
                    isOver = readiness.peerClosed || readiness.isGone
                    outcome = .needMore
                    return
                }
                outcome = ProxyProtocol.read(scratch.buffer.bytes)
                guard case .header(let length, _) = outcome else { return }
                scratch.buffer.clear()
                // All of it is there: the kernel has just shown it.
                _ = try socket?.receive(into: &scratch.buffer, space: length)
            } catch {
                isOver = true
                outcome = .needMore
            }
        }
        switch outcome {
        case .needMore:
            // A peer that leaves before it has said anything only looked whether somebody listens.
            if isOver || readiness.peerClosed { leave(nil) }
        case .invalid: leave("proxy_protocol_invalid")
        case .header(_, let client): become(client ?? peer)
        }
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) { leave("proxy_protocol_timeout") }

    private func become(_ client: PeerAddress) {
        stepBack()
        guard let socket = socket.take() else { return }
        worker.greeted(slot, consume socket, client, rules)
    }

    /// Closes; `reason` is for the log.
    func leave(_ reason: StaticString?) {
        stepBack()
        guard socket.take() != nil else { return }
        worker.greetingFailed(slot)
        if let reason { worker.source.turnedAway(peer, reason) }
    }

    private func stepBack() {
        if let seat { worker.loop.forget(seat, stillOpen: descriptor) }
        if let timer { worker.loop.timers.remove(timer) }
        seat = nil
        timer = nil
    }
}
