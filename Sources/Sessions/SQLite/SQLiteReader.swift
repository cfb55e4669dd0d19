import Threads
import Time

/// Looks things up on a thread and a connection of its own, beside the writer.
actor SQLiteReader {
    private let executor: ThreadExecutor
    private var link: DatabaseLink
    private let time: TimeSource
    /// The last announced ending that was passed on.
    private var lastEnding: Int64 = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(_ link: DatabaseLink, time: TimeSource) throws(ThreadError) {
        executor = try ThreadExecutor(name: "store-reader")
        self.link = link
        self.time = time
    }

    deinit { executor.stop() }

    /// Runs one statement; each sees everything that was committed before it began.
    func read<Result: Sendable>(
        _ body: @Sendable (DatabaseLink.Database) throws(SQLiteError) -> Result
    ) throws(SessionStoreError) -> Result {
        let database = try link.database(now: time.instant())
        do throws(SQLiteError) {
            return try body(database)
        } catch {
            link.report(error, now: time.instant())
            throw error.meaning
        }
    }

    /// Takes what was announced so far as known: at the start nothing is cached yet.
    func beginFollowing() throws(SessionStoreError) {
        lastEnding = try read { database throws(SQLiteError) in try database.tables.lastEnding(database.connection) }
    }

    /// What ended since the last call, in any process.
    func newEndings() throws(SessionStoreError) -> EndedSessions {
        let after = lastEnding
        let news = try read { database throws(SQLiteError) in
            try database.tables.endings(after: after, database.connection)
        }
        lastEnding = news.last
        return news.isComplete ? .these(news.digests) : .unknown
    }

    func close() { link.close() }
}
