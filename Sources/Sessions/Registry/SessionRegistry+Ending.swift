package import Cryptography
package import Time

/// Ends, lists and logouts: by cookie, by name, by user.
extension SessionRegistry {
    /// Whose sessions are meant.
    package enum Whose: Sendable, Equatable {
        case publicID(String)
        case user(issuer: String, subject: String)
        case providerSID(issuer: String, sid: String)
        case everybody
    }

    /// A session as lists show it.
    package struct Entry: Sendable, Equatable {
        /// Where the next page begins: after this.
        package let position: Int64
        package let digest: SHA256Digest
        package let site: String
        package let provider: String
        package let absoluteEnd: Timestamp
        package let listing: SessionListing
    }

    /// Ends sessions whose cookies are at hand.
    ///
    /// - Parameter ending: `.deleted` where the tokens are at hand to be revoked, else `.tombstone` (B42).
    package func end(
        _ digests: [SHA256Digest], _ ending: SessionEnding
    ) async throws(SessionStoreError) -> [SHA256Digest] {
        try await store.end(.digests(digests), ending, limit: digests.count)
    }

    /// Ends sessions from outside; their tokens are revoked when their cookies return (E46, B42).
    package func end(_ whose: Whose) async throws(SessionStoreError) -> [SHA256Digest] {
        try await store.endAll(selection(whose), .tombstone)
    }

    /// Removes a tombstone whose tokens have been revoked.
    package func forget(_ ended: EndedSession) async throws(SessionStoreError) {
        _ = try await store.end(.digests([ended.digest]), .deleted, limit: 1)
    }

    /// Sessions in the order of their beginning, those that are over left out; at most `limit` a page.
    package func list(
        _ whose: Whose, after position: Int64 = 0, limit: Int = 100
    ) async throws(SessionStoreError) -> SessionPage {
        let (vault, now, idleTimeout) = (vault, time.now(), settings.idleTimeout)
        let rows = try await store.list(selection(whose), after: position, limit: limit)
        var page = SessionPage(entries: [], next: rows.count < limit ? nil : rows.last?.position, unreadable: 0)
        for row in rows {
            guard
                let listing = try? vault.open(
                    row.listing, digest: row.digest, site: row.site, provider: row.provider)
            else {
                page.unreadable += 1
                continue
            }
            if now >= row.absoluteEnd || now >= listing.lastSeen + idleTimeout { continue }
            page.entries.append(
                Entry(
                    position: row.position, digest: row.digest, site: row.site, provider: row.provider,
                    absoluteEnd: row.absoluteEnd, listing: listing))
        }
        return page
    }

    /// Notes a provider's logout, checked before, and ends what it names (F17–F20).
    ///
    /// - Parameters:
    ///   - sid: names one session; without it all sessions of `subject` end.
    ///   - tolerance: the clock skew; sessions that began later than `issuedAt` + skew stay.
    ///   - lasting: how long the notice is remembered, from now.
    package func recordLogout(
        issuer: String, identifier: String, subject: String?, sid: String?, issuedAt: Timestamp, tolerance: Duration,
        lasting: Duration
    ) async throws(SessionStoreError) -> LogoutOutcome {
        let vault = vault
        let whose: Whose
        let target: SHA256Digest?
        if let sid {
            whose = .providerSID(issuer: issuer, sid: sid)
            target = vault.providerSIDs(issuer: issuer, sid: sid).first
            let named = try await list(whose)
            if let subject, named.entries.contains(where: { $0.listing.subject != subject }) { return .contradiction }
        } else if let subject {
            whose = .user(issuer: issuer, subject: subject)
            target = vault.users(issuer: issuer, subject: subject).first
        } else {
            return .contradiction
        }
        guard let target else { return .contradiction }
        var name = LengthPrefixed()
        name.append(issuer)
        name.append(identifier)
        let notice = LogoutNotice(
            identifier: SHA256Digest(hashing: name.bytes), selection: selection(whose), target: target,
            issuedAt: issuedAt, sparesFrom: issuedAt + tolerance, until: time.now() + lasting)
        switch try await store.recordLogout(notice, .tombstone) {
        case .recorded(let ended): return .recorded(ended: ended)
        case .replayed: return .replayed
        }
    }

    /// Notes that a login attempt's callback came; false for every further one (A12, A43).
    package func consumeLogin(
        state: SHA256Digest, lasting: Duration
    ) async throws(SessionStoreError) -> LoginConsumption {
        try await store.consumeLogin(state, until: time.now() + lasting)
    }

    private func selection(_ whose: Whose) -> SessionSelection {
        switch whose {
        case .publicID(let id): .publicID(vault.publicIDs(id))
        case .user(let issuer, let subject): .user(vault.users(issuer: issuer, subject: subject))
        case .providerSID(let issuer, let sid): .providerSID(vault.providerSIDs(issuer: issuer, sid: sid))
        case .everybody: .all
        }
    }
}

/// A page of a list.
package struct SessionPage: Sendable, Equatable {
    package var entries: [SessionRegistry.Entry]
    /// Where the next page begins; nil when this is the last.
    package var next: Int64?
    /// Rows passed over because they do not open.
    package var unreadable: Int
}

package enum LogoutOutcome: Sendable, Equatable {
    case recorded(ended: [SHA256Digest])
    /// The same `jti` came before.
    case replayed
    /// `sid` and `sub` speak of different people, or neither is there (F18).
    case contradiction
}
