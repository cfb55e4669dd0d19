import Time

/// An access token that the demo API believes.
struct AccessToken: Sendable, Equatable {
    enum Format: String, Sendable {
        case signed = "JWT"
        case opaque
    }

    let format: Format
    let subject: String
    let clientID: String
    let scope: [String]
    let endsAt: Timestamp

    func allows(_ value: String) -> Bool { scope.contains(value) }
}

/// Why the demo API does not let a request in.
enum AccessRefusal: Error, Sendable, Equatable {
    /// Not a good token: 401.
    case invalid
    /// The provider could not be asked: 503, never in.
    case providerUnreachable
}
