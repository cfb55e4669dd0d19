import Bytes
import HTTP
import Sockets
import Telemetry
import Time

/// One connection to a server of an upstream: serves one stream at a time, and waits in its endpoint's pool between them.
///
/// The same three rules as on the side of the clients: handlers are called only from ``work()``, which never runs inside
/// itself; what they ask for is noted or written to the channel; and only ``work()`` reads.
final class UpstreamConnection: EventTarget, TurnTarget, TimerTarget, UpstreamCarrier {
    /// Kept alive by its connections, since it may have been replaced.
    let pool: UpstreamPool
    let loop: EventLoop
    let endpoint: UpstreamEndpoint
    let address: SocketAddress
    // Boxed, and nobody comes back to them while they are at work: the rules above see to it.
    private let channelBox: Box<Channel>
    private let engineBox = Box(HTTP1ClientEngine(limits: .response))
    var seat: Slot?
    var timer: TimerWheel.Timer?
    /// When the timer comes at the latest.
    var timerSet = Instant.distantFuture

    var state = UpstreamConnectionState()
    var deadlines: UpstreamDeadlines
    var stream: UpstreamStream?

    /// The engine may have an event ready although no byte is left (the end of a body after a pause).
    var mustFeed = false
    var isWorking = false
    var isPutOff = false
    var isCancelled = false
    /// The socket is connected; what may follow is the handshake.
    var hasConnected = false
    /// `canSend` was false; the handler will be told when it is true again.
    var wasFull = false
    /// Our direction of a tunnel ends when all has left.
    var endsWhenFlushed = false
    var writeError: HTTP1Error?

    /// Bytes that may wait for the server before their source is paused.
    static let highWaterMark = 128 << 10
    /// Pieces from this size on go to the kernel at once, without a copy, rather than at the end of the turn.
    static let pushSize = 8 << 10

    /// Begins to connect for `stream`.
    init(
        _ endpoint: UpstreamEndpoint, _ socket: consuming Socket, _ cipher: (any ByteCipher)?,
        _ address: SocketAddress, for stream: UpstreamStream, until: Instant
    ) throws(SystemError) {
        pool = endpoint.pool
        self.endpoint = endpoint
        self.address = address
        self.stream = stream
        let loop = endpoint.pool.loop
        self.loop = loop
        channelBox = Box(Channel(socket, cipher: cipher, isConnected: false, now: loop.now))
        deadlines = UpstreamDeadlines(now: loop.now)
        deadlines.connectUntil = until
        seat = try loop.watch(channel.descriptor, .connection, for: self)
        timer = loop.timers.add(self)
        moveDeadline()
    }

    var channel: Channel {
        _read { yield channelBox.value }
        _modify { yield &channelBox.value }
    }

    var engine: HTTP1ClientEngine {
        _read { yield engineBox.value }
        _modify { yield &engineBox.value }
    }

    /// Takes a stream while the connection is idle.
    func lease(_ stream: UpstreamStream) {
        self.stream = stream
        stream.carrier = self
        state.lease()
        wasFull = false
        deadlines.requestEnded = loop.now
    }

    // MARK: News from the loop

    func ready(_ readiness: Readiness) {
        channel.note(readiness)
        switch state.phase {
        case .closed: return
        case .connecting:
            if hasConnected {
                shakeHands()
            } else if channel.canWrite || channel.canRead {
                decideConnecting()
            }
        case .idle:
            // Nobody has asked: whatever arrives is the end, or the first bytes of a stolen response (G51).
            if channel.canRead, !readsOnlyCipher() { close() }
        case .busy:
            // Bytes that came before the request left are not its answer (G51); its handler may safely ask elsewhere.
            if channel.canRead, stream?.hasSent == false, !readsOnlyCipher() { connectionLost() } else { work() }
        }
        if state.phase == .closed { return }
        if channel.waiting > 0 { touch() }
        moveDeadline()
    }

    func turnEnding() {
        isPutOff = false
        if state.phase == .closed { return }
        if isCancelled, state.phase == .connecting {
            endpoint.pending -= 1
            giveUp()
            endpoint.leaderLeft()
            return
        }
        work()
        if state.phase == .busy { flush() }
        if state.phase != .closed { moveDeadline() }
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        timerSet = .distantFuture
        guard let next = nextDeadline else { return }
        if next.at > loop.now {
            moveDeadline()
            return
        }
        switch next.verdict {
        case .closeIdle: close()
        case .connectTimeout: connectingFailed(.connectTimeout)
        case .responseTimeout: fail(.responseTimeout)
        case .idleTimeout: fail(.idleTimeout)
        }
    }

    var nextDeadline: (at: Instant, verdict: UpstreamDeadlines.Verdict)? {
        deadlines.next(
            state, outputWaits: channel.waiting > 0, outputMoved: channel.outputMoved, pool.patience)
    }

    func moveDeadline() {
        guard let timer, let next = nextDeadline?.at, next < timerSet else { return }
        // One that comes too early finds what has become of it.
        timerSet = next
        loop.timers.set(timer, next)
    }

    /// See to this connection at the end of the turn.
    func touch() {
        if isPutOff || isWorking { return }
        isPutOff = true
        loop.putOff(self)
    }

    // MARK: Work

    /// Whoever calls it sees to the flush: what cannot be flushed waits for the kernel, not for another turn.
    func work() {
        isWorking = true
        var reads = 0
        while state.phase == .busy {
            if settle() { break }
            guard state.wantsInput else { break }
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

    /// Draws the consequences of what was noted meanwhile; true when the stream is over.
    func settle() -> Bool {
        if isCancelled {
            giveUp()
        } else if let writeError {
            fail(.badRequest(writeError))
        } else if state.response == .ended {
            conclude()
        } else {
            return false
        }
        return true
    }
}
