package import Cryptography
private import Formats
private import Threads
package import Time

/// Sessions as the gateway knows them: opened on the way out of the store, sealed on the way in.
package final class SessionRegistry: Sendable {
    let store: any SessionStore
    let time: TimeSource
    private let state: Locked<State>

    private struct State {
        var vault: SessionVault
        var settings: SessionSettings
    }

    package init(store: any SessionStore, vault: SessionVault, settings: SessionSettings, time: TimeSource = .system) {
        self.store = store
        self.time = time
        state = Locked(State(vault: vault, settings: settings))
    }

    /// Takes over what a reload changed.
    package func adopt(vault: SessionVault, settings: SessionSettings) {
        state.withLock { $0 = State(vault: vault, settings: settings) }
    }

    var vault: SessionVault { state.withLock { $0.vault } }
    var settings: SessionSettings { state.withLock { $0.settings } }

    /// False while another process has ended sessions that ours has not heard of: then ``catchUp()`` before any cached
    /// session is believed (E40, F23).
    package var isCurrent: Bool { store.isCurrent }

    /// Hears of what other processes ended.
    ///
    /// Also to be called once a second: a process that died between its commit and its announcement has told nobody.
    package func catchUp() async throws(SessionStoreError) { try await store.catchUp() }

    // MARK: beginning and finding

    /// Keeps a session for a completed login, under a new id (E41), and ends the ones it replaces.
    ///
    /// - Parameters:
    ///   - id: made by the caller, whose cache needs a ticket from before the session is in the store; nil: made here.
    ///   - replacing: digests of sessions this browser had: seen now, or when the login began (A50).
    ///   - replaced: `.deleted` where their tokens are at hand to be revoked.
    package func begin(
        _ login: NewSession, as id: SessionID? = nil, replacing: [SHA256Digest], _ replaced: SessionEnding
    ) async throws(SessionStoreError) -> SessionBeginning {
        let (vault, settings, now) = (vault, settings, time.now())
        let (id, session) = try Self.session(for: login, as: id, from: now, to: now + settings.lifetime)
        let listing = SessionListing(
            publicID: session.publicID, issuer: login.issuer, subject: login.subject, providerSID: login.providerSID,
            createdAt: now, lastSeen: now, device: login.device, address: login.address)
        let open = OpenSession(id: id, session: session, listing: listing)
        let terms = InsertionTerms(
            grant: grant(of: session, issuedAt: login.idTokenIssuedAt, vault), replacing: replacing,
            replaced: replaced, perUser: settings.perUser)
        switch try await store.insert(try seal(open, vault), terms) {
        case .inserted(let ended): return .begun(open, ended: ended)
        case .refusedByLogout: return .refusedByLogout
        }
    }

    /// What the cookie leads to on `site`.
    package func find(_ id: SessionID, site: String) async throws(SessionStoreError) -> SessionFinding {
        guard let found = try await store.find(id.digest) else { return .absent }
        do throws(SessionVaultError) {
            switch found {
            case .live(let row, let refresh):
                if row.site != site { return .absent }
                let (session, listing) = try vault.open(row, id: id)
                return .open(OpenSession(id: id, session: session, listing: listing, refresh: refresh))
            case .ended(let row):
                if row.site != site { return .absent }
                return .ended(try vault.openTombstone(row, id: id))
            }
        } catch .sealing {
            throw .sealing
        } catch {
            return .unreadable(error)
        }
    }

    private static func session(
        for login: NewSession, as id: SessionID?, from now: Timestamp, to end: Timestamp
    ) throws(SessionStoreError) -> (SessionID, Session) {
        do throws(CryptographyError) {
            let session = Session(
                publicID: Hexadecimal.encode(try RandomBytes.make(10)),
                logoutID: Base64URL.encode(try RandomBytes.make(16)),
                site: login.site, provider: login.provider, issuer: login.issuer, subject: login.subject,
                providerSID: login.providerSID, createdAt: now, absoluteEnd: end, claims: login.claims,
                authTime: login.authTime, acr: login.acr, scope: login.scope, tokens: login.tokens)
            if let id { return (id, session) }
            return (try SessionID.make(), session)
        } catch {
            throw .sealing
        }
    }

    // MARK: refresh

    /// Asks for the right to refresh, and leaves word of it before the provider is asked (B32, B33).
    ///
    /// - Parameter lasting: longer than the provider may take; ``extendRefresh(_:lasting:)`` keeps it longer.
    package func beginRefresh(
        _ open: OpenSession, lasting: Duration
    ) async throws(SessionStoreError) -> RefreshStart {
        try await store.beginRefresh(
            open.digest, version: open.session.tokenVersion, until: time.now() + lasting)
    }

    package func extendRefresh(
        _ lease: RefreshLease, lasting: Duration
    ) async throws(SessionStoreError) -> Bool {
        try await store.extendRefresh(lease, until: time.now() + lasting)
    }

    /// Gives the right back: the provider was not reached, or answered without new tokens.
    package func cancelRefresh(_ lease: RefreshLease) async throws(SessionStoreError) {
        try await store.cancelRefresh(lease)
    }

    /// Keeps refreshed tokens (and claims) of a session, which are on disk when this returns (B33).
    ///
    /// - Parameters:
    ///   - open: with the new tokens in its session.
    ///   - idTokenIssuedAt: `iat` of an ID token that came with them.
    package func renew(
        _ open: OpenSession, _ lease: RefreshLease, idTokenIssuedAt: Timestamp?
    ) async throws(SessionStoreError) -> SessionRenewal {
        let vault = vault
        var open = open
        open.session.tokenVersion = lease.version + 1
        // Only written when the listing is sealed anew, and a refresh comes of a use.
        open.listing.lastSeen = max(open.listing.lastSeen, time.now())
        open.refresh = nil
        let terms = grant(of: open.session, issuedAt: idTokenIssuedAt, vault)
        switch try await store.replaceTokens(try seal(open, vault), lease, terms) {
        case .replaced: return .renewed(open)
        case .superseded: return .superseded
        case .ended: return .ended
        }
    }

    // MARK: uses

    /// Notes when sessions were last used; in batches, not at each request.
    package func touch(_ uses: [SessionUse]) async throws(SessionStoreError) {
        let vault = vault
        var touches: [SessionTouch] = []
        for use in uses {
            do throws(SessionVaultError) {
                let listing = try vault.seal(use.listing, digest: use.digest, site: use.site, provider: use.provider)
                touches.append(
                    SessionTouch(
                        digest: use.digest, listing: listing,
                        sweepAfter: sweepTime(lastSeen: use.listing.lastSeen, absoluteEnd: use.absoluteEnd)))
            } catch {
                throw .sealing
            }
        }
        if !touches.isEmpty { try await store.touch(touches) }
    }

    // MARK: sealing

    private func seal(_ open: OpenSession, _ vault: SessionVault) throws(SessionStoreError) -> SealedSession {
        let sweepAfter = sweepTime(lastSeen: open.listing.lastSeen, absoluteEnd: open.session.absoluteEnd)
        do throws(SessionVaultError) {
            return try vault.seal(open.session, open.listing, id: open.id, sweepAfter: sweepAfter)
        } catch {
            throw .sealing
        }
    }

    private func grant(of session: Session, issuedAt: Timestamp?, _ vault: SessionVault) -> GrantTerms {
        GrantTerms(
            users: vault.users(issuer: session.issuer, subject: session.subject),
            providerSIDs: session.providerSID.map { vault.providerSIDs(issuer: session.issuer, sid: $0) } ?? [],
            issuedAt: issuedAt)
    }

    /// When a row may go: the end of its idle time, rounded up to a quarter of an hour.
    ///
    /// The column is in the clear, and should not tell when the user was last here (B41).
    private func sweepTime(lastSeen: Timestamp, absoluteEnd: Timestamp) -> Timestamp {
        let end = min(lastSeen + settings.idleTimeout, absoluteEnd).milliseconds
        let grain = Duration.minutes(15).milliseconds
        let (rounded, overflow) = (end / grain + 1).multipliedReportingOverflow(by: grain)
        return Timestamp(milliseconds: overflow ? .max : rounded)
    }
}

/// A session was used; its listing carries the time.
package struct SessionUse: Sendable {
    package let digest: SHA256Digest
    package let site: String
    package let provider: String
    package let absoluteEnd: Timestamp
    package let listing: SessionListing

    package init(
        digest: SHA256Digest, site: String, provider: String, absoluteEnd: Timestamp, listing: SessionListing
    ) {
        self.digest = digest
        self.site = site
        self.provider = provider
        self.absoluteEnd = absoluteEnd
        self.listing = listing
    }
}
