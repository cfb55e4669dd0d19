import Cryptography
import Time

/// Refreshes: who is at it, and whose result counts (B32–B34, B40a).
extension SessionTables {
    /// A lease as it stands in its table.
    private struct Holding {
        let holder: Int64
        let number: Int64
        let since: Timestamp
        let until: Timestamp
    }

    func beginRefresh(
        _ lease: RefreshLease, now: Timestamp, until: Timestamp, _ connection: SQLiteConnection,
        mark: RefreshJudge
    ) throws(SQLiteError) -> RefreshStart {
        guard let row = try live(lease.digest, connection) else { return .ended }
        guard row.tokenVersion == lease.version else { return .superseded }
        let standing = try holding(row.id, connection)
        if let standing, !mark(standing.holder, standing.since, standing.until).isInterrupted {
            return .held(until: standing.until)
        }
        try connection.run(
            "INSERT OR REPLACE INTO refreshes (id, holder, number, since, until) VALUES (?1, ?2, ?3, ?4, ?5)",
            [.integer(row.id), .integer(lease.holder), .integer(lease.number), .time(now), .time(until)])
        return .granted(lease, afterInterruption: standing != nil)
    }

    func extendRefresh(
        _ lease: RefreshLease, now: Timestamp, until: Timestamp, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> Bool {
        guard let row = try live(lease.digest, connection), try isHeld(lease, row, connection) else { return false }
        try connection.run(
            "UPDATE refreshes SET since = ?2, until = ?3 WHERE id = ?1", [.integer(row.id), .time(now), .time(until)])
        return true
    }

    func cancelRefresh(_ lease: RefreshLease, _ connection: SQLiteConnection) throws(SQLiteError) {
        guard let row = try live(lease.digest, connection), try isHeld(lease, row, connection) else { return }
        try connection.run("DELETE FROM refreshes WHERE id = ?1", [.integer(row.id)])
    }

    func replaceTokens(
        _ sealed: SealedSession, _ lease: RefreshLease, _ grant: GrantTerms, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> TokenReplacement {
        guard let row = try live(lease.digest, connection) else { return .ended }
        guard row.tokenVersion == lease.version, try isHeld(lease, row, connection) else { return .superseded }
        if try isLoggedOut(grant, connection) { return .ended }
        try replace(row.id, sealed, connection)
        try connection.run("DELETE FROM refreshes WHERE id = ?1", [.integer(row.id)])
        return .replaced
    }

    /// True when the provider has logged the grant's user or session out since it issued the ID token (F17, F24).
    func isLoggedOut(_ grant: GrantTerms, _ connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        guard let issuedAt = grant.issuedAt else { return false }
        for target in grant.users + grant.providerSIDs {
            let notices = try connection.integer(
                "SELECT count(*) FROM logouts WHERE target = ?1 AND issued >= ?2", [.digest(target), .time(issuedAt)])
            if notices > 0 { return true }
        }
        return false
    }

    private func isHeld(
        _ lease: RefreshLease, _ row: LiveRow, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> Bool {
        let standing = try holding(row.id, connection)
        return row.tokenVersion == lease.version && standing?.holder == lease.holder && standing?.number == lease.number
    }

    private func holding(_ id: Int64, _ connection: SQLiteConnection) throws(SQLiteError) -> Holding? {
        try connection.first("SELECT holder, number, since, until FROM refreshes WHERE id = ?1", [.integer(id)]) {
            row in
            Holding(holder: row.integer(0), number: row.integer(1), since: row.time(2), until: row.time(3))
        }
    }
}
