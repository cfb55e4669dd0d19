import Time

/// The tables, how they came to be, and how a file of them is opened.
enum SQLiteSchema {
    /// Each step takes the schema from its index to the next version; steps are never edited, only added.
    static let steps: [[String]] = [
        [
            "CREATE TABLE sites (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE) STRICT",
            // The body comes last: a look-up of anything else then reads no further page.
            """
            CREATE TABLE sessions (
              id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, site INTEGER NOT NULL REFERENCES sites (id),
              provider TEXT NOT NULL, created INTEGER NOT NULL, absolute_end INTEGER NOT NULL, ended INTEGER,
              token_version INTEGER NOT NULL, body_key TEXT NOT NULL, body BLOB NOT NULL
            ) STRICT
            """,
            "CREATE INDEX sessions_by_key ON sessions (site, body_key)",
            "CREATE INDEX tombstones ON sessions (absolute_end) WHERE ended IS NOT NULL",
            // Apart from the body, so that a use of the session rewrites little, and a tombstone keeps none of it.
            """
            CREATE TABLE listings (
              id INTEGER PRIMARY KEY REFERENCES sessions (id), site INTEGER NOT NULL, sweep_after INTEGER NOT NULL,
              record_key TEXT NOT NULL, public_id BLOB NOT NULL, user BLOB NOT NULL, provider_sid BLOB,
              record BLOB NOT NULL
            ) STRICT
            """,
            "CREATE INDEX listings_by_public_id ON listings (public_id)",
            "CREATE INDEX listings_by_user ON listings (user)",
            "CREATE INDEX listings_by_provider_sid ON listings (provider_sid) WHERE provider_sid IS NOT NULL",
            "CREATE INDEX listings_by_end ON listings (sweep_after)",
            "CREATE INDEX listings_by_key ON listings (site, record_key)",
            """
            CREATE TABLE refreshes (
              id INTEGER PRIMARY KEY REFERENCES sessions (id), holder INTEGER NOT NULL, number INTEGER NOT NULL,
              since INTEGER NOT NULL, until INTEGER NOT NULL
            ) STRICT
            """,
            // AUTOINCREMENT: a number is never given twice, so that a gap shows that something was missed.
            """
            CREATE TABLE endings (
              number INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, at INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE TABLE consumed_logins (state BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            "CREATE INDEX consumed_logins_by_end ON consumed_logins (until)",
            """
            CREATE TABLE logouts (
              identifier BLOB PRIMARY KEY, target BLOB NOT NULL, issued INTEGER NOT NULL, until INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX logouts_by_target ON logouts (target)",
            "CREATE INDEX logouts_by_end ON logouts (until)",
            """
            CREATE TABLE documents (name BLOB PRIMARY KEY, key TEXT NOT NULL, content BLOB NOT NULL)
            STRICT, WITHOUT ROWID
            """,
            "CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT",
        ]
    ]

    /// The version that this program writes.
    static var version: Int64 { Int64(steps.count) }

    /// Marks the file as ours, in its header: `pstn`.
    static let applicationID: Int64 = 0x7073_746E

    /// Brings the database to the present version; makes the tables in an empty file.
    static func migrate(_ connection: SQLiteConnection, path: String) throws(StoreOpenError) {
        let refusal: StoreOpenError?
        do throws(SQLiteError) {
            refusal = try prepared(connection, path: path)
        } catch {
            throw .failed(path: path, error.meaning)
        }
        if let refusal { throw refusal }
    }

    /// Nil, or why this database is left as it is.
    private static func prepared(
        _ connection: SQLiteConnection, path: String
    ) throws(SQLiteError) -> StoreOpenError? {
        // One reading of all that is looked at: another process may be making the tables at this moment.
        let early = try connection.transaction("BEGIN") { () throws(SQLiteError) in try verdict(connection, path: path)
        }
        if let early { return early }
        // Only an empty file heeds it: pages freed by a sweep can then be given back in small steps.
        try connection.run("PRAGMA auto_vacuum = INCREMENTAL")
        let mode = try connection.first("PRAGMA journal_mode = WAL") { row in row.text(0) }
        if mode != "wal" { return .noWriteAheadLog(path: path) }
        try configure(connection)
        // Again, under the lock: of two processes that start together one makes the tables.
        return try connection.transaction { () throws(SQLiteError) in
            if let refusal = try verdict(connection, path: path) { return refusal }
            let found = try connection.integer("PRAGMA user_version")
            for step in steps[Int(found)...] {
                for statement in step { try connection.run(statement) }
            }
            try connection.run("PRAGMA application_id = \(applicationID)")
            try connection.run("PRAGMA user_version = \(version)")
            return nil
        }
    }

    /// Nil for a database of ours that this program knows, or an empty file.
    private static func verdict(
        _ connection: SQLiteConnection, path: String
    ) throws(SQLiteError) -> StoreOpenError? {
        let found = try connection.integer("PRAGMA user_version")
        if try connection.integer("PRAGMA application_id") == applicationID {
            return found > version ? .newerSchema(path: path, found: found, known: version) : nil
        }
        let tables = try connection.integer("SELECT count(*) FROM sqlite_schema")
        return found == 0 && tables == 0 ? nil : .foreignDatabase(path: path)
    }

    /// Settings that last as long as a connection.
    static func configure(_ connection: SQLiteConnection) throws(SQLiteError) {
        // FULL: a power cut loses no answered write; NORMAL may lose the last ones, a rotated refresh token among them.
        try connection.run("PRAGMA synchronous = FULL")
        // What is deleted is overwritten: an ended session must not open even for who has cookie, key and disk.
        try connection.run("PRAGMA secure_delete = ON")
        try connection.run("PRAGMA cell_size_check = ON")
        try connection.run("PRAGMA foreign_keys = ON")
        try connection.run("PRAGMA temp_store = MEMORY")
        try connection.run("PRAGMA cache_size = -8192")
        try connection.run("PRAGMA journal_size_limit = 16777216")
    }

    /// True when `connection` reads the present version.
    static func isPresent(_ connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        let application = try connection.integer("PRAGMA application_id")
        let found = try connection.integer("PRAGMA user_version")
        return application == applicationID && found == version
    }
}
