import Cryptography
private import Formats
import Time

/// Logins, logouts, documents, and what is over.
extension SessionTables {
    func consumeLogin(
        _ state: SHA256Digest, until: Timestamp, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> LoginConsumption {
        try connection.run(
            "INSERT OR IGNORE INTO consumed_logins (state, until) VALUES (?1, ?2)", [.digest(state), .time(until)])
        return connection.changes == 1 ? .won : .replayed
    }

    /// Notes the logout; false when it was noted before.
    func note(_ notice: LogoutNotice, _ connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        try connection.run(
            "INSERT OR IGNORE INTO logouts (identifier, target, issued, until) VALUES (?1, ?2, ?3, ?4)",
            [.digest(notice.identifier), .digest(notice.target), .time(notice.issuedAt), .time(notice.until)])
        return connection.changes == 1
    }

    func save(_ document: SealedDocument, _ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run(
            "INSERT OR REPLACE INTO documents (name, key, content) VALUES (?1, ?2, ?3)",
            [.digest(document.name), .text(document.content.key.text), .blob(document.content.box)])
    }

    func document(_ names: [SHA256Digest], _ connection: SQLiteConnection) throws(SQLiteError) -> SealedDocument? {
        for name in names {
            let found = try connection.first(
                "SELECT key, content FROM documents WHERE name = ?1", [.digest(name)]
            ) { row in
                SealedDocument(name: name, content: SealedPart(key: SessionKeyID(text: row.text(0)), box: row.blob(1)))
            }
            if let found { return found }
        }
        return nil
    }

    /// How long word of an ending is left for the other processes.
    static let announcementLife = Duration.minutes(10)

    /// Removes what is over, of all sites: at most `limit` rows of each kind.
    func sweep(now: Timestamp, limit: Int, _ connection: SQLiteConnection) throws(SQLiteError) -> Int {
        let limit = SQLiteValue.integer(Int64(limit))
        let over = try connection.rows(
            "SELECT id FROM listings WHERE sweep_after <= ?1 ORDER BY sweep_after LIMIT ?2", [.time(now), limit]
        ) { row in row.integer(0) }
        for id in over { try remove(id, connection) }
        var count = over.count
        for (statement, bound) in Self.sweeps {
            try connection.run(statement, [.time(bound == .now ? now : now - Self.announcementLife), limit])
            count += connection.changes
        }
        if count == 0 { try giveBackPages(connection) }
        return count
    }

    private enum Bound { case now, announcement }

    private static let sweeps: [(String, Bound)] = [
        (
            """
            DELETE FROM sessions WHERE id IN
            (SELECT id FROM sessions WHERE ended IS NOT NULL AND absolute_end <= ?1 ORDER BY absolute_end LIMIT ?2)
            """, .now
        ),
        (
            """
            DELETE FROM consumed_logins WHERE state IN
            (SELECT state FROM consumed_logins WHERE until <= ?1 ORDER BY until LIMIT ?2)
            """, .now
        ),
        (
            """
            DELETE FROM logouts WHERE identifier IN
            (SELECT identifier FROM logouts WHERE until <= ?1 ORDER BY until LIMIT ?2)
            """, .now
        ),
        (
            """
            DELETE FROM endings WHERE at <= ?1 AND number IN
            (SELECT number FROM endings ORDER BY number LIMIT ?2)
            """, .announcement
        ),
    ]

    /// Shortens the file, a little at a time, when much of it is free.
    private func giveBackPages(_ connection: SQLiteConnection) throws(SQLiteError) {
        guard try connection.integer("PRAGMA freelist_count") > 4096 else { return }
        try connection.run("PRAGMA incremental_vacuum(256)")
    }

    /// Deletes sessions of our sites that need a key not in `keys`.
    func prune(
        keeping keys: Set<SessionKeyID>, now: Timestamp, limit: Int, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> [SHA256Digest] {
        let known = JSONValue.array(keys.map { .string($0.text) }).text
        let rows = try connection.rows(
            """
            SELECT id, digest FROM sessions WHERE site IN (\(siteList)) AND (
              body_key NOT IN (SELECT value FROM json_each(?1)) OR id IN (
                SELECT id FROM listings
                WHERE site IN (\(siteList)) AND record_key NOT IN (SELECT value FROM json_each(?1)))
            ) LIMIT ?2
            """, [.text(known), .integer(Int64(limit))]
        ) { row in (id: row.integer(0), digest: row.digest(1)) }
        var ended: [SHA256Digest] = []
        for row in rows {
            try remove(row.id, connection)
            guard let digest = row.digest else { continue }
            ended.append(digest)
            try announce(digest, now: now, connection)
        }
        return ended
    }

    func counts(_ connection: SQLiteConnection) throws(SQLiteError) -> StoreCounts {
        var counts = StoreCounts()
        counts.live = Int(try connection.integer("SELECT count(*) FROM listings WHERE site IN (\(siteList))"))
        counts.tombstones = Int(
            try connection.integer(
                "SELECT count(*) FROM sessions WHERE ended IS NOT NULL AND site IN (\(siteList))"))
        counts.consumedLogins = Int(try connection.integer("SELECT count(*) FROM consumed_logins"))
        for (key, count) in try connection.rows(
            "SELECT body_key, count(*) FROM sessions WHERE site IN (\(siteList)) GROUP BY body_key",
            [], { row in (row.text(0), Int(row.integer(1))) })
        {
            counts.sealedBy[SessionKeyID(text: key)] = count
        }
        for (key, count) in try connection.rows(
            "SELECT record_key, count(*) FROM listings WHERE site IN (\(siteList)) GROUP BY record_key",
            [], { row in (row.text(0), Int(row.integer(1))) })
        {
            counts.sealedBy[SessionKeyID(text: key), default: 0] = max(
                counts.sealedBy[SessionKeyID(text: key)] ?? 0, count)
        }
        return counts
    }

    /// The endings announced after `number`, and whether any of them were swept before they were seen.
    func endings(
        after number: Int64, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> (last: Int64, digests: [SHA256Digest], isComplete: Bool) {
        let found = try connection.rows(
            "SELECT number, digest FROM endings WHERE number > ?1 ORDER BY number", [.integer(number)]
        ) { row in (number: row.integer(0), digest: row.digest(1)) }
        var last = found.last?.number
        if last == nil { last = try lastEnding(connection) }
        return (last ?? 0, found.compactMap(\.digest), Int64(found.count) == (last ?? 0) - number)
    }

    func lastEnding(_ connection: SQLiteConnection) throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'endings'")
    }
}
