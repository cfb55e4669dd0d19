package import Gateway
import HTTPServer
package import Sockets
package import Telemetry

/// The second port: for machines that ask how we are and for those who run us, never for browsers of users.
package final class AdministrationPort: Sendable {
    private let host: ServiceHost
    /// Where it listens.
    package let addresses: [SocketAddress]
    /// Why there is no socket where one would stand by default.
    package let missingSocket: ListenError?

    /// Opens the port, and its socket, on a thread of its own.
    package init(
        _ settings: AdministrationSettings, gateway: GatewayProcess, registry: MetricRegistry,
        reload: @escaping @Sendable () async -> ReloadOutcome
    ) throws(GatewayStartError) {
        let service = AdministrationService(
            gateway: gateway, registry: registry, access: AdministrationAccess(token: settings.token), reload: reload)
        let socket = settings.socket.map { ListenAddress.unix(path: $0.path) }
        var missing: ListenError?
        var host: ServiceHost?
        do throws(ListenError) {
            host = try Self.open([settings.address] + [socket].compactMap(\.self), service)
        } catch {
            guard error.address == socket, settings.socket?.isStandard == true else {
                throw .listenForAdministration(error)
            }
            missing = error
        }
        do throws(ListenError) {
            if missing != nil { host = try Self.open([settings.address], service) }
        } catch {
            throw .listenForAdministration(error)
        }
        guard let host else { throw .system("a thread for the admin listener") }
        self.host = host
        missingSocket = missing
        addresses = host.addresses
    }

    /// Nil when the system refuses something else than the addresses.
    private static func open(
        _ listeners: [ListenAddress], _ service: AdministrationService
    ) throws(ListenError) -> ServiceHost? {
        do {
            return try ServiceHost(listeners: listeners, service: service, name: "admin")
        } catch let error as ListenError {
            throw error
        } catch {
            return nil
        }
    }

    package func stop() { host.stop() }
}
