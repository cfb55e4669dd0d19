package import Sessions
package import Sockets

/// Why the gateway did not start.
///
/// The text says what, where, and what to do.
package enum GatewayStartError: Error, Sendable, CustomStringConvertible {
    case settings(String)
    case listen(ListenError)
    /// The admin listener's address.
    case listenForAdministration(ListenError)
    case store(StoreOpenError)
    case system(String)

    /// 78 for what a configuration can mend, 69 for what it needs, 70 for the rest.
    package var exitCode: Int32 {
        switch self {
        case .settings: 78
        case .listen, .listenForAdministration: 69
        case .store(.failed): 69
        case .store: 78
        case .system: 70
        }
    }

    package var description: String {
        switch self {
        case .settings(let text): "the configuration contradicts itself: \(text)"
        case .listen(let error):
            Self.explain(error, remedy: "listen: [ { address: HOST:PORT } ]")
        case .listenForAdministration(let error):
            Self.explain(error, remedy: "admin: { address: HOST:PORT }")
        case .store(let error): error.explanation
        case .system(let text): "the system refused \(text)"
        }
    }

    private static func explain(_ error: ListenError, remedy: String) -> String {
        error.isBusy
            ? "\(error.address) is in use by another program: stop it, or choose another address:  \(remedy)"
            : "cannot listen on \(error.address): \(error)"
    }
}
