package import Gateway
import HTTPServer
package import Sockets
package import Telemetry

/// The second port: for machines that ask how we are and for those who run us, never for browsers of users.
package final class AdministrationPort: Sendable {
    private let host: ServiceHost
    private let listeners: AdministrationListeners

    /// Serves what is open, on a thread of its own.
    package init(
        _ settings: AdministrationSettings, _ listeners: AdministrationListeners, gateway: GatewayProcess,
        registry: MetricRegistry, reload: @escaping @Sendable () async -> ReloadOutcome
    ) throws(GatewayStartError) {
        let service = AdministrationService(
            gateway: gateway, registry: registry, access: AdministrationAccess(token: settings.token), reload: reload)
        self.listeners = listeners
        do {
            host = try ServiceHost(sockets: listeners.all.map(\.socket), service: service, name: "admin")
        } catch {
            throw .system("a thread for the admin listener")
        }
    }

    /// Where it listens.
    package var addresses: [SocketAddress] { host.addresses }

    /// What another process needs to take the listeners over.
    package var bequests: [Bequest] { listeners.all.compactMap { $0.socket.bequest($0.address) } }

    /// The predecessor has been told that we serve: what it left behind is ours.
    package func takeCharge() {
        for (_, socket) in listeners.all { socket.takeCharge() }
    }

    package func stop() { host.stop() }

    /// Leaves the listeners to another process; whoever is being answered hears the end.
    package func handOver() { host.handOver(drain: .seconds(5)) }
}
