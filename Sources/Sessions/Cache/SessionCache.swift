package import Cryptography

/// Opened sessions in memory, by the digest of their cookie.
///
/// Bounded by bytes or by number; what was not used lately goes first. A hit takes one short lock and allocates nothing.
///
/// A look-up in the store takes time, and a logout may overtake it. Take a ``ticket(for:)`` before looking up: an entry
/// whose session ended meanwhile is then refused, so that no slow answer brings an ended session back.
package final class SessionCache<Entry: AnyObject & Sendable>: Sendable {
    private let core: CacheCore
    private let evicted: @Sendable (Entry) -> Void

    /// - Parameter evicted: told, outside of any lock, of entries that went for lack of room; their last use may still
    ///   have to be written.
    package init(_ limit: SessionSettings.CacheLimit, evicted: @escaping @Sendable (Entry) -> Void = { _ in }) {
        core = CacheCore(limit)
        self.evicted = evicted
    }

    /// The entry of a digest, or nil: then ask the store.
    package func find(_ digest: SHA256Digest) -> Entry? { Self.typed(core.find(digest)) }

    /// What an insertion needs, taken before the store is asked.
    package func ticket(for digest: SHA256Digest) -> SessionCacheTicket {
        SessionCacheTicket(number: core.ticket(digest))
    }

    /// Keeps an entry made from what the store answered.
    ///
    /// - Returns: the entry to use: this one, or one that somebody else was faster to put in. Nil when the session
    ///   changed or ended since the ticket: ask the store again.
    package func insert(
        _ digest: SHA256Digest, _ entry: Entry, cost: Int, _ ticket: SessionCacheTicket
    ) -> Entry? {
        var out: [CacheEntry] = []
        let kept = core.insert(digest, entry, cost: cost, ticket: ticket.number, evicted: &out)
        report(out)
        return Self.typed(kept)
    }

    /// Puts a newer version of a session (refreshed tokens) in the place of the older one.
    ///
    /// - Returns: false when the session ended since the ticket; the entry must then not be used either.
    package func replace(
        _ digest: SHA256Digest, _ entry: Entry, cost: Int, _ ticket: SessionCacheTicket
    ) -> Bool {
        var out: [CacheEntry] = []
        let done = core.replace(digest, entry, cost: cost, ticket: ticket.number, evicted: &out)
        report(out)
        return done
    }

    /// Forgets a session that ended; look-ups of it under way will not bring it back.
    @discardableResult
    package func remove(_ digest: SHA256Digest) -> Entry? { Self.typed(core.remove(digest)) }

    /// Forgets everything, and everything being looked up.
    package func removeAll() { core.removeAll() }

    /// All entries at this moment, for housekeeping.
    package var entries: [Entry] { core.entries().compactMap { Self.typed($0) } }

    package var count: Int { core.totals().count }
    /// What all entries cost together: bytes, or their number where that is the bound.
    package var cost: Int { core.totals().cost }

    private static func typed(_ entry: CacheEntry?) -> Entry? {
        // Only entries of this type go in.
        entry.map { unsafe unsafeDowncast($0, to: Entry.self) }
    }

    private func report(_ entries: [CacheEntry]) {
        for entry in entries { evicted(unsafe unsafeDowncast(entry, to: Entry.self)) }
    }
}

/// Proof of the moment before a look-up.
package struct SessionCacheTicket: Sendable {
    fileprivate let number: UInt64
    fileprivate init(number: UInt64) { self.number = number }
}
