import Bytes
import Cryptography
import HTTP
import HTTPClient
import HTTPServer
import OpenIDConnect
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// The journey of a request: it is admitted, matched, recognized, decided, freshened, forwarded, answered, recorded.
///
/// Start reading here. Each stage is a file of its own in `Journey/`; ``run(from:)`` below is the one place where their
/// order stands. A journey lives on one worker's thread from the first byte of its head to its log line, and is used
/// again for another request. It waits for somebody else at two stations only, *recognize* and *freshen*, and at the
/// desk when the answer is ours to make; then it is parked, and its key is how the answer finds it again.
final class RequestJourney: ExchangeHandler, UpstreamHandler {
    /// The stages that a request passes before its answer begins; *answer* and *record* follow the upstream's events.
    enum Stage {
        case admit, match, recognize, decide, freshen, forward
    }

    /// What a stage came to.
    enum Step {
        case next(Stage)
        /// Parked, or answered: whoever comes next wakes the journey, or nobody does.
        case stay
    }

    /// What a parked journey waits for.
    enum Waiting: Equatable {
        case nothing, session, tokens, answer, upstream
    }

    /// A circle with the worker's idle journeys, which ends with the worker's run: asking whether it still lives, dozens of
    /// times a request, is no bargain.
    let worker: Worker
    let loop: EventLoop
    var exchange: Exchange?
    var stream: UpstreamStream?
    /// What it goes by, from its beginning to its end, whatever is reloaded meanwhile.
    var scene: WorkerScene
    var snapshot: Snapshot

    // What the stages found out.
    var site = 0
    var plan: RoutePlan?
    var endpoint: Endpoint?
    var evidence = RequestEvidence()
    var session: LiveSession?
    var record: SessionRecord?
    /// The digest of the session cookie, whether or not a session belongs to it.
    var digest: SHA256Digest?
    /// Why there is no session although there was one.
    var endReason: SessionEnd?
    /// The session is over for this route alone, or its sign-out is not confirmed: its cookie stays (B33a, F2).
    var cookieStaysGood = false
    let requestID = BufferBox(capacity: 64)
    /// What a trusted proxy in front told of the client; empty when there is none.
    let chainBox = Box(ForwardedChain())
    let forwardedClient = BufferBox()
    var now = Timestamp(milliseconds: 0)

    // Where it stands.
    var waiting = Waiting.nothing
    var parked: Slot?
    var parkedUntil = Instant.distantFuture
    var upstreamIsReady = false
    var requestEnded = false
    var responseBegun = false
    /// The upstream's head is there, and waits for the first piece of its body (E35).
    var headWaits = false
    var upstreamRetried = false
    /// The token was renewed because the upstream refused it; that happens once a request (B31).
    var renewed = false
    var failure: GatewayFailure?

    // For the log line.
    var status = 0
    var startedAt = Instant(nanoseconds: 0)
    var upstreamAt: Instant?
    var upstreamTime: Duration?

    // The relay.
    let echoBox = Box(TokenEchoGuard())
    var bodySeen = 0
    var file: FileTransfer?
    /// The exchange is a WebSocket by now.
    var tunnel: TunnelRelay?
    /// What the user had sent when it last counted as a use of the session.
    var usesSeen = 0
    /// The store is not asked about an idle session before.
    var reviewAfter = Instant(nanoseconds: .min)

    // Boxed: whoever changes them calls nobody meanwhile.
    var chain: ForwardedChain {
        _read { yield chainBox.value }
        _modify { yield &chainBox.value }
    }

    var echo: TokenEchoGuard {
        _read { yield echoBox.value }
        _modify { yield &echoBox.value }
    }

    init(worker: Worker) {
        self.worker = worker
        loop = worker.loop
        scene = worker.scene
        snapshot = worker.scene.snapshot
    }

    /// Runs the stages in their order until one of them stays.
    func run(from first: Stage) {
        guard let exchange else { return }
        var stage = first
        while true {
            let step =
                switch stage {
                case .admit: admit(exchange)
                case .match: match(exchange)
                case .recognize: recognize(exchange)
                case .decide: decide(exchange)
                case .freshen: freshen(exchange)
                case .forward: forward(exchange)
                }
            guard case .next(let next) = step else { return }
            stage = next
        }
    }

    // MARK: The client's side

    func began(_ exchange: Exchange) {
        begin(exchange)
        run(from: .admit)
    }

    func failed(_ exchange: Exchange, _ failure: ExchangeFailure) {
        unpark()
        stream?.cancel()
        stream = nil
        if status == 0 {
            switch failure {
            case .badRequest(let error):
                status = error.status
                self.failure = .badRequest(error.reasonCode)
            case .protocolError: status = 400
            case .requestTimeout: status = 408
            default: status = 499
            }
        }
        conclude(exchange)
    }

    func finished(_ exchange: Exchange) {
        conclude(exchange)
    }

    /// Takes everything back to the beginning.
    private func begin(_ exchange: Exchange) {
        self.exchange = exchange
        if scene !== worker.scene {
            scene = worker.scene
            snapshot = scene.snapshot
        }
        scene.journeys += 1
        startedAt = exchange.startedAt
        now = loop.wallTime
        // Nobody may have the body before somebody is known to want it (G38, G54).
        if exchange.bodyIsExpected { exchange.pauseReading() }
    }

    /// The eighth stage, and the end.
    private func conclude(_ exchange: Exchange) {
        writeRecord(exchange)
        if tunnel != nil { worker.metrics.webSockets.decrement() }
        scene.journeys -= 1
        self.exchange = nil
        stream?.cancel()
        stream = nil
        file = nil
        tunnel = nil
        usesSeen = 0
        reviewAfter = Instant(nanoseconds: .min)
        plan = nil
        endpoint = nil
        evidence = RequestEvidence()
        bodySeen = 0
        session = nil
        record = nil
        digest = nil
        endReason = nil
        cookieStaysGood = false
        requestID.buffer.clear()
        chain.forget()
        waiting = .nothing
        upstreamIsReady = false
        requestEnded = false
        responseBegun = false
        headWaits = false
        upstreamRetried = false
        renewed = false
        failure = nil
        status = 0
        upstreamAt = nil
        upstreamTime = nil
        echo.begin(token: [])
        worker.takeBack(self)
    }

    // MARK: Waiting

    /// Leaves the journey under a key; ``Worker`` wakes it when news for the key comes, or when the time is over.
    func park(for what: Waiting, atMost limit: Duration) -> SlotKey {
        waiting = what
        let slot = worker.park(self)
        parked = slot
        parkedUntil = loop.now + limit
        return SlotKey(worker: worker.number, slot: slot.index, tenancy: slot.tenancy)
    }

    /// Takes the key back: news for it finds nobody from now on.
    func unpark() {
        if let parked { worker.unpark(parked) }
        parked = nil
        if waiting == .tokens { worker.metrics.refreshWaiters.decrement() }
        if waiting != .upstream { waiting = .nothing }
    }

    /// News from the desk.
    func wake(_ news: JourneyNews) {
        unpark()
        guard let exchange else { return }
        switch news {
        case .session(let finding): recognized(exchange, finding)
        case .tokens(let result): freshened(exchange, result)
        case .answer(let answer): send(answer, exchange)
        case .failure(let failure): refuse(failure, exchange)
        }
    }

    /// Nobody answered in time.
    func waitedTooLong() {
        unpark()
        guard let exchange else { return }
        refuse(.busy, exchange)
    }
}
