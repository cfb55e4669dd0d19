package import Time

/// What is kept beside sessions, and the order of the house.
extension SessionRegistry {
    /// Keeps the last good copy of a provider's document; `kind` is `metadata` or `keys`.
    package func save(
        document: [UInt8], kind: String, provider: String, fetchedAt: Timestamp
    ) async throws(SessionStoreError) {
        let sealed: SealedDocument
        do throws(SessionVaultError) {
            sealed = try vault.seal(document: document, kind: kind, provider: provider, fetchedAt: fetchedAt)
        } catch {
            throw .sealing
        }
        try await store.save(sealed)
    }

    /// The last good copy of a provider's document, or nil; one that does not open is none, since it can be fetched.
    package func document(
        kind: String, provider: String
    ) async throws(SessionStoreError) -> (content: [UInt8], fetchedAt: Timestamp)? {
        let vault = vault
        guard let sealed = try await store.document(vault.documentNames(kind: kind, provider: provider)) else {
            return nil
        }
        return try? vault.open(sealed, provider: provider)
    }

    /// Rows of our sites that need a key which the list lacks, by key (B42): at start a reason to stop.
    package func unreadable() async throws(SessionStoreError) -> [SessionKeyID: Int] {
        let known = vault.keyIDs
        return try await store.counts().sealedBy.filter { !known.contains($0.key) }
    }

    /// Ends the sessions that need a key which the list lacks; answers how many.
    package func pruneUnreadable() async throws(SessionStoreError) -> Int {
        let known = vault.keyIDs
        var pruned = 0
        while true {
            let step = try await store.prune(keeping: known, limit: 500)
            pruned += step
            if step < 500 { return pruned }
        }
    }

    package func counts() async throws(SessionStoreError) -> StoreCounts { try await store.counts() }

    /// Proves that the store can be used.
    package func check() async throws(SessionStoreError) { try await store.check() }

    package func close() async { await store.close() }
}
