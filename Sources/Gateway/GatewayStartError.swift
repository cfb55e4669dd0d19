package import Sessions
package import Sockets

/// Why the gateway did not start.
///
/// The text says what, where, and what to do.
package enum GatewayStartError: Error, Sendable, CustomStringConvertible {
    case settings(String)
    case listen(ListenError)
    case store(StoreOpenError)
    /// Sessions of this site were sealed by keys that the list lacks (B42).
    case missingKeys([(id: String, sessions: Int)])
    case key(String)
    case system(String)

    /// 78 for what a configuration can mend, 69 for what it needs, 70 for the rest.
    package var exitCode: Int32 {
        switch self {
        case .settings, .missingKeys, .key: 78
        case .listen: 69
        case .store(.failed): 69
        case .store: 78
        case .system: 70
        }
    }

    package var description: String {
        switch self {
        case .settings(let text): "the configuration contradicts itself: \(text)"
        case .listen(let error):
            error.isBusy
                ? "\(error.address) is in use by another program: stop it, or listen elsewhere (listen: - address)"
                : "cannot listen on \(error.address): \(error)"
        case .store(let error): error.explanation
        case .missingKeys(let keys):
            """
            session.keys: \(keys.reduce(0) { $0 + $1.sessions }) sessions were sealed by keys that are not in the list: \
            \(keys.map { "\($0.id) (\($0.sessions))" }.joined(separator: ", "))
              either add those keys behind the first one, or end these sessions:  postern sessions prune --unreadable
            """
        case .key(let text): "session.keys: \(text)"
        case .system(let text): "the system refused \(text)"
        }
    }
}
