package import Gateway
package import Sockets

/// The admin listener's sockets, open before anybody serves on them: what cannot be had is found while nothing has begun.
package struct AdministrationListeners: Sendable {
    /// Why there is no socket where one would stand by default.
    package private(set) var missingSocket: ListenError?
    /// With the addresses that the configuration gives them.
    private(set) var all: [(address: ListenAddress, socket: ListeningSocket)] = []

    /// Opens the port, and its socket; those that were inherited are claimed.
    package init(
        _ settings: AdministrationSettings, inheritance: inout Inheritance
    ) throws(GatewayStartError) {
        do throws(ListenError) {
            try open(settings.address, &inheritance)
        } catch {
            throw .listenForAdministration(error)
        }
        guard let socket = settings.socket else { return }
        do throws(ListenError) {
            try open(.unix(path: socket.path), &inheritance)
        } catch {
            guard socket.isStandard else { throw .listenForAdministration(error) }
            missingSocket = error
        }
    }

    private mutating func open(_ address: ListenAddress, _ inheritance: inout Inheritance) throws(ListenError) {
        let opened = try inheritance.open(address, count: 1, permissions: 0o600)
        all += opened.flatMap(\.self).map { (address, $0) }
    }
}
