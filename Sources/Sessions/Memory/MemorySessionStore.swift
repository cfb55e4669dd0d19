package import Cryptography
private import Threads
package import Time

/// Sessions in this process's memory, sealed as they would be on disk.
///
/// For trying things out, and for gateways whose users may sign in again after a restart.
package final class MemorySessionStore: SessionStore {
    private struct State {
        var tables: MemoryTables
        var leases: Int64 = 0
    }

    private let state: Locked<State>
    private let time: TimeSource
    private let observer: SessionEndingObserver

    package init(sites: [String], time: TimeSource = .system, observer: @escaping SessionEndingObserver) {
        state = Locked(State(tables: MemoryTables(sites: sites)))
        self.time = time
        self.observer = observer
    }

    /// There is no other process.
    package var isCurrent: Bool { true }
    package func catchUp() async throws(SessionStoreError) { try access { _ in } }
    package func check() async throws(SessionStoreError) { try access { _ in } }
    package func close() async { state.withLock { $0.tables.isClosed = true } }

    private func access<Result: Sendable>(
        _ body: (inout State) throws(SessionStoreError) -> Result
    ) throws(SessionStoreError) -> Result {
        try state.withLock { state throws(SessionStoreError) in
            if state.tables.isClosed { throw .closed }
            return try body(&state)
        }
    }

    /// Runs a change that ends sessions, and tells the observer outside of the lock.
    private func ending<Result: Sendable>(
        _ body: (inout State) throws(SessionStoreError) -> (Result, [SHA256Digest])
    ) throws(SessionStoreError) -> Result {
        let (result, ended) = try access(body)
        if !ended.isEmpty { observer(.these(ended)) }
        return result
    }
}

// MARK: sessions

extension MemorySessionStore {
    package func insert(_ row: SealedSession, _ terms: InsertionTerms) async throws(SessionStoreError) -> Insertion {
        try ending { state throws(SessionStoreError) in
            if state.tables.isLoggedOut(terms.grant) { return (.refusedByLogout, []) }
            // Before anything ends: a change happens as a whole or not at all.
            guard state.tables.canInsert(row) else { throw .failed(code: 0) }
            var ended = state.tables.end(state.tables.select(.digests(terms.replacing)), terms.replaced)
            if terms.perUser > 0 {
                let present = state.tables.select(.user(terms.grant.users))
                ended += state.tables.end(Array(present.dropLast(terms.perUser - 1)), .tombstone)
            }
            state.tables.insert(row)
            return (.inserted(ended: ended), ended)
        }
    }

    package func find(_ digest: SHA256Digest) async throws(SessionStoreError) -> StoredSession? {
        let now = time.now()
        return try access { state in
            guard let row = state.tables.row(digest) else { return nil }
            if row.isTombstone { return .ended(row.session) }
            return .live(row.session, refresh: row.refresh.map { Self.mark($0, now) })
        }
    }

    package func touch(_ touches: [SessionTouch]) async throws(SessionStoreError) {
        try access { state in
            for touch in touches { state.tables.touch(touch) }
        }
    }

    package func end(
        _ selection: SessionSelection, _ ending: SessionEnding, limit: Int
    ) async throws(SessionStoreError) -> [SHA256Digest] {
        try self.ending { state in
            let ended = state.tables.end(Array(state.tables.select(selection).prefix(limit)), ending)
            if case .digests(let digests) = selection, ending == .deleted {
                for digest in digests { state.tables.removeTombstone(digest) }
            }
            return (ended, ended)
        }
    }

    package func list(
        _ selection: SessionSelection, after position: Int64, limit: Int
    ) async throws(SessionStoreError) -> [ListedSession] {
        try access { state in
            state.tables.select(selection).lazy.filter { $0.number > position }.prefix(limit).compactMap { row in
                guard let listing = row.session.listing else { return nil }
                return ListedSession(
                    position: row.number, digest: row.session.digest, site: row.session.site,
                    provider: row.session.provider, createdAt: row.session.createdAt,
                    absoluteEnd: row.session.absoluteEnd, listing: listing)
            }
        }
    }

    private static func mark(
        _ refresh: (lease: RefreshLease, since: Timestamp, until: Timestamp), _ now: Timestamp
    ) -> RefreshMark {
        RefreshMark(startedAt: refresh.since, until: refresh.until, holderIsAlive: true, now: now)
    }
}

// MARK: refresh

extension MemorySessionStore {
    package func beginRefresh(
        _ digest: SHA256Digest, version: Int64, until: Timestamp
    ) async throws(SessionStoreError) -> RefreshStart {
        let now = time.now()
        return try access { state in
            guard let row = state.tables.live(digest) else { return .ended }
            guard row.session.tokenVersion == version else { return .superseded }
            if let standing = row.refresh, !Self.mark(standing, now).isInterrupted {
                return .held(until: standing.until)
            }
            state.leases += 1
            let lease = RefreshLease(digest: digest, version: version, holder: 0, number: state.leases)
            state.tables.setRefresh(digest, (lease, now, until))
            return .granted(lease, afterInterruption: row.refresh != nil)
        }
    }

    package func extendRefresh(_ lease: RefreshLease, until: Timestamp) async throws(SessionStoreError) -> Bool {
        let now = time.now()
        return try access { state in
            guard state.tables.live(lease.digest)?.refresh?.lease == lease else { return false }
            state.tables.setRefresh(lease.digest, (lease, now, until))
            return true
        }
    }

    package func cancelRefresh(_ lease: RefreshLease) async throws(SessionStoreError) {
        try access { state in
            guard state.tables.live(lease.digest)?.refresh?.lease == lease else { return }
            state.tables.setRefresh(lease.digest, nil)
        }
    }

    package func replaceTokens(
        _ row: SealedSession, _ lease: RefreshLease, _ grant: GrantTerms
    ) async throws(SessionStoreError) -> TokenReplacement {
        try access { state in
            guard let standing = state.tables.live(lease.digest) else { return .ended }
            guard standing.session.tokenVersion == lease.version, standing.refresh?.lease == lease else {
                return .superseded
            }
            if state.tables.isLoggedOut(grant) { return .ended }
            state.tables.replace(row)
            return .replaced
        }
    }
}

// MARK: what else must be remembered, and housekeeping

extension MemorySessionStore {
    package func consumeLogin(
        _ state: SHA256Digest, until: Timestamp
    ) async throws(SessionStoreError) -> LoginConsumption {
        try access { $0.tables.consumeLogin(state, until: until) }
    }

    package func recordLogout(
        _ notice: LogoutNotice, _ ending: SessionEnding
    ) async throws(SessionStoreError) -> LogoutRecording {
        try self.ending { state in
            guard state.tables.note(notice) else { return (.replayed, []) }
            let begun = state.tables.select(notice.selection).filter { $0.session.createdAt < notice.sparesFrom }
            let ended = state.tables.end(begun, ending)
            return (.recorded(ended: ended), ended)
        }
    }

    package func save(_ document: SealedDocument) async throws(SessionStoreError) {
        try access { $0.tables.save(document) }
    }

    package func document(_ names: [SHA256Digest]) async throws(SessionStoreError) -> SealedDocument? {
        try access { $0.tables.document(names) }
    }

    package func sweep(limit: Int) async throws(SessionStoreError) -> Int {
        let now = time.now()
        return try access { $0.tables.sweep(now: now, limit: limit) }
    }

    package func counts() async throws(SessionStoreError) -> StoreCounts { try access { $0.tables.counts() } }

    package func prune(keeping keys: Set<SessionKeyID>, limit: Int) async throws(SessionStoreError) -> Int {
        try ending { state in
            let ended = state.tables.end(Array(state.tables.unreadable(keeping: keys).prefix(limit)), .deleted)
            return (ended.count, ended)
        }
    }
}
