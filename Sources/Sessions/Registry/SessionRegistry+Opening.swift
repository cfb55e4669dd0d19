private import Bytes
package import Time

extension SessionRegistry {
    /// Opens the store that the settings name, with its keys.
    ///
    /// - Parameters:
    ///   - stateDirectory: `$STATE_DIRECTORY`, which says where sessions are kept when the settings do not.
    ///   - sites: our origins.
    ///   - clients: the providers of the configuration.
    ///   - allowingUnreadable: for `postern sessions prune --unreadable`, which removes what else is a reason to stop.
    ///   - observer: told of every session that ends.
    package static func open(
        _ settings: SessionSettings, stateDirectory: String?, sites: [String], clients: [SessionClient],
        allowingUnreadable: Bool = false, time: TimeSource = .system, observer: @escaping SessionEndingObserver
    ) async throws(StoreOpenError) -> SessionRegistry {
        let store: any SessionStore
        let vault: SessionVault
        let path: String
        switch settings.store ?? .standard(stateDirectory: stateDirectory) {
        case .sqlite(let file):
            path = file
            // The keys first: without them nothing is made.
            vault = try Self.vault(settings.keys, clients) { () throws(StoreOpenError) in
                try SessionKeyFile(path: file).load()
            }
            store = try await SQLiteSessionStore(path: file, sites: sites, time: time, observer: observer)
        case .memory:
            path = "memory:"
            vault = try Self.vault(settings.keys, clients) { () throws(StoreOpenError) in
                do throws(SessionVaultError) {
                    return try SessionVault.randomKey()
                } catch {
                    throw .failed(path: "memory:", .sealing)
                }
            }
            store = MemorySessionStore(sites: sites, time: time, observer: observer)
        case .postgres:
            throw .unsupported(store: "postgres")
        }
        let registry = SessionRegistry(store: store, vault: vault, settings: settings, time: time)
        if allowingUnreadable { return registry }
        let missing: [SessionKeyID: Int]
        do throws(SessionStoreError) {
            missing = try await registry.unreadable()
        } catch {
            throw .failed(path: path, error)
        }
        if !missing.isEmpty {
            await registry.close()
            throw .missingKeys(path: path, rows: missing)
        }
        return registry
    }

    /// The vault of `keys`, or of the one key that `otherwise` makes where there are none.
    private static func vault(
        _ keys: [Secret], _ clients: [SessionClient], otherwise: () throws(StoreOpenError) -> Secret
    ) throws(StoreOpenError) -> SessionVault {
        let keys = keys.isEmpty ? [try otherwise()] : keys
        do throws(SessionVaultError) {
            return try SessionVault(keys: keys, clients: clients)
        } catch .keyLength(let position) {
            throw .keyLength(position: position)
        } catch {
            throw .failed(path: "session.keys", .sealing)
        }
    }
}
