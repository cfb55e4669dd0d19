package import HTTPServer
import OpenIDConnect
import Routing
import Sessions
package import Sockets
import Telemetry
import Threads

/// Why a running gateway keeps the settings it has.
package enum ReloadError: Error, Sendable, CustomStringConvertible {
    /// Keys whose change needs a new process.
    case needsRestart([String])
    case settings(String)
    case listen(ListenError)
    case system(String)
    case stopping

    package var description: String {
        switch self {
        case .needsRestart(let keys):
            "a running gateway cannot change \(keys.map { "`\($0)`" }.joined(separator: ", ")): restart it"
        case .settings(let text): "settings: \(text)"
        case .listen(let error): "\(error)"
        case .system(let text): text
        case .stopping: "the gateway is stopping"
        }
    }
}

extension GatewayProcess {
    /// Takes other settings, all of them or none: requests that began with the old ones end with them.
    ///
    /// Listeners that are new are opened first, those that are gone take nobody new; connections stay. Sessions, and what is
    /// bound to them, are the same before and after, so what would change those is refused.
    ///
    /// Call it once at a time.
    package func adopt(_ settings: GatewaySettings) async throws(ReloadError) {
        if isDraining { throw .stopping }
        let old = state.withLock { $0 }
        let fixed = Self.fixedKeys(old.settings, settings)
        guard fixed.isEmpty else { throw .needsRestart(fixed) }
        let snapshot: Snapshot
        do throws(SnapshotError) {
            snapshot = try Snapshot(
                settings, pseudonym: present.snapshot.pseudonymText, tickets: present.snapshot.tickets)
        } catch {
            throw .settings(String(describing: error))
        }
        let opened = try openNew(settings, than: old.settings)
        let provider = try provider(for: snapshot, formerly: old.settings)

        let agreement = WorkerAgreement(of: mailboxes.count)
        for mailbox in mailboxes { mailbox.post(.prepare(snapshot, agreement)) }
        if let problem = await agreement.wait() {
            for mailbox in mailboxes { mailbox.post(.discard) }
            throw .system(problem)
        }
        // From here on nothing can fail. The flows first: what a worker asks by the new snapshot they must know.
        await becomePresent(snapshot, provider)
        for (worker, mailbox) in mailboxes.enumerated() {
            mailbox.post(
                .adopt(
                    settings.listeners.enumerated().map { (index, listener) in
                        OpenListener(
                            address: listener.address, sockets: opened[index].map { [$0[worker]] } ?? [],
                            rules: Self.rules(listener, snapshot.listenerTLS[index], settings))
                    }))
        }
        limit.change(to: settings.server.connections)
        state.withLock { state in
            state.settings = settings
            state.addresses = settings.listeners.enumerated().compactMap { (index, listener) in
                opened[index]?.first?.address
                    ?? old.settings.listeners.firstIndex { $0.address == listener.address }.map { old.addresses[$0] }
            }
            // What is gone is closed by the workers, and its file goes with the last reference.
            state.sockets = state.sockets.filter { open in settings.listeners.contains { $0.address == open.key } }
            for (index, sockets) in opened { state.sockets[settings.listeners[index].address] = sockets }
        }
    }

    /// What sessions, logins under way and the process itself are bound to.
    private static func fixedKeys(_ old: GatewaySettings, _ new: GatewaySettings) -> [String] {
        var keys: [String] = []
        if old.publicURLs != new.publicURLs { keys.append("public_url") }
        if old.workers != new.workers { keys.append("workers") }
        if old.session != new.session { keys.append("session") }
        if old.endpointsPrefix != new.endpointsPrefix { keys.append("endpoints.prefix") }
        if old.provider.name != new.provider.name { keys.append("provider") }
        if old.provider.issuer != new.provider.issuer { keys.append("provider.issuer") }
        if old.provider.clientID != new.provider.clientID { keys.append("provider.client_id") }
        return keys
    }

    /// Opens the listeners that are not open yet, by their place among `settings.listeners`: one socket a worker.
    private func openNew(
        _ settings: GatewaySettings, than old: GatewaySettings
    ) throws(ReloadError) -> [Int: [ListeningSocket]] {
        var opened: [Int: [ListeningSocket]] = [:]
        for (index, listener) in settings.listeners.enumerated()
        where !old.listeners.contains(where: { $0.address == listener.address }) {
            do throws(ListenError) {
                opened[index] = try ListeningSocket.open(listener.address, count: mailboxes.count)
            } catch {
                // Those that did open close with the last reference to them.
                throw .listen(error)
            }
        }
        return opened
    }

    /// The provider's client for new settings: the old one where nothing about it has changed.
    private func provider(
        for snapshot: Snapshot, formerly old: GatewaySettings
    ) throws(ReloadError) -> ProviderClient {
        let claims = present.snapshot.headerPlans.neededClaims
        if snapshot.settings.provider == old.provider, snapshot.headerPlans.neededClaims == claims {
            return present.provider
        }
        do throws(OpenIDConnectError) {
            // A running gateway does not end because of what it finds out about a provider now: it stays without one.
            let log = log
            return try makeProvider(snapshot, fatal: { log.error("provider_refused", [("reason", .string($0))]) })
        } catch {
            throw .settings("provider: \(error.reason)")
        }
    }
}

/// A listener as a worker is told to have it.
package struct OpenListener: Sendable {
    package let address: ListenAddress
    /// Empty: it is open already.
    ///
    /// More than one where more queues were inherited than there are workers.
    package let sockets: [ListeningSocket]
    package let rules: PortRules
}
