import Time

/// The way to the database: open, or lost and tried again from time to time.
///
/// A connection that answered with damage, an I/O error or a missing file is closed at once: its page cache may hold what
/// the disk does not. Nothing is made anew here: a database that is gone is an error, not an empty one (E49).
struct DatabaseLink {
    /// A connection with the tables of our sites.
    final class Database {
        let connection: SQLiteConnection
        let tables: SessionTables
        init(connection: SQLiteConnection, tables: SessionTables) {
            self.connection = connection
            self.tables = tables
        }
    }

    private enum State {
        case open(Database, FileIdentity)
        case lost(SessionStoreError, retryAt: Instant)
        case closed
    }

    private var state: State
    private let files: StoreFiles
    private let sites: [String]
    private let access: SQLiteConnection.Access
    private let busyTimeout: Duration

    /// How long a lost database is left alone, so that waiting callers fail at once instead of one after another.
    static let pause = Duration.milliseconds(250)

    init(
        _ files: StoreFiles, sites: [String], access: SQLiteConnection.Access, busyTimeout: Duration
    ) {
        self.files = files
        self.sites = sites
        self.access = access
        self.busyTimeout = busyTimeout
        state = .lost(.unreachable, retryAt: Instant(nanoseconds: .min))
    }

    /// The database, opened again if it was lost and the pause is over.
    mutating func database(now: Instant) throws(SessionStoreError) -> Database {
        switch state {
        case .closed: throw .closed
        case .open(let database, let identity):
            // A file put in its place, or taken away: the old one would take writes that nobody ever finds again.
            if files.identity() == identity { return database }
            lose(.unreachable, retryAt: now)
            return try reopen(now: now)
        case .lost(let error, let retryAt):
            if now < retryAt { throw error }
            return try reopen(now: now)
        }
    }

    /// Draws the consequence of an error.
    mutating func report(_ error: SQLiteError, now: Instant) {
        if error.spoilsConnection { lose(error.meaning, retryAt: now + Self.pause) }
    }

    mutating func close() {
        if case .open(let database, _) = state { database.connection.close() }
        state = .closed
    }

    private mutating func lose(_ error: SessionStoreError, retryAt: Instant) {
        guard case .open(let database, _) = state else { return }
        database.connection.close()
        state = .lost(error, retryAt: retryAt)
    }

    private mutating func reopen(now: Instant) throws(SessionStoreError) -> Database {
        let failure: SessionStoreError
        do throws(SQLiteError) {
            guard let identity = files.identity() else { throw .unreachable }
            let connection = try SQLiteConnection(path: files.path, access: access, busyTimeout: busyTimeout)
            // An empty or foreign file in the database's place must not pass for one without sessions.
            guard try SQLiteSchema.isPresent(connection) else { throw .foreign }
            try SQLiteSchema.configure(connection)
            let tables =
                switch access {
                case .readWrite: try SessionTables(registering: sites, connection)
                case .readOnly: try SessionTables(of: sites, connection)
                }
            let database = Database(connection: connection, tables: tables)
            state = .open(database, identity)
            return database
        } catch {
            failure = error.meaning
        }
        state = .lost(failure, retryAt: now + Self.pause)
        throw failure
    }
}
