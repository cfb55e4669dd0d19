package import Cryptography
private import Synchronization
private import Threads
package import Time

/// Sessions in an SQLite database: for one machine, with any number of gateway processes on it.
///
/// One thread writes, and writes that arrive together are committed together; another thread looks up. Both survive a
/// full, locked or missing disk and go on when it is back.
package final class SQLiteSessionStore: SessionStore {
    private let files: StoreFiles
    private let shared: SharedState
    private let announcements: EndingAnnouncements
    private let time: TimeSource
    private let leases = Atomic<Int64>(0)
    let writer: SQLiteWriter
    let reader: SQLiteReader

    /// Opens the database at `path`; makes it, and its directory, where they are missing.
    ///
    /// - Parameters:
    ///   - sites: our origins; rows of others on the same database are no sessions here (B42).
    ///   - busyTimeout: how long to wait for another process's lock.
    ///   - observer: told of every session that ends, here or in another process.
    package init(
        path: String, sites: [String], time: TimeSource = .system, busyTimeout: Duration = .seconds(3),
        observer: @escaping SessionEndingObserver
    ) async throws(StoreOpenError) {
        files = StoreFiles(path: path)
        self.time = time
        try files.prepare()
        try Self.migrate(path: path, busyTimeout: busyTimeout)
        shared = try SharedState(files)
        let announcements = EndingAnnouncements(shared, observer: observer)
        self.announcements = announcements
        do throws(ThreadError) {
            writer = try SQLiteWriter(
                DatabaseLink(files, sites: sites, access: .readWrite, busyTimeout: busyTimeout), time: time,
                announce: { announcements.announce($0) })
            reader = try SQLiteReader(
                DatabaseLink(files, sites: sites, access: .readOnly, busyTimeout: busyTimeout), time: time)
        } catch {
            throw .failed(path: path, .failed(code: error.errno))
        }
        do throws(SessionStoreError) {
            // The writer first: it notes the sites that the reader looks for.
            try await writer.check()
            try await reader.beginFollowing()
        } catch {
            throw .failed(path: path, error)
        }
    }

    private static func migrate(path: String, busyTimeout: Duration) throws(StoreOpenError) {
        let connection: SQLiteConnection
        do throws(SQLiteError) {
            connection = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: busyTimeout)
        } catch {
            throw .failed(path: path, error.meaning)
        }
        defer { connection.close() }
        try SQLiteSchema.migrate(connection, path: path)
    }

    package var isCurrent: Bool { announcements.isCurrent }

    package func catchUp() async throws(SessionStoreError) {
        // Read before the table is: what is announced later is left for the next time.
        let revision = announcements.revision
        announcements.report(try await reader.newEndings(), upTo: revision)
    }

    package func check() async throws(SessionStoreError) {
        try await writer.check()
        _ = try await reader.read { database throws(SQLiteError) in
            try database.connection.integer("SELECT count(*) FROM sites")
        }
    }

    package func close() async {
        await writer.close()
        await reader.close()
    }

    /// Copies the database, as it is at one moment, into a new private file at `path`.
    ///
    /// Without the key of the original the copy opens nothing.
    package func backUp(to path: String) async throws(SessionStoreError) { try await writer.backUp(to: path) }

    /// What became of a refresh that was begun, judged now.
    private func mark(at now: Timestamp) -> RefreshJudge {
        { [shared] holder, since, until in
            RefreshMark(startedAt: since, until: until, holderIsAlive: shared.isAlive(holder), now: now)
        }
    }
}

// MARK: sessions

extension SQLiteSessionStore {
    package func insert(_ row: SealedSession, _ terms: InsertionTerms) async throws(SessionStoreError) -> Insertion {
        try await writer.write { scope throws(SQLiteError) in
            let (tables, connection, now) = (scope.tables, scope.connection, scope.now)
            if try tables.isLoggedOut(terms.grant, connection) { return .refusedByLogout }
            var ended = try tables.end(
                .digests(terms.replacing), terms.replaced, limit: terms.replacing.count, now: now, connection)
            if terms.perUser > 0 {
                ended += try tables.endOldest(
                    of: terms.grant.users, keeping: terms.perUser - 1, now: now, connection)
            }
            try tables.insert(row, connection)
            scope.ended += ended
            return .inserted(ended: ended)
        }
    }

    package func find(_ digest: SHA256Digest) async throws(SessionStoreError) -> StoredSession? {
        let mark = mark(at: time.now())
        return try await reader.read { database throws(SQLiteError) in
            try database.tables.find(digest, database.connection, mark: mark)
        }
    }

    package func touch(_ touches: [SessionTouch]) async throws(SessionStoreError) {
        try await writer.write { scope throws(SQLiteError) in
            for touch in touches {
                guard let row = try scope.tables.live(touch.digest, scope.connection) else { continue }
                try scope.tables.relist(row.id, touch.listing, touch.sweepAfter, scope.connection)
            }
        }
    }

    package func end(
        _ selection: SessionSelection, _ ending: SessionEnding, limit: Int
    ) async throws(SessionStoreError) -> [SHA256Digest] {
        try await writer.write { scope throws(SQLiteError) in
            let ended = try scope.tables.end(selection, ending, limit: limit, now: scope.now, scope.connection)
            if case .digests(let digests) = selection, ending == .deleted {
                for digest in digests { try scope.tables.removeTombstone(digest, scope.connection) }
            }
            scope.ended += ended
            return ended
        }
    }

    package func list(
        _ selection: SessionSelection, after position: Int64, limit: Int
    ) async throws(SessionStoreError) -> [ListedSession] {
        try await reader.read { database throws(SQLiteError) in
            try database.tables.list(selection, after: position, limit: limit, database.connection)
        }
    }
}

// MARK: refresh

extension SQLiteSessionStore {
    package func beginRefresh(
        _ digest: SHA256Digest, version: Int64, until: Timestamp
    ) async throws(SessionStoreError) -> RefreshStart {
        let number = leases.wrappingAdd(1, ordering: .relaxed).newValue
        let lease = RefreshLease(digest: digest, version: version, holder: shared.holder, number: number)
        let mark = mark(at: time.now())
        return try await writer.write { scope throws(SQLiteError) in
            try scope.tables.beginRefresh(lease, now: scope.now, until: until, scope.connection, mark: mark)
        }
    }

    package func extendRefresh(_ lease: RefreshLease, until: Timestamp) async throws(SessionStoreError) -> Bool {
        try await writer.write { scope throws(SQLiteError) in
            try scope.tables.extendRefresh(lease, now: scope.now, until: until, scope.connection)
        }
    }

    package func cancelRefresh(_ lease: RefreshLease) async throws(SessionStoreError) {
        try await writer.write { scope throws(SQLiteError) in
            try scope.tables.cancelRefresh(lease, scope.connection)
        }
    }

    package func replaceTokens(
        _ row: SealedSession, _ lease: RefreshLease, _ grant: GrantTerms
    ) async throws(SessionStoreError) -> TokenReplacement {
        try await writer.write { scope throws(SQLiteError) in
            try scope.tables.replaceTokens(row, lease, grant, scope.connection)
        }
    }
}

// MARK: what else must be remembered, and housekeeping

extension SQLiteSessionStore {
    package func consumeLogin(
        _ state: SHA256Digest, until: Timestamp
    ) async throws(SessionStoreError) -> LoginConsumption {
        try await writer.write { scope throws(SQLiteError) in
            try scope.tables.consumeLogin(state, until: until, scope.connection)
        }
    }

    package func recordLogout(
        _ notice: LogoutNotice, _ ending: SessionEnding
    ) async throws(SessionStoreError) -> LogoutRecording {
        try await writer.write { scope throws(SQLiteError) in
            guard try scope.tables.note(notice, scope.connection) else { return .replayed }
            let ended = try scope.tables.end(
                notice.selection, ending, before: notice.sparesFrom, limit: .max, now: scope.now, scope.connection)
            scope.ended += ended
            return .recorded(ended: ended)
        }
    }

    package func save(_ document: SealedDocument) async throws(SessionStoreError) {
        try await writer.write { scope throws(SQLiteError) in try scope.tables.save(document, scope.connection) }
    }

    package func document(_ names: [SHA256Digest]) async throws(SessionStoreError) -> SealedDocument? {
        try await reader.read { database throws(SQLiteError) in
            try database.tables.document(names, database.connection)
        }
    }

    package func sweep(limit: Int) async throws(SessionStoreError) -> Int {
        try await writer.write { scope throws(SQLiteError) in
            try scope.tables.sweep(now: scope.now, limit: limit, scope.connection)
        }
    }

    package func counts() async throws(SessionStoreError) -> StoreCounts {
        try await reader.read { database throws(SQLiteError) in try database.tables.counts(database.connection) }
    }

    package func prune(keeping keys: Set<SessionKeyID>, limit: Int) async throws(SessionStoreError) -> Int {
        try await writer.write { scope throws(SQLiteError) in
            let ended = try scope.tables.prune(keeping: keys, now: scope.now, limit: limit, scope.connection)
            scope.ended += ended
            return ended.count
        }
    }
}
