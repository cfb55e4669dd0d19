import Bytes
import OpenIDConnect
import Sessions
import Threads
import Time

/// The session store of a configuration, opened: with its keys, and with somebody who hears of endings.
struct GatewayStore: Sendable {
    let registry: SessionRegistry
    let sweeper: SessionSweeper
    /// The list keys, 32 bytes each; the first seals.
    let keys: [Secret]
    let observer: EndingObserver

    init(_ settings: GatewaySettings, clock: TimeSource) async throws(GatewayStartError) {
        let observer = EndingObserver()
        let store: any SessionStore
        var keys = settings.session.keys
        do throws(StoreOpenError) {
            switch settings.session.store ?? .standard(stateDirectory: nil) {
            case .sqlite(let path):
                let opened = try await SQLiteSessionStore(
                    path: path, sites: settings.publicURLs, time: clock, observer: { observer.notify($0) })
                if keys.isEmpty { keys = [try SessionKeyFile(path: path).load()] }
                store = opened
            case .memory:
                store = MemorySessionStore(sites: settings.publicURLs, time: clock, observer: { observer.notify($0) })
            case .postgres:
                throw .failed(path: "postgres", .failed(code: 0))
            }
        } catch {
            throw .store(error)
        }
        let vault: SessionVault
        do throws(SessionVaultError) {
            if keys.isEmpty { keys = [try SessionVault.randomKey()] }
            vault = try SessionVault(
                keys: keys,
                clients: [
                    SessionClient(
                        provider: settings.provider.name, issuer: settings.provider.issuer,
                        clientID: settings.provider.clientID)
                ])
        } catch {
            throw .key(error.name)
        }
        self.keys = keys
        self.observer = observer
        sweeper = SessionSweeper(store: store, time: clock)
        registry = SessionRegistry(store: store, vault: vault, settings: settings.session, time: clock)
        let unreadable: [SessionKeyID: Int]
        do throws(SessionStoreError) {
            unreadable = try await registry.unreadable()
        } catch {
            throw .system("the session store: \(error.name)")
        }
        if unreadable.isEmpty { return }
        await registry.close()
        throw .missingKeys(unreadable.map { ($0.key.text, $0.value) }.sorted { $0.0 < $1.0 })
    }
}

/// Passes endings on to whoever keeps copies; that somebody exists only after the store does.
final class EndingObserver: Sendable {
    private let receiver = Locked<(@Sendable (EndedSessions) -> Void)?>(nil)

    func observe(_ receive: @escaping @Sendable (EndedSessions) -> Void) { receiver.withLock { $0 = receive } }

    func notify(_ ended: EndedSessions) { receiver.withLock { $0 }?(ended) }
}
