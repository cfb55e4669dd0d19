import Cryptography
import Time

/// The tables of a store that keeps nothing: the same rules as on disk, in dictionaries.
struct MemoryTables {
    struct Row {
        let number: Int64
        var session: SealedSession
        var isTombstone = false
        var refresh: (lease: RefreshLease, since: Timestamp, until: Timestamp)?
    }

    private(set) var rows: [SHA256Digest: Row] = [:]
    private var byUser: [SHA256Digest: Set<SHA256Digest>] = [:]
    private var byProviderSID: [SHA256Digest: Set<SHA256Digest>] = [:]
    private var byPublicID: [SHA256Digest: SHA256Digest] = [:]
    /// Rows by the quarter of an hour after which they may go.
    private var byEnd: [Int64: Set<SHA256Digest>] = [:]
    private var lastNumber: Int64 = 0
    private var consumedLogins: [SHA256Digest: Timestamp] = [:]
    private var logouts: [SHA256Digest: LogoutNotice] = [:]
    private var documents: [SHA256Digest: SealedDocument] = [:]
    private let sites: Set<String>
    var isClosed = false

    init(sites: [String]) { self.sites = Set(sites) }

    // MARK: rows

    func row(_ digest: SHA256Digest) -> Row? { rows[digest] }

    func live(_ digest: SHA256Digest) -> Row? {
        guard let row = rows[digest], !row.isTombstone else { return nil }
        return row
    }

    /// True when the row is one of our sites, and its digest is free.
    func canInsert(_ session: SealedSession) -> Bool {
        sites.contains(session.site) && session.listing != nil && rows[session.digest] == nil
    }

    mutating func insert(_ session: SealedSession) {
        lastNumber += 1
        put(Row(number: lastNumber, session: session))
    }

    /// Replaces the body of a live row, and its listing when that needs another key; the end only grows.
    mutating func replace(_ session: SealedSession) {
        guard var row = takeLive(session.digest) else { return }
        let before = row.session
        row.session = session
        row.session.sweepAfter = max(before.sweepAfter, session.sweepAfter)
        if before.listing?.record.key == session.listing?.record.key { row.session.listing = before.listing }
        row.refresh = nil
        put(row)
    }

    mutating func touch(_ touch: SessionTouch) {
        guard var row = takeLive(touch.digest) else { return }
        row.session.listing = touch.listing
        row.session.sweepAfter = max(row.session.sweepAfter, touch.sweepAfter)
        put(row)
    }

    mutating func setRefresh(
        _ digest: SHA256Digest, _ refresh: (lease: RefreshLease, since: Timestamp, until: Timestamp)?
    ) {
        rows[digest]?.refresh = refresh
    }

    private mutating func put(_ row: Row) {
        let digest = row.session.digest
        rows[digest] = row
        byEnd[Self.quarter(row), default: []].insert(digest)
        guard let listing = row.session.listing else { return }
        byUser[listing.user, default: []].insert(digest)
        if let sid = listing.providerSID { byProviderSID[sid, default: []].insert(digest) }
        byPublicID[listing.publicID] = digest
    }

    private mutating func takeLive(_ digest: SHA256Digest) -> Row? {
        live(digest) == nil ? nil : take(digest)
    }

    /// Takes a row out of the tables and of every index.
    private mutating func take(_ digest: SHA256Digest) -> Row? {
        guard let row = rows.removeValue(forKey: digest) else { return nil }
        Self.remove(digest, from: &byEnd, at: Self.quarter(row))
        guard let listing = row.session.listing else { return row }
        Self.remove(digest, from: &byUser, at: listing.user)
        if let sid = listing.providerSID { Self.remove(digest, from: &byProviderSID, at: sid) }
        byPublicID[listing.publicID] = nil
        return row
    }

    private static func remove<Key>(
        _ digest: SHA256Digest, from index: inout [Key: Set<SHA256Digest>], at key: Key
    ) {
        index[key]?.remove(digest)
        if index[key]?.isEmpty == true { index[key] = nil }
    }

    private static func end(_ row: Row) -> Timestamp {
        row.isTombstone ? row.session.absoluteEnd : row.session.sweepAfter
    }

    private static func quarter(_ row: Row) -> Int64 { end(row).milliseconds / Duration.minutes(15).milliseconds }

    // MARK: selecting and ending

    /// Live rows selected, in the order of their beginning.
    func select(_ selection: SessionSelection) -> [Row] {
        let digests: [SHA256Digest] =
            switch selection {
            case .digests(let digests): digests
            case .publicID(let ids): ids.compactMap { byPublicID[$0] }
            case .user(let users): users.flatMap { byUser[$0] ?? [] }
            case .providerSID(let sids): sids.flatMap { byProviderSID[$0] ?? [] }
            case .all: Array(rows.keys)
            }
        return digests.compactMap(live).sorted { $0.number < $1.number }
    }

    mutating func end(_ ended: [Row], _ ending: SessionEnding) -> [SHA256Digest] {
        for row in ended {
            guard var row = take(row.session.digest), ending == .tombstone else { continue }
            row.session.listing = nil
            row.refresh = nil
            row.isTombstone = true
            put(row)
        }
        return ended.map(\.session.digest)
    }

    mutating func removeTombstone(_ digest: SHA256Digest) {
        if rows[digest]?.isTombstone == true { _ = take(digest) }
    }

    // MARK: logins, logouts, documents

    mutating func consumeLogin(_ state: SHA256Digest, until: Timestamp) -> LoginConsumption {
        if consumedLogins[state] != nil { return .replayed }
        consumedLogins[state] = until
        return .won
    }

    mutating func note(_ notice: LogoutNotice) -> Bool {
        if logouts[notice.identifier] != nil { return false }
        logouts[notice.identifier] = notice
        return true
    }

    func isLoggedOut(_ grant: GrantTerms) -> Bool {
        guard let issuedAt = grant.issuedAt else { return false }
        let targets = Set(grant.users + grant.providerSIDs)
        return logouts.values.contains { targets.contains($0.target) && $0.issuedAt >= issuedAt }
    }

    mutating func save(_ document: SealedDocument) { documents[document.name] = document }

    func document(_ names: [SHA256Digest]) -> SealedDocument? {
        for name in names {
            if let document = documents[name] { return document }
        }
        return nil
    }

    // MARK: housekeeping

    mutating func sweep(now: Timestamp, limit: Int) -> Int {
        let over = byEnd.lazy
            .filter { $0.key <= now.milliseconds / Duration.minutes(15).milliseconds }
            .flatMap(\.value).compactMap(row)
            .filter { now >= Self.end($0) }
            .prefix(limit)
        var count = end(Array(over), .deleted).count
        for (state, until) in consumedLogins.filter({ now >= $0.value }).prefix(limit) where now >= until {
            consumedLogins[state] = nil
            count += 1
        }
        for (identifier, notice) in logouts.filter({ now >= $0.value.until }).prefix(limit) where now >= notice.until {
            logouts[identifier] = nil
            count += 1
        }
        return count
    }

    func counts() -> StoreCounts {
        var counts = StoreCounts()
        counts.consumedLogins = consumedLogins.count
        for row in rows.values {
            if row.isTombstone { counts.tombstones += 1 } else { counts.live += 1 }
            for key in Self.keys(row) { counts.sealedBy[key, default: 0] += 1 }
        }
        return counts
    }

    func unreadable(keeping keys: Set<SessionKeyID>) -> [Row] {
        rows.values.filter { !Self.keys($0).isSubset(of: keys) }
    }

    private static func keys(_ row: Row) -> Set<SessionKeyID> {
        var keys: Set<SessionKeyID> = [row.session.body.key]
        if let listing = row.session.listing { keys.insert(listing.record.key) }
        return keys
    }
}
