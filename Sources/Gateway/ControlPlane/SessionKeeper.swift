import Bytes
package import Cryptography
package import Sessions
package import Sockets
package import Telemetry
import Threads
package import Time

/// Sessions between store and memory: looks them up, begins and ends them, and keeps one object a session.
package final class SessionKeeper: Sendable {
    package let registry: SessionRegistry
    package let cache: SessionCache<LiveSession>
    package let health: StoreHealth
    let clock: TimeSource
    let log: Logger
    let metrics: GatewayMetrics
    private let settings: SessionSettings
    private let sites: [String]
    /// Renders the header lines that the routes make of a user's claims.
    private let render: @Sendable (Session) -> RenderedHeaders
    private let endings = RecentEndings()
    private let uses = Locked<[SHA256Digest: SessionUse]>([:])
    private let untold = UntoldEndings()
    /// Whoever has something under way for sessions.
    private let listeners = Locked<[Mailbox<WorkerMessage>]>([])
    /// Revokes tokens of a session that ended while its cookie was away (B42).
    private let revoke: @Sendable (TokenSet) async -> Void

    package init(
        registry: SessionRegistry, cache: SessionCache<LiveSession>, settings: SessionSettings, sites: [String],
        clock: TimeSource, log: Logger, metrics: GatewayMetrics, health: StoreHealth,
        render: @escaping @Sendable (Session) -> RenderedHeaders, revoke: @escaping @Sendable (TokenSet) async -> Void
    ) {
        self.registry = registry
        self.cache = cache
        self.settings = settings
        self.sites = sites
        self.clock = clock
        self.log = log
        self.metrics = metrics
        self.health = health
        self.render = render
        self.revoke = revoke
    }

    /// Calls the store, and notes whether it answered.
    func ask<Answer>(
        _ operation: StaticString, _ body: () async throws(SessionStoreError) -> Answer
    ) async throws(SessionStoreError) -> Answer {
        let begin = clock.instant()
        do throws(SessionStoreError) {
            let answer = try await body()
            metrics.store(operation.description, clock.instant().since(begin))
            if health.isFailing { log.info("store_recovered") }
            health.succeeded()
            return answer
        } catch {
            metrics.store(operation.description, clock.instant().since(begin))
            health.failed(at: clock.instant())
            log.error(
                "store_failed", [("operation", .string(operation.description)), ("error", .string(error.name))])
            throw error
        }
    }

    // MARK: Looking up

    /// The session in memory that a digest names.
    ///
    /// Memory is believed only while no other process has ended a session that we have not heard of (E40, F23): else the desk
    /// hears of it first. Two loads, no system call.
    func present(_ digest: SHA256Digest) -> LiveSession? { registry.isCurrent ? cache.find(digest) : nil }

    /// Station 1: what the cookie leads to.
    package func resolve(_ id: SessionID, site: Int) async -> SessionResolution {
        // A logout may overtake the look-up; a few tries are enough for any honest browser.
        for _ in 0..<3 {
            // The row of a session that was ended may outlive it while the store is lost (E44).
            if let reason = untold.reason(id.digest) { return .ending(reason) }
            guard await catchUp() else { return .unavailable }
            if let live = cache.find(id.digest) {
                // A session stays on the site where it began.
                if live.record.session.site != sites[site] { return .absent }
                return verdict(live) == .idle ? await recheck(live) : .found(live)
            }
            let ticket = cache.ticket(for: id.digest)
            do throws(SessionStoreError) {
                let finding = try await ask("find") { () async throws(SessionStoreError) in
                    try await registry.find(id, site: sites[site])
                }
                switch finding {
                case .absent:
                    return endings.reason(id.digest).map { .ended($0) } ?? .absent
                case .ended(let ended):
                    await settle(ended)
                    return .ended(.revoked)
                case .unreadable(let error):
                    log.error("session_unreadable", [("error", .string(error.name))])
                    metrics.unreadableSessions.add()
                    _ = try await ask("end") { () async throws(SessionStoreError) in
                        try await registry.end([id.digest], .deleted)
                    }
                    return .absent
                case .open(let open):
                    if let live = try await admit(open, ticket) { return live }
                }
            } catch {
                return .unavailable
            }
        }
        return .unavailable
    }

    /// Hears of what other processes ended before memory is believed (E40, F23); false when the store does not say.
    private func catchUp() async -> Bool {
        if registry.isCurrent { return true }
        do throws(SessionStoreError) {
            try await ask("catch_up") { () async throws(SessionStoreError) in try await registry.catchUp() }
            return true
        } catch {
            return false
        }
    }

    /// Hears of them all the same, now and then: a process that died in between has announced nothing.
    package func follow() async {
        if !health.isFailing {
            _ = try? await ask("catch_up") { () async throws(SessionStoreError) in try await registry.catchUp() }
        }
    }

    /// Takes an opened row into memory, unless its time is over; nil: it changed meanwhile, look again.
    private func admit(
        _ open: OpenSession, _ ticket: SessionCacheTicket
    ) async throws(SessionStoreError) -> SessionResolution? {
        let live = live(open)
        let record = live.record
        guard verdict(live) == .alive else {
            await end(live, .expired)
            return .ended(.expired)
        }
        return cache.insert(open.digest, live, cost: record.cost, ticket).map { .found($0) }
    }

    private func verdict(_ live: LiveSession) -> SessionLifetime.Verdict {
        live.record.lifetime.verdict(live.lastUse, now: clock.now(), instant: clock.instant())
    }

    /// A session that was not used here for too long ends only if nobody used it elsewhere: another process on the same
    /// database may have (E42).
    ///
    /// The object stays the same one, so that whoever holds it hears of its end.
    private func recheck(_ live: LiveSession) async -> SessionResolution {
        let finding: SessionFinding
        do throws(SessionStoreError) {
            finding = try await find(live.id, site: live.record.session.site)
        } catch {
            return .unavailable
        }
        switch finding {
        case .open(let open):
            // Only a later use than those we know counts: a clock that was set back makes none of the old ones new.
            if open.listing.lastSeen > max(live.lastUse.wall, live.record.open.listing.lastSeen) {
                if open.session.tokenVersion > live.record.session.tokenVersion { live.replace(record(open)) }
                live.adopt(LastUse(stored: open.listing.lastSeen, now: clock.now(), instant: clock.instant()))
            }
            if let ended = live.ended { return .ended(ended) }
            if verdict(live) == .alive { return .found(live) }
            await end(live, .expired)
            return .ended(.expired)
        case .absent, .ended, .unreadable:
            // Somebody else has seen to the row, or will when the cookie comes again.
            let reason = verdict(live) == .alive ? SessionEnd.revoked : .expired
            forget(live.digest, reason)
            live.end(reason)
            return .ended(live.ended ?? .expired)
        }
    }

    private func live(_ open: OpenSession) -> LiveSession {
        LiveSession(
            record(open),
            lastUse: LastUse(stored: open.listing.lastSeen, now: clock.now(), instant: clock.instant()))
    }

    func record(_ open: OpenSession) -> SessionRecord {
        SessionRecord(open, settings: settings, headers: render(open.session), clock: clock)
    }

    /// A session ended from outside has come back with its cookie: now its tokens can be revoked (B42).
    private func settle(_ ended: EndedSession) async {
        if let tokens = ended.tokens { await revoke(tokens) }
        try? await ask("forget") { () async throws(SessionStoreError) in try await registry.forget(ended) }
    }

    // MARK: Beginning and ending

    /// Keeps the session of a completed login; it is on disk when this returns.
    ///
    /// - Parameters:
    ///   - replacing: digests of the sessions that this browser had (A50).
    ///   - known: the one among them that came with the request.
    package func begin(
        _ login: NewSession, replacing: [SHA256Digest], known: LiveSession? = nil
    ) async throws(SessionStoreError) -> LiveSession? {
        guard let id = try? SessionID.make() else { throw .sealing }
        // Before the session is in the store: a logout that comes right behind it must find the ticket outdated (F24).
        let ticket = cache.ticket(for: id.digest)
        let earlier = await oldest(login.issuer, login.subject)
        var replaced = known.map { [$0] } ?? []
        for digest in replacing where digest != known?.digest {
            if let live = cache.find(digest) { replaced.append(live) }
        }
        let beginning = try await ask("insert") { () async throws(SessionStoreError) in
            try await registry.begin(login, as: id, replacing: replacing, .deleted)
        }
        guard case .begun(let open, let ended) = beginning else { return nil }
        for digest in ended {
            forget(digest, .revoked)
            if !replacing.contains(digest) { reportTooMany(login.subject, session: earlier[digest]) }
        }
        for old in replaced where ended.contains(old.digest) {
            old.end(.revoked)
            // Nobody holds its cookie any more: what is not revoked now never will be (B63). The login does not wait for it.
            if let tokens = old.record.session.tokens { Task { await revoke(tokens) } }
        }
        let live = live(open)
        return cache.insert(open.digest, live, cost: live.record.cost, ticket) ?? live
    }

    /// The public ids of a user's oldest sessions: for the log, since what ends for a new one is a nameless tombstone then.
    private func oldest(_ issuer: String, _ subject: String) async -> [SHA256Digest: String] {
        if settings.perUser == 0 { return [:] }
        // A log line may lack a name; a login does not fail for it.
        let page = try? await registry.list(.user(issuer: issuer, subject: subject), limit: 8)
        let entries = page?.entries ?? []
        return Dictionary(entries.map { ($0.digest, $0.listing.publicID) }, uniquingKeysWith: { first, _ in first })
    }

    /// A session ended because its user began one more than `per_user` allows (E45).
    private func reportTooMany(_ subject: String, session: String?) {
        var fields: [(StaticString, LogValue)] = [("reason", .string("per_user")), ("user", .string(subject))]
        if let session { fields.append(("session", .string(session))) }
        log.info("session_ended", fields)
    }

    /// Ends a session: at once in memory, then on disk.
    ///
    /// - Returns: false when the disk could not be told; the session is dead in this process all the same.
    @discardableResult
    package func end(_ live: LiveSession, _ reason: SessionEnd) async -> Bool {
        if live.end(reason) {
            log.info(
                "session_ended",
                [("reason", .string(reason.name)), ("session", .string(live.record.session.publicID))])
        }
        forget(live.digest, reason)
        do throws(SessionStoreError) {
            _ = try await ask("end") { () async throws(SessionStoreError) in
                try await registry.end([live.digest], .deleted)
            }
            untold.forget(live.digest)
            return true
        } catch {
            untold.note(live, reason)
            return false
        }
    }

    /// The session of a sign-out that has not been confirmed yet, because the store could not be told of it.
    package func unconfirmed(_ digest: SHA256Digest) -> LiveSession? { untold.session(digest) }

    /// Tells the store of the endings that it has not heard of yet.
    ///
    /// - Returns: false when it does not listen; the next second is another chance.
    @discardableResult
    package func writeEndings() async -> Bool {
        untold.sweep(at: clock.instant())
        let batch = untold.digests
        if batch.isEmpty { return true }
        do throws(SessionStoreError) {
            _ = try await ask("end") { () async throws(SessionStoreError) in try await registry.end(batch, .deleted) }
            untold.told(batch, at: clock.instant())
            return true
        } catch {
            return false
        }
    }

    /// The same for a process that ends: again and again until `lastChance`, since nobody will know of them afterwards.
    package func writeEndings(until lastChance: Instant) async {
        var wait = Duration.milliseconds(50)
        while await !writeEndings() {
            guard clock.instant() < lastChance else {
                log.error("endings_lost", [("sessions", .count(untold.digests.count))])
                return
            }
            try? await Task.sleep(for: wait)
            wait = min(wait * 2, .seconds(1))
        }
    }

    /// The store says that these sessions are over.
    package func observed(_ ended: EndedSessions) {
        switch ended {
        case .these(let digests): forget(digests, .revoked)
        case .unknown:
            cache.removeAll()
            for listener in listeners.withLock({ $0 }) { listener.post(.sessionsUncertain) }
        }
    }

    private func forget(_ digest: SHA256Digest, _ reason: SessionEnd) { forget([digest], reason) }

    private func forget(_ digests: [SHA256Digest], _ reason: SessionEnd) {
        for digest in digests {
            endings.note(digest, reason)
            cache.remove(digest)?.end(reason)
        }
        // A stream may hold an object that memory has let go of.
        let over = Set(digests)
        for listener in listeners.withLock({ $0 }) { listener.post(.sessionsEnded(over, reason)) }
    }

    /// Tells a worker of every end from now on.
    package func announce(to mailbox: Mailbox<WorkerMessage>) { listeners.withLock { $0.append(mailbox) } }

    /// Asks the store about a session that something is under way for; whether it is over shows in the object.
    package func review(_ live: LiveSession) async {
        if live.ended == nil { _ = await recheck(live) }
    }

    /// Notes that a login attempt's callback came (A43).
    func consumeLogin(_ state: SHA256Digest, until: Timestamp) async throws(SessionStoreError) -> LoginConsumption {
        try await ask("consume_login") { () async throws(SessionStoreError) in
            try await registry.consumeLogin(state: state, lasting: until.since(clock.now()))
        }
    }

    // MARK: Refreshing

    func beginRefresh(_ open: OpenSession, lasting: Duration) async throws(SessionStoreError) -> RefreshStart {
        try await ask("begin_refresh") { () async throws(SessionStoreError) in
            try await registry.beginRefresh(open, lasting: lasting)
        }
    }

    func cancelRefresh(_ lease: RefreshLease) async throws(SessionStoreError) {
        try await ask("cancel_refresh") { () async throws(SessionStoreError) in try await registry.cancelRefresh(lease)
        }
    }

    func renew(
        _ open: OpenSession, _ lease: RefreshLease, issuedAt: Timestamp?
    ) async throws(SessionStoreError) -> SessionRenewal {
        try await ask("renew") { () async throws(SessionStoreError) in
            try await registry.renew(open, lease, idTokenIssuedAt: issuedAt)
        }
    }

    func find(_ id: SessionID, site: String) async throws(SessionStoreError) -> SessionFinding {
        try await ask("find") { () async throws(SessionStoreError) in try await registry.find(id, site: site) }
    }

    // MARK: Uses

    /// Notes a use for the next batch.
    package func touch(_ live: LiveSession) {
        let open = live.record.open
        var listing = open.listing
        listing.lastSeen = live.lastUse.wall
        let use = SessionUse(
            digest: live.digest, site: open.session.site, provider: open.session.provider,
            absoluteEnd: open.session.absoluteEnd, listing: listing)
        uses.withLock { $0[live.digest] = use }
    }

    /// Writes the uses noted since the last batch; what could not be written is noted again.
    package func writeUses() async {
        let batch = uses.withLock { uses in
            let batch = uses
            uses = [:]
            return batch
        }
        if batch.isEmpty { return }
        do throws(SessionStoreError) {
            try await ask("touch") { () async throws(SessionStoreError) in try await registry.touch(Array(batch.values))
            }
        } catch {
            uses.withLock { uses in uses.merge(batch) { newer, _ in newer } }
        }
    }
}
