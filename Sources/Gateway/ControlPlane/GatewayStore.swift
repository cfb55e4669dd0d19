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
        self.observer = observer
        let provider = settings.provider
        do throws(StoreOpenError) {
            let opened = try await OpenedStore(
                settings.session, sites: settings.publicURLs,
                clients: [
                    SessionClient(provider: provider.name, issuer: provider.issuer, clientID: provider.clientID)
                ],
                time: clock, observer: { observer.notify($0) })
            (registry, sweeper, keys) = (opened.registry, opened.sweeper, opened.keys)
        } catch {
            throw .store(error)
        }
    }
}

/// Passes endings on to whoever keeps copies; that somebody exists only after the store does.
final class EndingObserver: Sendable {
    /// A function stays in a field of its own (see ``Locked``).
    private struct Receiver {
        var receive: (@Sendable (EndedSessions) -> Void)?
    }

    private let receiver = Locked(Receiver())

    func observe(_ receive: @escaping @Sendable (EndedSessions) -> Void) { receiver.withLock { $0.receive = receive } }

    func notify(_ ended: EndedSessions) { receiver.withLock { $0.receive }?(ended) }
}
