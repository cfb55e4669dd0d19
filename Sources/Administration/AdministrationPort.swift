package import Gateway
import HTTPServer
package import Sockets
package import Telemetry

/// The second port: for machines that ask how we are, never for browsers.
package final class AdministrationPort: Sendable {
    private let host: ServiceHost
    /// Where it listens.
    package let addresses: [SocketAddress]

    /// Opens the port on a thread of its own.
    package init(
        _ settings: AdministrationSettings, gateway: GatewayProcess, registry: MetricRegistry
    ) throws(GatewayStartError) {
        do {
            host = try ServiceHost(
                listeners: [settings.address],
                service: AdministrationService(gateway: gateway, registry: registry), name: "admin")
        } catch let error as ListenError {
            throw .listenForAdministration(error)
        } catch {
            throw .system("\(error)")
        }
        addresses = host.addresses
    }

    package func stop() { host.stop() }
}
