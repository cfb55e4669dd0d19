/// Why a handshake came to nothing, where the cipher itself has not said it.
enum HandshakeFate {
    case clientLeft
    case timeout
    case crowdedOut

    /// For logs and metrics.
    var word: StaticString {
        switch self {
        case .clientLeft: "client_left"
        case .timeout: "timeout"
        case .crowdedOut: "crowded_out"
        }
    }
}
