package import Bytes
package import Sockets

/// The second port (key `admin`): health, readiness, metrics, and, for who may, changing the running gateway.
package struct AdministrationSettings: Sendable, Equatable {
    package var address: ListenAddress
    /// A unix socket beside it, which asks nobody for a token: who may open its file is who may administer.
    package var socket: AdministrationSocket?
    /// What everything but health, readiness and metrics asks for over TCP; nil: there is nothing else there.
    package var token: Secret?

    package init(address: ListenAddress = .tcp(host: "127.0.0.1", port: 9180)) { self.address = address }
}

/// Where the socket is.
package struct AdministrationSocket: Sendable, Equatable {
    package var path: String
    /// Nobody asked for it by name, so the gateway runs without it where it cannot be.
    package var isStandard: Bool

    package init(path: String, isStandard: Bool) {
        self.path = path
        self.isStandard = isStandard
    }
}
