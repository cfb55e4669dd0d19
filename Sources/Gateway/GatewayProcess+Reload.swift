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
                            address: listener.address, sockets: opened[index]?.sockets(of: worker) ?? [],
                            covered: opened[index]?.covered ?? [],
                            rules: Self.rules(listener, snapshot.listenerTLS[index], settings))
                    }))
        }
        limit.change(to: settings.server.connections)
        state.withLock { state in
            state.settings = settings
            state.addresses = settings.listeners.enumerated().compactMap { (index, listener) in
                opened[index]?.address
                    ?? old.settings.listeners.firstIndex { $0.address == listener.address }.map { old.addresses[$0] }
            }
            // What is gone is closed by the workers, and its file goes with the last reference.
            let gone = state.sockets.filter { open in !settings.listeners.contains { $0.address == open.key } }
            for address in gone.keys { state.sockets[address] = nil }
            var former = gone.values.flatMap(\.self)
            for (index, new) in opened.sorted(by: { $0.key < $1.key }) {
                // As each worker does it: the first that covers it has it.
                let kept = former.filter { new.covered.contains($0.address) }
                former.removeAll { new.covered.contains($0.address) }
                state.sockets[settings.listeners[index].address] = new.sockets + kept
            }
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

    /// What a new listener is made of.
    private struct NewListener {
        /// One a worker, or none.
        let sockets: [ListeningSocket]
        /// Where listeners that are gone have sockets that go on for this one.
        let covered: Set<SocketAddress>

        func sockets(of worker: Int) -> [ListeningSocket] { sockets.isEmpty ? [] : [sockets[worker]] }
        var address: SocketAddress? {
            sockets.first?.address ?? covered.first { $0.isUnspecified } ?? covered.first
        }
    }

    /// Opens the listeners that are not open yet, by their place among `settings.listeners`.
    private func openNew(
        _ settings: GatewaySettings, than old: GatewaySettings
    ) throws(ReloadError) -> [Int: NewListener] {
        let former = state.withLock { $0.sockets }.filter { open in
            !settings.listeners.contains { $0.address == open.key }
        }
        var opened: [Int: NewListener] = [:]
        for (index, listener) in settings.listeners.enumerated()
        where !old.listeners.contains(where: { $0.address == listener.address }) {
            do throws(ListenError) {
                let (sockets, covered) = try ListeningSocket.open(
                    listener.address, count: mailboxes.count,
                    beside: former.values.flatMap(\.self).map { FormerListener($0) })
                opened[index] = NewListener(sockets: sockets, covered: covered)
            } catch {
                // Those that did open close with the last reference to them.
                throw .listen(beside(error))
            }
        }
        return opened
    }

    /// Names what of ours is open on the same port, where that may be why another listener is not.
    private func beside(_ error: ListenError) -> ListenError {
        guard error.isBusy, error.neighbour == nil, case .tcp(_, let port) = error.address else { return error }
        var error = error
        error.neighbour = addresses.first { $0.port == port }
        return error
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
    /// Where sockets of listeners that are gone go on for this one.
    package var covered: Set<SocketAddress> = []
    package let rules: PortRules
}
