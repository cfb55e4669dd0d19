import Bytes
import Cryptography
import Fetching
import HTTPServer
package import OpenIDConnect
import Routing
import Sessions
package import Sockets
import Synchronization
package import Telemetry
import Threads
package import Time

/// The running gateway: store, control plane and workers, from start to drain.
package final class GatewayProcess: Sendable {
    package let metrics: GatewayMetrics
    package let keeper: SessionKeeper
    let present: PresentState
    /// What was asked for last, and where the gateway listens.
    let state: Locked<State>
    private let clock: TimeSource
    let log: Logger
    private let refreshes: TokenRefreshes
    private let desk: ControlDesk
    private let store: GatewayStore
    private let fetcher: Fetcher
    private let resolver: Resolver
    let limit: ConnectionLimit
    let mailboxes: [Mailbox<WorkerMessage>]
    private let workersLeft: Atomic<Int>
    private let allEnded: Semaphore
    private let draining = Atomic<Bool>(false)
    private let certificates: CertificateKeeper
    private let housekeeping: Task<Void, Never>
    /// Looks after the present provider's documents.
    private let providerCare: Locked<Task<Void, Never>>

    struct State {
        var settings: GatewaySettings
        var addresses: [SocketAddress]
        /// Those of all workers.
        var sockets: [ListenAddress: [ListeningSocket]]
    }

    /// Opens the store and the listeners and starts the workers; the provider is asked for in the background (D9).
    ///
    /// - Parameters:
    ///   - inheritance: listeners that somebody opened for us; the settings' listeners of the same address claim them, and what
    ///     nobody has claimed by then is said to be unused.
    ///   - fatal: called when it turns out later that this gateway must not run (H1); the text is for people.
    package init(
        _ settings: GatewaySettings, inheritance: inout Inheritance, clock: TimeSource = .system, log: Logger,
        registry: MetricRegistry,
        fatal: @escaping @Sendable (String) -> Void
    ) async throws(GatewayStartError) {
        self.clock = clock
        self.log = log
        metrics = GatewayMetrics(registry: registry)
        let snapshot: Snapshot
        let tickets = ServerTickets()
        do throws(SnapshotError) {
            snapshot = try Snapshot(settings, pseudonym: "postern-" + Self.shortName(), tickets: tickets)
        } catch {
            throw .settings(String(describing: error))
        }

        // Listeners first: a port that is taken is the commonest mistake, and costs nothing to find.
        let count = settings.workers > 0 ? settings.workers : Machine.cores
        var listeners: [[OpenListener]] = Array(repeating: [], count: count)
        var addresses: [SocketAddress] = []
        var sockets: [ListenAddress: [ListeningSocket]] = [:]
        for (listener, tls) in zip(settings.listeners, snapshot.listenerTLS) {
            do throws(ListenError) {
                let opened = try inheritance.open(listener.address, count: count)
                let rules = Self.rules(listener, tls, settings)
                for (worker, sockets) in opened.enumerated() {
                    listeners[worker].append(OpenListener(address: listener.address, sockets: sockets, rules: rules))
                }
                if let first = opened.first?.first { addresses.append(first.address) }
                sockets[listener.address] = opened.flatMap(\.self)
            } catch {
                throw .listen(error)
            }
        }
        for listener in inheritance.listeners {
            log.warning("socket_unused", [("address", .string("\(listener.address)"))])
        }
        state = Locked(State(settings: settings, addresses: addresses, sockets: sockets))

        do throws(ThreadError) {
            fetcher = try Fetcher()
            resolver = try Resolver()
        } catch {
            throw .system("a thread: error \(error.errno)")
        }
        let store = try await GatewayStore(settings, clock: clock)
        self.store = store
        let provider: ProviderClient
        do throws(OpenIDConnectError) {
            provider = try Self.makeProvider(snapshot, fetcher, store, clock, log, fatal)
        } catch {
            throw .settings("provider: \(error.reason)")
        }
        let present = PresentState(snapshot, provider)
        self.present = present
        let log = log
        let keeper = SessionKeeper(
            registry: store.registry, cache: SessionCache(settings.session.cache), settings: settings.session,
            sites: snapshot.sites.sites.map(\.origin), clock: clock, log: log, metrics: metrics,
            health: StoreHealth(grace: settings.session.storeGrace),
            render: { session in
                let (headers, omissions) = present.snapshot.headerPlans.rendered(for: session)
                for omission in omissions {
                    log.warning(
                        "header_left_out",
                        [
                            ("header", .string(omission.header)), ("claim", .string(omission.claim)),
                            ("reason", .string("\(omission.reason)")), ("session", .string(session.publicID)),
                        ])
                }
                return headers
            },
            revoke: { tokens in await present.provider.revokeForGood(tokens, log) })
        store.observer.observe { keeper.observed($0) }
        self.keeper = keeper
        refreshes = TokenRefreshes(keeper: keeper, provider: provider)
        desk = ControlDesk(
            keeper: keeper, refreshes: refreshes, flows: Self.flows(snapshot, provider, keeper, store.keys),
            metrics: metrics)

        limit = ConnectionLimit(most: settings.server.connections)
        workersLeft = Atomic(count)
        allEnded = Semaphore()
        var mailboxes: [Mailbox<WorkerMessage>] = []
        do throws(SystemError) {
            for _ in 0..<count { mailboxes.append(try Mailbox<WorkerMessage>()) }
        } catch {
            throw .system("\(error)")
        }
        self.mailboxes = mailboxes
        for mailbox in mailboxes { desk.enroll(mailbox) }
        let services = WorkerServices(
            clock: clock, desk: desk, keeper: keeper, metrics: metrics, log: log, resolver: resolver)
        certificates = CertificateKeeper(snapshot, tickets: tickets, log: log, metrics: metrics)
        housekeeping = Housekeeping.start(keeper: keeper, sweeper: store.sweeper, certificates: certificates)
        providerCare = Locked(Task { await provider.run() })
        try start(count, snapshot, services, listeners)
        metrics.watch(limit: limit, keeper: keeper, settings: settings)
    }

    private func start(
        _ count: Int, _ snapshot: Snapshot, _ services: WorkerServices, _ listeners: [[OpenListener]]
    ) throws(GatewayStartError) {
        do throws(ThreadError) {
            for number in 0..<count {
                let (mailbox, listeners, log) = (mailboxes[number], listeners[number], log)
                let ended: @Sendable () -> Void = { [self] in workerEnded() }
                let thread = try Thread.start(name: "worker \(number)") { [limit] in
                    do throws(SystemError) {
                        let worker = try Worker(
                            number: UInt16(number), snapshot: snapshot, services: services, mailbox: mailbox)
                        try worker.run(listeners, limit: limit)
                    } catch {
                        log.error("worker_failed", [("error", .string("\(error)"))])
                    }
                    ended()
                }
                thread.detach()
            }
        } catch {
            throw .system("a thread: error \(error.errno)")
        }
    }

    /// What is particular to a listener.
    static func rules(_ listener: ListenerSettings, _ tls: ServerTLS?, _ settings: GatewaySettings) -> PortRules {
        PortRules(
            proxies: listener.proxyProtocol ? settings.trustedProxies : nil, ciphers: tls, http2: listener.http2)
    }

    private static func flows(
        _ snapshot: Snapshot, _ provider: ProviderClient, _ keeper: SessionKeeper, _ keys: [Secret]
    ) -> ControlDesk.Flows {
        let sites = LoginSites(snapshot, keys: keys)
        return ControlDesk.Flows(
            logins: LoginFlow(keeper: keeper, provider: provider, sites: sites),
            logouts: LogoutFlow(keeper: keeper, provider: provider, sites: sites))
    }

    private static func makeProvider(
        _ snapshot: Snapshot, _ fetcher: Fetcher, _ store: GatewayStore, _ clock: TimeSource, _ log: Logger,
        _ fatal: @escaping @Sendable (String) -> Void
    ) throws(OpenIDConnectError) -> ProviderClient {
        let settings = snapshot.settings.provider
        let events = ProviderEvents(settings, log: log, fatal: fatal)
        return try ProviderClient(
            settings, siteIsSecure: snapshot.sites.sites.contains { $0.isSecure },
            neededClaims: snapshot.headerPlans.neededClaims,
            backChannel: FetchingBackChannel(fetcher: fetcher, settings: settings),
            documents: StoredDocuments(registry: store.registry, provider: settings.name), time: clock,
            observe: { events.note($0) })
    }

    func makeProvider(
        _ snapshot: Snapshot, fatal: @escaping @Sendable (String) -> Void
    ) throws(OpenIDConnectError) -> ProviderClient {
        try Self.makeProvider(snapshot, fetcher, store, clock, log, fatal)
    }

    /// Makes a snapshot and a provider those that everybody in the control plane goes by.
    func becomePresent(_ snapshot: Snapshot, _ provider: ProviderClient) async {
        let former = present.provider
        present.replace(snapshot, provider)
        certificates.watch(snapshot)
        desk.adopt(Self.flows(snapshot, provider, keeper, store.keys))
        guard provider !== former else { return }
        await refreshes.adopt(provider)
        providerCare.withLock { care in
            care.cancel()
            care = Task { await provider.run() }
        }
    }

    private func workerEnded() {
        if workersLeft.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { allEnded.signal() }
    }

    /// 8 letters that tell this process from others.
    private static func shortName() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(UInt32.random(in: 0x1000_0000...UInt32.max, using: &generator), radix: 36)
    }

    /// Where it listens.
    package var addresses: [SocketAddress] { state.withLock { $0.addresses } }

    /// The present provider's client.
    package var provider: ProviderClient { present.provider }

    /// True while the gateway takes no new requests.
    package var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Open client connections.
    package var connections: Int { limit.count }

    /// What another process needs to take over every listener.
    package var bequests: [Bequest] {
        state.withLock { state in
            state.sockets.flatMap { address, sockets in sockets.compactMap { $0.bequest(address) } }
        }
    }

    /// The predecessor has been told that we serve: what it left behind is ours.
    package func takeCharge() {
        for socket in state.withLock({ $0.sockets.values.flatMap(\.self) }) { socket.takeCharge() }
    }

    /// Takes nothing new, lets what is under way end within `shutdown.drain`, and closes the store.
    ///
    /// Returns when it is done.
    ///
    /// - Parameter handingOver: another process serves the same listeners.
    package func stop(handingOver: Bool = false) async {
        draining.store(true, ordering: .relaxed)
        state.withLock { $0.sockets = [:] }
        for mailbox in mailboxes { mailbox.post(.drain(handingOver: handingOver)) }
        let (mailboxes, drain) = (mailboxes, present.snapshot.settings.server.drain)
        let deadline = Task {
            try? await Task.sleep(for: drain)
            if !Task.isCancelled { for mailbox in mailboxes { mailbox.post(.stop) } }
        }
        await waitForWorkers()
        deadline.cancel()
        // A refresh that was answered must reach the disk, or the next process finds a spent token.
        let lastChance = clock.instant() + drain
        await refreshes.settle(lastChance: lastChance)
        housekeeping.cancel()
        providerCare.withLock { $0.cancel() }
        await keeper.writeUses()
        // So must a logout: with the row the session would come back (E44).
        await keeper.writeEndings(until: lastChance)
        await keeper.registry.close()
        fetcher.stop()
        resolver.stop()
    }

    /// Not on Swift's pool: its threads must not block.
    private func waitForWorkers() async {
        let ended = allEnded
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let started = try? Thread.start(name: "drain") {
                ended.wait()
                ended.signal()
                continuation.resume()
            }
            started?.detach()
            if started == nil { continuation.resume() }
        }
    }
}

/// What workers share.
struct WorkerServices: Sendable {
    let clock: TimeSource
    let desk: ControlDesk
    let keeper: SessionKeeper
    let metrics: GatewayMetrics
    let log: Logger
    let resolver: Resolver
}
