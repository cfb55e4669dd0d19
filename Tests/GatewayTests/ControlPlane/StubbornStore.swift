import Cryptography
import Sessions
import Synchronization
import Time

/// A store in memory that ends no session while a test does not want it to, as a full disk would.
final class StubbornStore: SessionStore {
    private let memory: MemorySessionStore
    private let refusals = Atomic(0)

    /// While true, look-ups fail.
    let isLost = Atomic(false)

    init(_ memory: MemorySessionStore) { self.memory = memory }

    /// The next `count` endings fail.
    func refuse(_ count: Int) { refusals.store(count, ordering: .relaxed) }

    func end(
        _ selection: SessionSelection, _ ending: SessionEnding, limit: Int
    ) async throws(SessionStoreError) -> [SHA256Digest] {
        guard refusals.load(ordering: .relaxed) == 0 else {
            refusals.subtract(1, ordering: .relaxed)
            throw .full
        }
        return try await memory.end(selection, ending, limit: limit)
    }

    func insert(_ row: SealedSession, _ terms: InsertionTerms) async throws(SessionStoreError) -> Insertion {
        try await memory.insert(row, terms)
    }
    func find(_ digest: SHA256Digest) async throws(SessionStoreError) -> StoredSession? {
        if isLost.load(ordering: .relaxed) { throw .unreachable }
        return try await memory.find(digest)
    }
    func touch(_ touches: [SessionTouch]) async throws(SessionStoreError) { try await memory.touch(touches) }
    func list(
        _ selection: SessionSelection, after position: Int64, limit: Int
    ) async throws(SessionStoreError) -> [ListedSession] {
        try await memory.list(selection, after: position, limit: limit)
    }
    func beginRefresh(
        _ digest: SHA256Digest, version: Int64, until: Timestamp
    ) async throws(SessionStoreError) -> RefreshStart {
        try await memory.beginRefresh(digest, version: version, until: until)
    }
    func extendRefresh(_ lease: RefreshLease, until: Timestamp) async throws(SessionStoreError) -> Bool {
        try await memory.extendRefresh(lease, until: until)
    }
    func cancelRefresh(_ lease: RefreshLease) async throws(SessionStoreError) { try await memory.cancelRefresh(lease) }
    func replaceTokens(
        _ row: SealedSession, _ lease: RefreshLease, _ tokens: GrantTerms
    ) async throws(SessionStoreError) -> TokenReplacement {
        try await memory.replaceTokens(row, lease, tokens)
    }
    func consumeLogin(_ state: SHA256Digest, until: Timestamp) async throws(SessionStoreError) -> LoginConsumption {
        try await memory.consumeLogin(state, until: until)
    }
    func recordLogout(
        _ notice: LogoutNotice, _ ending: SessionEnding
    ) async throws(SessionStoreError) -> LogoutRecording {
        try await memory.recordLogout(notice, ending)
    }
    func save(_ document: SealedDocument) async throws(SessionStoreError) { try await memory.save(document) }
    func document(_ names: [SHA256Digest]) async throws(SessionStoreError) -> SealedDocument? {
        try await memory.document(names)
    }
    func sweep(limit: Int) async throws(SessionStoreError) -> Int { try await memory.sweep(limit: limit) }
    func counts() async throws(SessionStoreError) -> StoreCounts { try await memory.counts() }
    func prune(keeping keys: Set<SessionKeyID>, limit: Int) async throws(SessionStoreError) -> Int {
        try await memory.prune(keeping: keys, limit: limit)
    }
    func check() async throws(SessionStoreError) { try await memory.check() }
    func close() async { await memory.close() }
    var isCurrent: Bool { memory.isCurrent }
    func catchUp() async throws(SessionStoreError) { try await memory.catchUp() }
}
