package import Bytes
package import Time

/// The store that the settings name, open, with the keys that seal it.
package struct OpenedStore: Sendable {
    package let registry: SessionRegistry
    package let sweeper: SessionSweeper
    /// The list keys, 32 bytes each; the first seals.
    package let keys: [Secret]

    /// Opens the store and looks for rows that its keys do not open (B42).
    ///
    /// - Parameters:
    ///   - settings: without a location ``StoreLocation/standard(stateDirectory:)`` is meant.
    ///   - sites: our origins.
    ///   - clients: the providers of the configuration.
    ///   - allowingUnreadable: for `postern sessions prune --unreadable`, which removes what else is a reason to stop.
    ///   - observer: told of every session that ends.
    package init(
        _ settings: SessionSettings, sites: [String], clients: [SessionClient], allowingUnreadable: Bool = false,
        time: TimeSource = .system, observer: @escaping SessionEndingObserver
    ) async throws(StoreOpenError) {
        let location = settings.store ?? .standard(stateDirectory: nil)
        // The keys first: where they are wrong, nothing is made.
        keys = try Self.keys(settings.keys, for: location)
        let vault = try Self.vault(keys, clients)
        let store: any SessionStore
        switch location {
        case .sqlite(let path):
            store = try await SQLiteSessionStore(path: path, sites: sites, time: time, observer: observer)
        case .memory: store = MemorySessionStore(sites: sites, time: time, observer: observer)
        case .postgres: throw .unsupported(store: "postgres")
        }
        sweeper = SessionSweeper(store: store, time: time)
        registry = SessionRegistry(store: store, vault: vault, settings: settings, time: time)
        if allowingUnreadable { return }
        let missing: [SessionKeyID: Int]
        do throws(SessionStoreError) {
            missing = try await registry.unreadable()
        } catch {
            throw .failed(path: location.name, error)
        }
        if missing.isEmpty { return }
        await registry.close()
        throw .missingKeys(path: location.name, rows: missing)
    }

    /// The keys of the configuration, else the one beside the database, else a random one.
    private static func keys(_ keys: [Secret], for location: StoreLocation) throws(StoreOpenError) -> [Secret] {
        if !keys.isEmpty { return keys }
        switch location {
        case .sqlite(let path): return [try SessionKeyFile(path: path).load()]
        case .memory:
            do throws(SessionVaultError) {
                return [try SessionVault.randomKey()]
            } catch {
                throw .failed(path: location.name, .sealing)
            }
        case .postgres: throw .unsupported(store: "postgres")
        }
    }

    private static func vault(_ keys: [Secret], _ clients: [SessionClient]) throws(StoreOpenError) -> SessionVault {
        do throws(SessionVaultError) {
            return try SessionVault(keys: keys, clients: clients)
        } catch .keyLength(let position) {
            throw .keyLength(position: position)
        } catch {
            throw .failed(path: "session.keys", .sealing)
        }
    }
}
