package import Bytes
package import Sockets
private import Time

/// What is particular to one listener.
package struct PortRules: Sendable {
    /// Peers that must say whom they speak for (PROXY protocol), and whom nobody else is let in beside; nil: nobody is asked.
    package var proxies: TrustedPeers?
    /// Of an encrypted port.
    package var ciphers: (any CipherSource)?
    /// Of a plain port: clients may begin with HTTP/2's preface; on an encrypted one the handshake decides what is spoken.
    package var http2: Bool
    /// Whose last descriptors its clients may take.
    var use = DescriptorReserve.Use.client

    package init(proxies: TrustedPeers? = nil, ciphers: (any CipherSource)? = nil, http2: Bool = false) {
        self.proxies = proxies
        self.ciphers = ciphers
        self.http2 = http2
    }
}

/// Accepts clients for one worker.
package final class ListeningPort: EventTarget, TurnTarget, TimerTarget {
    private unowned let worker: ServerWorker
    private let socket: ListeningSocket
    /// For clients that come from now on.
    package var rules: PortRules
    private var slot: Slot?
    private var retry: TimerWheel.Timer?
    private var isPutOff = false
    /// Clients may be waiting whom nobody will announce again.
    private var mustAsk = false
    /// Another process has the queue, too; who has been announced to us alone is still ours.
    private var isLeaving = false

    /// How many are accepted before others have their turn.
    private static let batch = 64
    /// How long nobody is asked for while there is no place or no descriptor.
    private static let pause: Duration = .milliseconds(100)

    init(_ worker: ServerWorker, _ socket: ListeningSocket, _ rules: PortRules) throws(SystemError) {
        self.worker = worker
        self.socket = socket
        self.rules = rules
        slot = try worker.loop.watch(socket.descriptor, socket.isShared ? .sharedArrivals : .arrivals, for: self)
        retry = worker.loop.timers.add(self)
    }

    /// Where the port listens.
    package var address: SocketAddress { socket.address }

    package func ready(_ readiness: Readiness) { accept() }

    package func turnEnding() {
        isPutOff = false
        if slot != nil || isLeaving { accept() }
    }

    package func deadlinePassed(_ timer: TimerWheel.Timer) {
        if mustAsk { accept() }
    }

    /// A connection has closed: whoever waits may come.
    func placeIsFree() {
        if mustAsk { askAgain() }
    }

    /// Accepts who already waits, then closes.
    func close() {
        while slot != nil || isLeaving, acceptOne() == .more {}
        if let slot { worker.loop.forget(slot, stillOpen: socket.descriptor) }
        if let retry { worker.loop.timers.remove(retry) }
        slot = nil
        retry = nil
        mustAsk = false
        isLeaving = false
        socket.close()
    }

    /// Leaves the queue to another process that has it as well.
    ///
    /// Who waits at this moment may have been announced to us and to nobody else, so they are accepted first, when there is
    /// a place for them; who comes from now on is announced to the other.
    func leave() {
        guard let slot else { return }
        worker.loop.forget(slot, stillOpen: socket.descriptor)
        self.slot = nil
        isLeaving = true
        socket.leaveFile()
        accept()
    }

    private func accept() {
        for _ in 0..<Self.batch {
            switch acceptOne() {
            case .more: continue
            case .none:
                mustAsk = false
                if isLeaving { worker.close(self) }
                return
            case .noPlace:
                mustAsk = true
                if let retry { worker.loop.timers.set(retry, worker.loop.now + Self.pause) }
                return
            }
        }
        mustAsk = true
        askAgain()
    }

    private func askAgain() {
        if isPutOff { return }
        isPutOff = true
        worker.loop.putOff(self)
    }

    private enum Outcome {
        case more
        case none
        case noPlace
    }

    private func acceptOne() -> Outcome {
        // Without a place the client waits in the kernel's queue, which costs us nothing.
        guard worker.limit.enter() else { return .noPlace }
        switch socket.accept(for: rules.use) {
        case .connection(let client, let peer):
            worker.arrived(client, peer, rules)
            return .more
        case .nobody:
            worker.limit.leave()
            return .none
        case .turnedAway:
            worker.limit.leave()
            return .more
        case .exhausted:
            worker.limit.leave()
            return socket.turnAway() ? .more : .noPlace
        }
    }
}
