import Cryptography
import Time

/// The statements of the session tables, for the sites of one gateway.
///
/// Each function runs inside a transaction of its caller's. Numbers of sites are written into the statements, so that
/// rows of another site on the same database are never seen.
struct SessionTables {
    let siteNumbers: [String: Int64]
    let siteNames: [Int64: String]
    /// `1, 2`: what stands in `site IN (…)`.
    let siteList: String

    /// Notes the sites, if they are new.
    init(registering origins: [String], _ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.transaction { () throws(SQLiteError) in
            for origin in origins {
                try connection.run("INSERT OR IGNORE INTO sites (origin) VALUES (?1)", [.text(origin)])
            }
        }
        try self.init(of: origins, connection)
    }

    /// Finds the sites' numbers.
    init(of origins: [String], _ connection: SQLiteConnection) throws(SQLiteError) {
        var numbers: [String: Int64] = [:]
        var names: [Int64: String] = [:]
        for origin in origins {
            let number = try connection.integer("SELECT id FROM sites WHERE origin = ?1", [.text(origin)])
            numbers[origin] = number
            names[number] = origin
        }
        siteNumbers = numbers
        siteNames = names
        siteList = numbers.values.sorted().map(String.init).joined(separator: ", ")
    }

    // MARK: finding

    /// A live session's number and what a refresh compares.
    struct LiveRow {
        let id: Int64
        let tokenVersion: Int64
    }

    func live(_ digest: SHA256Digest, _ connection: SQLiteConnection) throws(SQLiteError) -> LiveRow? {
        try connection.first(
            """
            SELECT id, token_version FROM sessions WHERE digest = ?1 AND ended IS NULL AND site IN (\(siteList))
            """, [.digest(digest)]
        ) { row in LiveRow(id: row.integer(0), tokenVersion: row.integer(1)) }
    }

    func find(
        _ digest: SHA256Digest, _ connection: SQLiteConnection, mark: RefreshJudge
    ) throws(SQLiteError) -> StoredSession? {
        try connection.first(
            """
            SELECT s.site, s.provider, s.created, s.absolute_end, s.ended, s.token_version, s.body_key, s.body,
              l.record_key, l.record, l.public_id, l.user, l.provider_sid, l.sweep_after, r.holder, r.since, r.until
            FROM sessions s LEFT JOIN listings l ON l.id = s.id LEFT JOIN refreshes r ON r.id = s.id
            WHERE s.digest = ?1 AND s.site IN (\(siteList))
            """, [.digest(digest)]
        ) { row in
            let end = row.time(3)
            let session = SealedSession(
                digest: digest, site: siteNames[row.integer(0)] ?? "", provider: row.text(1), createdAt: row.time(2),
                absoluteEnd: end, tokenVersion: row.integer(5),
                body: SealedPart(key: SessionKeyID(text: row.text(6)), box: row.blob(7)),
                listing: Self.listing(row, at: 8), sweepAfter: row.isNull(13) ? end : row.time(13))
            if !row.isNull(4) { return .ended(session) }
            let refresh = row.isNull(14) ? nil : mark(row.integer(14), row.time(15), row.time(16))
            return .live(session, refresh: refresh)
        }
    }

    func list(
        _ selection: SessionSelection, after position: Int64, limit: Int, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> [ListedSession] {
        var found: [ListedSession] = []
        for (condition, value) in Self.conditions(selection) {
            found += try connection.rows(
                """
                SELECT s.site, s.provider, s.created, s.absolute_end, s.digest, s.id,
                  l.record_key, l.record, l.public_id, l.user, l.provider_sid
                FROM listings l JOIN sessions s ON s.id = l.id
                WHERE \(condition) AND l.site IN (\(siteList)) AND l.id > ?2 ORDER BY l.id LIMIT ?3
                """, [value, .integer(position), .integer(Int64(limit))]
            ) { row in Self.listed(row, siteNames) }.compactMap(\.self)
        }
        // Several conditions are the same question under several keys; each row answers one of them.
        return Array(found.sorted { $0.position < $1.position }.prefix(limit))
    }

    // MARK: writing

    func insert(_ row: SealedSession, _ connection: SQLiteConnection) throws(SQLiteError) {
        guard let site = siteNumbers[row.site], let listing = row.listing else { throw SQLiteError.misuse }
        try connection.run(
            """
            INSERT INTO sessions (digest, site, provider, created, absolute_end, token_version, body_key, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .digest(row.digest), .integer(site), .text(row.provider), .time(row.createdAt), .time(row.absoluteEnd),
                .integer(row.tokenVersion), .text(row.body.key.text), .blob(row.body.box),
            ])
        try connection.run(
            """
            INSERT INTO listings (id, site, sweep_after, record_key, record, public_id, user, provider_sid)
            VALUES (last_insert_rowid(), ?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """, [.integer(site), .time(row.sweepAfter)] + Self.values(listing))
    }

    /// Replaces the body of a live row, and its listing when that needs another key.
    ///
    /// Else the listing stays: what memory holds of it may be older than the last use that was written.
    func replace(_ id: Int64, _ row: SealedSession, _ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run(
            "UPDATE sessions SET token_version = ?2, body_key = ?3, body = ?4 WHERE id = ?1",
            [.integer(id), .integer(row.tokenVersion), .text(row.body.key.text), .blob(row.body.box)])
        guard let listing = row.listing else { return }
        let sameKey = try connection.integer(
            "SELECT count(*) FROM listings WHERE id = ?1 AND record_key = ?2",
            [.integer(id), .text(listing.record.key.text)])
        if sameKey == 0 { try relist(id, listing, row.sweepAfter, connection) }
    }

    /// Replaces a listing; writes its look-up columns only when the key changed, and the end only when it grew.
    func relist(
        _ id: Int64, _ listing: SealedListing, _ sweepAfter: Timestamp, _ connection: SQLiteConnection
    ) throws(SQLiteError) {
        try connection.run(
            "UPDATE listings SET record = ?2 WHERE id = ?1 AND record_key = ?3",
            [.integer(id), .blob(listing.record.box), .text(listing.record.key.text)])
        if connection.changes == 0 {
            try connection.run(
                """
                UPDATE listings SET record_key = ?2, record = ?3, public_id = ?4, user = ?5, provider_sid = ?6
                WHERE id = ?1
                """, [.integer(id)] + Self.values(listing))
        }
        try connection.run(
            "UPDATE listings SET sweep_after = ?2 WHERE id = ?1 AND sweep_after < ?2",
            [.integer(id), .time(sweepAfter)])
    }

    // MARK: ending

    /// Ends the live sessions selected that began before `before`, the oldest first; answers whom.
    func end(
        _ selection: SessionSelection, _ ending: SessionEnding, before: Timestamp? = nil, limit: Int, now: Timestamp,
        _ connection: SQLiteConnection
    ) throws(SQLiteError) -> [SHA256Digest] {
        var ended: [SHA256Digest] = []
        for (condition, value) in Self.conditions(selection) {
            let rows = try connection.rows(
                """
                SELECT s.id, s.digest FROM sessions s JOIN listings l ON l.id = s.id
                WHERE \(condition) AND s.site IN (\(siteList)) AND s.created < ?2 ORDER BY l.id LIMIT ?3
                """,
                [value, before.map(SQLiteValue.time) ?? .integer(.max), .integer(Int64(limit - ended.count))]
            ) { row in (id: row.integer(0), digest: row.digest(1)) }
            for row in rows {
                try end(row.id, ending, now: now, connection)
                guard let digest = row.digest else { continue }
                ended.append(digest)
                try announce(digest, now: now, connection)
            }
        }
        return ended
    }

    /// Ends the oldest sessions of a user until `keeping` are left.
    func endOldest(
        of users: [SHA256Digest], keeping: Int, now: Timestamp, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> [SHA256Digest] {
        var count = 0
        for user in users {
            count += Int(
                try connection.integer(
                    "SELECT count(*) FROM listings WHERE user = ?1 AND site IN (\(siteList))", [.digest(user)]))
        }
        guard count > keeping else { return [] }
        var oldest: [Int64] = []
        for user in users {
            oldest += try connection.rows(
                "SELECT id FROM listings WHERE user = ?1 AND site IN (\(siteList)) ORDER BY id LIMIT ?2",
                [.digest(user), .integer(Int64(count - keeping))]
            ) { row in row.integer(0) }
        }
        var ended: [SHA256Digest] = []
        for id in oldest.sorted().prefix(count - keeping) {
            let digest = try connection.first("SELECT digest FROM sessions WHERE id = ?1", [.integer(id)]) { row in
                row.digest(0)
            }
            try end(id, .tombstone, now: now, connection)
            guard let digest = digest ?? nil else { continue }
            ended.append(digest)
            try announce(digest, now: now, connection)
        }
        return ended
    }

    /// Removes tombstones, now that their tokens are revoked.
    func removeTombstone(_ digest: SHA256Digest, _ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run(
            "DELETE FROM sessions WHERE digest = ?1 AND ended IS NOT NULL AND site IN (\(siteList))", [.digest(digest)])
    }

    private func end(
        _ id: Int64, _ ending: SessionEnding, now: Timestamp, _ connection: SQLiteConnection
    ) throws(SQLiteError) {
        switch ending {
        case .deleted: try remove(id, connection)
        case .tombstone:
            try forget(id, connection)
            try connection.run("UPDATE sessions SET ended = ?2 WHERE id = ?1", [.integer(id), .time(now)])
        }
    }

    /// Deletes a session and all that belongs to it.
    func remove(_ id: Int64, _ connection: SQLiteConnection) throws(SQLiteError) {
        try forget(id, connection)
        try connection.run("DELETE FROM sessions WHERE id = ?1", [.integer(id)])
    }

    private func forget(_ id: Int64, _ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.run("DELETE FROM refreshes WHERE id = ?1", [.integer(id)])
        try connection.run("DELETE FROM listings WHERE id = ?1", [.integer(id)])
    }

    /// Leaves word for the other processes.
    func announce(
        _ digest: SHA256Digest, now: Timestamp, _ connection: SQLiteConnection
    ) throws(SQLiteError) {
        try connection.run("INSERT INTO endings (digest, at) VALUES (?1, ?2)", [.digest(digest), .time(now)])
    }

    // MARK: rows and values

    /// One condition and its value for each key that a digest is given under.
    private static func conditions(_ selection: SessionSelection) -> [(String, SQLiteValue)] {
        switch selection {
        case .digests(let digests): digests.map { ("s.digest = ?1", .digest($0)) }
        case .publicID(let digests): digests.map { ("l.public_id = ?1", .digest($0)) }
        case .user(let digests): digests.map { ("l.user = ?1", .digest($0)) }
        case .providerSID(let digests): digests.map { ("l.provider_sid = ?1", .digest($0)) }
        case .all: [("?1 = 1", .integer(1))]
        }
    }

    private static func values(_ listing: SealedListing) -> [SQLiteValue] {
        [
            .text(listing.record.key.text), .blob(listing.record.box), .digest(listing.publicID),
            .digest(listing.user), .digest(listing.providerSID),
        ]
    }

    private static func listing(_ row: SQLiteStatement, at column: Int32) -> SealedListing? {
        guard let publicID = row.digest(column + 2), let user = row.digest(column + 3) else { return nil }
        return SealedListing(
            record: SealedPart(key: SessionKeyID(text: row.text(column)), box: row.blob(column + 1)),
            publicID: publicID, user: user, providerSID: row.digest(column + 4))
    }

    private static func listed(_ row: SQLiteStatement, _ siteNames: [Int64: String]) -> ListedSession? {
        guard let digest = row.digest(4), let listing = listing(row, at: 6) else { return nil }
        return ListedSession(
            position: row.integer(5), digest: digest, site: siteNames[row.integer(0)] ?? "", provider: row.text(1),
            createdAt: row.time(2), absoluteEnd: row.time(3), listing: listing)
    }
}
