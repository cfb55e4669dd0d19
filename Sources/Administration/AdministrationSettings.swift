package import Sockets

/// The second port (key `admin`): health, readiness, metrics.
package struct AdministrationSettings: Sendable, Equatable {
    package var address: ListenAddress

    package init(address: ListenAddress = .tcp(host: "127.0.0.1", port: 9180)) { self.address = address }
}
