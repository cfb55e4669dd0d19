import Bytes
import Cryptography
import HTTP
import HTTPClient
import HTTPServer
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// One event loop and everything it owns: listeners, connections, upstream pools, journeys.
///
/// Nothing of it is shared.
final class Worker: HandlerSource, TimerTarget, TurnTarget {
    let number: UInt16
    let loop: EventLoop
    let clock: TimeSource
    let desk: ControlDesk
    let keeper: SessionKeeper
    let metrics: GatewayMetrics
    let log: Logger
    private let resolver: Resolver
    /// What new requests go by.
    private(set) var scene: WorkerScene
    /// What it becomes, when all workers can.
    private var nextScene: WorkerScene?
    /// Scenes that some requests still go by.
    private var formerScenes: [WorkerScene] = []

    // Lent to one journey for the length of a call, so that no request makes its own.
    // Boxed, since no such call comes back to them.
    private let selectorBox = Box(RouteSelector())
    private let identifierBox = Box(IdentifierGenerator())
    private let requestFieldBox = Box(Fields())
    private let responseFieldBox = Box(Fields())
    private let lineBox: Box<LogLine>
    private var linesArePutOff = false
    let target = BufferBox()
    let trace = BufferBox()
    let masked = BufferBox()
    let refusedID = BufferBox()

    private let mailbox: Mailbox<WorkerMessage>
    private var server: ServerWorker?
    /// All journeys ever made here, and those that nobody has.
    private var journeys: [RequestJourney] = []
    private let idleBox = Box([RequestJourney]())
    private var hasEnded = false
    private var parked = Slab<RequestJourney>()
    private var ports: [(address: ListenAddress, port: ListeningPort)] = []
    private var endpointMetrics: [RouteMetrics?]
    private var otherMetrics: RouteMetrics
    private var tick: TimerWheel.Timer?

    var selector: RouteSelector {
        _read { yield selectorBox.value }
        _modify { yield &selectorBox.value }
    }

    var identifiers: IdentifierGenerator {
        _read { yield identifierBox.value }
        _modify { yield &identifierBox.value }
    }

    var requestFields: Fields {
        _read { yield requestFieldBox.value }
        _modify { yield &requestFieldBox.value }
    }

    var responseFields: Fields {
        _read { yield responseFieldBox.value }
        _modify { yield &responseFieldBox.value }
    }

    var line: LogLine {
        _read { yield lineBox.value }
        _modify { yield &lineBox.value }
    }

    private var idleJourneys: [RequestJourney] {
        _read { yield idleBox.value }
        _modify { yield &idleBox.value }
    }

    var isDraining: Bool { server?.isDraining ?? false }
    var snapshot: Snapshot { scene.snapshot }
    var cache: SessionCache<LiveSession> { keeper.cache }
    var storeHealth: StoreHealth { keeper.health }

    init(
        number: UInt16, snapshot: Snapshot, services: WorkerServices, mailbox: Mailbox<WorkerMessage>
    ) throws(SystemError) {
        self.number = number
        clock = services.clock
        resolver = services.resolver
        desk = services.desk
        keeper = services.keeper
        metrics = services.metrics
        log = services.log
        lineBox = Box(LogLine(format: services.log.format))
        self.mailbox = mailbox
        loop = try EventLoop(time: services.clock)
        endpointMetrics = Array(repeating: nil, count: Endpoint.allCases.count)
        otherMetrics = RouteMetrics(services.metrics.registry, route: "")
        scene = try WorkerScene(
            snapshot, after: nil, loop: loop, resolver: services.resolver, registry: services.metrics.registry)
        tick = loop.timers.add(self)
    }

    /// Takes clients from these sockets and runs until it is told to stop.
    func run(_ listeners: [OpenListener], limit: ConnectionLimit) throws(SystemError) {
        let server = ServerWorker(
            loop: loop, index: number, settings: snapshot.settings.server, limit: limit, source: self)
        self.server = server
        for listener in listeners { try listen(listener, server) }
        try mailbox.deliver(on: loop) { [unowned self] message in self.receive(message) }
        if let tick { loop.timers.set(tick, loop.now + RequestJourney.watchInterval) }
        loop.run()
        sendLines()
        hasEnded = true
        idleJourneys = []
        journeys = []
    }

    private func listen(_ listener: OpenListener, _ server: ServerWorker) throws(SystemError) {
        for socket in listener.sockets {
            ports.append((listener.address, try server.listen(on: socket, listener.rules)))
        }
    }

    // MARK: Messages

    private func receive(_ message: WorkerMessage) {
        switch message {
        case .news(let key, let news):
            parked[Slot(index: key.slot, tenancy: key.tenancy)]?.wake(news)
        case .sessionsEnded(let digests, let reason): sessionsEnded(digests, reason)
        case .sessionsUncertain:
            for journey in journeys { journey.reviewSession() }
        case .prepare(let snapshot, let agreement):
            do throws(SystemError) {
                nextScene = try WorkerScene(
                    snapshot, after: scene, loop: loop, resolver: resolver, registry: metrics.registry)
                agreement.answer(nil)
            } catch {
                agreement.answer("worker \(number): \(error)")
            }
        case .adopt(let listeners): adopt(listeners)
        case .discard:
            nextScene?.end(unless: [scene] + formerScenes)
            nextScene = nil
        case .drain(let handingOver):
            for journey in journeys where journey.tunnel != nil {
                journey.endTunnel(.goingAway)
            }
            server?.drained = { [unowned self] in self.end() }
            server?.drain(handingOver: handingOver)
        case .stop:
            server?.closeAll()
            end()
        }
    }

    /// Ends what is under way for these sessions; also where memory has forgotten them while a stream has not.
    private func sessionsEnded(_ digests: Set<SHA256Digest>, _ reason: SessionEnd) {
        let (now, lost) = (clock.now(), storeHealth.isLost(loop.now))
        for journey in journeys {
            guard let session = journey.session, digests.contains(session.digest) else { continue }
            session.end(reason)
            journey.watch(now, loop.now, storeIsLost: lost)
        }
    }

    /// Changes the scene; requests under way stay in theirs.
    private func adopt(_ listeners: [OpenListener]) {
        guard let server, let next = nextScene else { return }
        nextScene = nil
        formerScenes.append(scene)
        scene = next
        next.begin()
        endEmptyScenes()
        server.change(to: next.snapshot.settings.server)
        for position in ports.indices where !listeners.contains(where: { $0.address == ports[position].address }) {
            guard let heir = listeners.first(where: { $0.covered.contains(ports[position].port.address) }) else {
                continue
            }
            ports[position].address = heir.address
        }
        for (address, port) in ports where !listeners.contains(where: { $0.address == address }) {
            server.close(port)
        }
        ports.removeAll { open in !listeners.contains { $0.address == open.address } }
        for listener in listeners {
            let open = ports.filter { $0.address == listener.address }
            for (_, port) in open { port.rules = listener.rules }
            do throws(SystemError) {
                try listen(listener, server)
            } catch {
                log.error(
                    "listener_failed", [("address", .string("\(listener.address)")), ("error", .string("\(error)"))])
            }
        }
    }

    private func endEmptyScenes() {
        if formerScenes.isEmpty { return }
        for former in formerScenes where former.journeys == 0 {
            former.end(unless: [scene] + formerScenes.filter { $0.journeys > 0 })
        }
        formerScenes.removeAll { $0.journeys == 0 }
    }

    private func end() {
        mailbox.close()
        loop.stop()
    }

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        if parked.count > 0 {
            for journey in parked.all where journey.parkedUntil <= loop.now { journey.waitedTooLong() }
        }
        let (now, lost) = (clock.now(), storeHealth.isLost(loop.now))
        for journey in journeys { journey.watch(now, loop.now, storeIsLost: lost) }
        // What another process has ended is over here, too, for what is under way at the moment (E40).
        if !keeper.registry.isCurrent { desk.post(.catchUp) }
        endEmptyScenes()
        if let tick { loop.timers.set(tick, loop.now + RequestJourney.watchInterval) }
    }

    // MARK: Journeys

    func handler(for exchange: Exchange) -> any ExchangeHandler {
        if let idle = idleJourneys.popLast() { return idle }
        let journey = RequestJourney(worker: self)
        journeys.append(journey)
        return journey
    }

    func takeBack(_ journey: RequestJourney) {
        if !hasEnded { idleJourneys.append(journey) }
    }

    func park(_ journey: RequestJourney) -> Slot { parked.insert(journey) }

    func unpark(_ slot: Slot) { parked.remove(slot) }

    /// The handles for a request's metrics.
    func metrics(_ scene: WorkerScene, _ plan: RoutePlan?, _ endpoint: Endpoint?) -> RouteMetrics {
        if let plan {
            if let found = scene.routeMetrics.value[plan.index] { return found }
            let made = RouteMetrics(metrics.registry, route: plan.label)
            scene.routeMetrics.value[plan.index] = made
            return made
        }
        guard let endpoint, let place = Endpoint.allCases.firstIndex(of: endpoint) else { return otherMetrics }
        if let found = endpointMetrics[place] { return found }
        let made = RouteMetrics(
            metrics.registry, route: endpoint.label.description)
        endpointMetrics[place] = made
        return made
    }

    /// One more line stands in ``line``; all of a turn leave together.
    func lineEnded() {
        if linesArePutOff { return }
        linesArePutOff = true
        loop.putOff(self)
    }

    func turnEnding() { sendLines() }

    private func sendLines() {
        linesArePutOff = false
        if line.bytes.isEmpty { return }
        log.submit(line)
        line.clear()
    }

    // MARK: Refusals of the server itself

    func refuse(_ refusal: Refusal, fields: inout Fields, body: inout ByteBuffer) {
        // A request that was heard of has an id already, and its line is written.
        let requestID = refusedID
        requestID.buffer.clear()
        if refusal.isUnheard { RequestID.generate(using: &identifiers, into: &requestID.buffer) }
        let answer = ProblemDocument(
            FailureText.of(status: refusal.status, reason: refusal.reason.description), status: refusal.status,
            reason: refusal.reason.description,
            requestID: refusal.isUnheard ? String(strictUTF8: requestID.buffer.bytes) : nil)
        fields.append(.contentType, text: "application/problem+json")
        let ownLines = snapshot.ownLines(isPage: false, site: 0)
        fields.appendRaw(lines: ownLines.span)
        body.append(answer.bytes.span)
    }

    /// Counted always, told on the level for it alone: anybody can make as many as there are addresses.
    func handshakeEnded(_ outcome: HandshakeOutcome, _ peer: PeerAddress) {
        switch outcome {
        case .done(let isResumed): metrics.handshakes[isResumed ? 1 : 0].add()
        case .failed(let reason):
            metrics.handshakeFailed(reason.description)
            log.debug("handshake_failed", [("peer", .string("\(peer)")), ("reason", .string(reason.description))])
        }
    }

    func refused(_ refusal: Refusal, bytesOut: Int) {
        if refusal.isUnheard { writeRecord(of: refusal, bytesOut: bytesOut) }
    }

    func turnedAway(_ peer: PeerAddress, _ reason: StaticString) {
        metrics.turnedAway(reason.description)
        var text = ByteBuffer()
        peer.write(into: &text)
        log.info(
            "connection_refused",
            [("client", .string(String(strictUTF8: text.bytes) ?? "")), ("reason", .string(reason.description))])
    }
}
