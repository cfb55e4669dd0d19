import Cryptography
import Threads
import Time

/// The one who writes: one thread, one connection, and a transaction for all that arrived while the last one was on its
/// way to the disk.
///
/// A caller goes on only after the commit that holds its write is on disk.
actor SQLiteWriter {
    /// What one write sees and says.
    final class Scope {
        let database: DatabaseLink.Database
        let now: Timestamp
        /// Sessions ended so far in this transaction.
        var ended: [SHA256Digest] = []

        var connection: SQLiteConnection { database.connection }
        var tables: SessionTables { database.tables }

        init(_ database: DatabaseLink.Database, now: Timestamp) {
            self.database = database
            self.now = now
        }
    }

    /// A write that waits for its transaction.
    private struct Waiting {
        /// May run again: when another write of the transaction fails, each is tried by itself.
        let attempt: (Scope) throws(SQLiteError) -> Void
        let finish: (SessionStoreError?) -> Void
    }

    private let executor: ThreadExecutor
    private var link: DatabaseLink
    private let time: TimeSource
    private let announce: @Sendable ([SHA256Digest]) -> Void
    private var waiting: [Waiting] = []
    private var lastCommit: Instant?
    /// Transactions committed so far: fewer than writes, when they come together.
    private(set) var commits = 0

    /// Writes in one transaction at most: bounds how long the first waits for the last.
    private static let together = 256

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// - Parameter announce: told of ended sessions after their commit, before the callers go on.
    init(
        _ link: DatabaseLink, time: TimeSource, announce: @escaping @Sendable ([SHA256Digest]) -> Void
    ) throws(ThreadError) {
        executor = try ThreadExecutor(name: "store-writer")
        self.link = link
        self.time = time
        self.announce = announce
    }

    deinit { executor.stop() }

    /// Performs `body` in a transaction that it may share with others; returns when that is on disk.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (Scope) throws(SQLiteError) -> Result
    ) async throws(SessionStoreError) -> Result {
        let outcome: Swift.Result<Result, SessionStoreError> = await withCheckedContinuation { continuation in
            var result: Result?
            waiting.append(
                Waiting(
                    attempt: { scope throws(SQLiteError) in result = try body(scope) },
                    finish: { error in
                        if let error { continuation.resume(returning: .failure(error)) }
                        if error == nil, let result { continuation.resume(returning: .success(result)) }
                    }))
            // The flush takes its place behind the writes that are already on their way to this thread.
            if waiting.count == 1 { Task { flush() } }
        }
        return try outcome.get()
    }

    /// Proves that the database can be written, unless a commit has just done so.
    func check() async throws(SessionStoreError) {
        if let lastCommit, time.instant().since(lastCommit) < .seconds(5) { return }
        try await write { scope throws(SQLiteError) in
            try scope.connection.run(
                "INSERT OR REPLACE INTO heartbeat (id, at) VALUES (1, ?1)", [.time(scope.now)])
        }
    }

    /// Moves the write-ahead log into the database and closes it, after the writes that arrived before.
    func close() {
        while !waiting.isEmpty { flush() }
        if let database = try? link.database(now: time.instant()) {
            try? database.connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        link.close()
    }

    /// Copies the database, as it is at one moment, to a file that must not exist.
    func backUp(to path: String) throws(SessionStoreError) {
        let database = try link.database(now: time.instant())
        // Made here, empty and private, since SQLite would make it readable for everybody.
        guard StoreFiles(path: path).create() else { throw .unreachable }
        do throws(SQLiteError) {
            try database.connection.run("VACUUM INTO ?1", [.text(path)])
        } catch {
            throw error.meaning
        }
    }

    private func flush() {
        let batch = Array(waiting.prefix(Self.together))
        waiting.removeFirst(batch.count)
        if !waiting.isEmpty { Task { flush() } }
        commit(batch)
    }

    private func commit(_ batch: [Waiting]) {
        if batch.isEmpty { return }
        let database: DatabaseLink.Database
        do throws(SessionStoreError) {
            database = try link.database(now: time.instant())
        } catch {
            for write in batch { write.finish(error) }
            return
        }
        let scope = Scope(database, now: time.now())
        do throws(SQLiteError) {
            try database.connection.transaction { () throws(SQLiteError) in
                for write in batch { try write.attempt(scope) }
            }
        } catch {
            lastCommit = nil
            link.report(error, now: time.instant())
            if error.concernsStatementOnly && batch.count > 1 {
                // One of them asked for something impossible; the others must not suffer for it.
                for write in batch { commit([write]) }
            } else {
                for write in batch { write.finish(error.meaning) }
            }
            return
        }
        commits += 1
        lastCommit = time.instant()
        if !scope.ended.isEmpty { announce(scope.ended) }
        for write in batch { write.finish(nil) }
    }
}
