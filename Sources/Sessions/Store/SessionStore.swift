package import Cryptography
package import Time

/// Where sealed sessions are kept.
///
/// A store opens nothing: it has no keys.
/// Every answer is exact or an error: a row that could not be read is never "absent", and a write that was answered is
/// on disk (where there is one). One contract suite runs against every store.
package protocol SessionStore: Sendable {
    // MARK: sessions

    /// Keeps a new session; in the same transaction ends others and respects logout notices.
    func insert(_ row: SealedSession, _ terms: InsertionTerms) async throws(SessionStoreError) -> Insertion

    /// The row of a cookie's digest, or nil when there is none on our sites.
    func find(_ digest: SHA256Digest) async throws(SessionStoreError) -> StoredSession?

    /// Notes uses of sessions: replaces their listing records. Rows that are gone are passed over.
    func touch(_ touches: [SessionTouch]) async throws(SessionStoreError)

    /// Ends the sessions selected, at most `limit`; answers whom it ended.
    func end(
        _ selection: SessionSelection, _ ending: SessionEnding, limit: Int
    ) async throws(SessionStoreError) -> [SHA256Digest]

    /// Live sessions in the order of their beginning, from the position after `position` on, at most `limit`.
    func list(
        _ selection: SessionSelection, after position: Int64, limit: Int
    ) async throws(SessionStoreError) -> [ListedSession]

    // MARK: refresh

    /// Notes, before the provider is asked, that the tokens of `version` are being refreshed (B33, B34), and takes the
    /// right to do so until `until` (B32).
    func beginRefresh(
        _ digest: SHA256Digest, version: Int64, until: Timestamp
    ) async throws(SessionStoreError) -> RefreshStart

    /// Keeps the right while the provider takes its time; false when somebody else has it, or the session ended.
    func extendRefresh(_ lease: RefreshLease, until: Timestamp) async throws(SessionStoreError) -> Bool

    /// Gives the right back without new tokens: the provider was not reached, or refused.
    func cancelRefresh(_ lease: RefreshLease) async throws(SessionStoreError)

    /// Replaces the tokens if the row still has the version that the lease started from and nobody took the lease over
    /// (B40a); `row` carries the next version. A logout meanwhile wins (B40).
    func replaceTokens(
        _ row: SealedSession, _ lease: RefreshLease, _ tokens: GrantTerms
    ) async throws(SessionStoreError) -> TokenReplacement

    // MARK: what else must be remembered

    /// Notes a login attempt's state: of all callbacks with it, in all processes, one wins (A12, A43).
    func consumeLogin(_ state: SHA256Digest, until: Timestamp) async throws(SessionStoreError) -> LoginConsumption

    /// Notes a provider's logout and ends its sessions, in one transaction (F17).
    func recordLogout(
        _ notice: LogoutNotice, _ ending: SessionEnding
    ) async throws(SessionStoreError) -> LogoutRecording

    func save(_ document: SealedDocument) async throws(SessionStoreError)
    /// The document kept under the first of `names` that is known.
    func document(_ names: [SHA256Digest]) async throws(SessionStoreError) -> SealedDocument?

    // MARK: housekeeping

    /// Removes at most `limit` rows of each kind whose time is over; answers how many in all.
    func sweep(limit: Int) async throws(SessionStoreError) -> Int

    func counts() async throws(SessionStoreError) -> StoreCounts

    /// Deletes at most `limit` sessions of our sites that were sealed by a key not in `keys` (B42).
    func prune(keeping keys: Set<SessionKeyID>, limit: Int) async throws(SessionStoreError) -> Int

    /// Proves that the store can be written.
    func check() async throws(SessionStoreError)

    /// Finishes what is under way and closes. Later calls throw ``SessionStoreError/closed``.
    func close() async

    // MARK: several processes (F23)

    /// False from the moment in which another process ended a session until ``catchUp()``.
    ///
    /// Cheap enough to ask before each answer from a cache: two loads.
    var isCurrent: Bool { get }

    /// Reports to the observer what other processes ended.
    func catchUp() async throws(SessionStoreError)
}

extension SessionStore {
    /// Ends all sessions selected, in steps that let others through.
    package func endAll(
        _ selection: SessionSelection, _ ending: SessionEnding
    ) async throws(SessionStoreError) -> [SHA256Digest] {
        var ended: [SHA256Digest] = []
        while true {
            let step = try await end(selection, ending, limit: 500)
            ended += step
            if step.count < 500 { return ended }
        }
    }
}
