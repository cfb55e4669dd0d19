import Time

/// What a user allowed a client to do, once: the root of every token that follows from it.
struct Grant: Sendable {
    let clientID: String
    let subject: String
    /// Granted scope values, in the order in which they were asked for.
    let scope: [String]
    /// The API that the request named by `audience` or `resource`, or nil.
    let audience: String?
    let nonce: String?
    let authenticatedAt: Timestamp
    let authenticationContext: AuthenticationContext
    /// The `sid` claim: the login at the provider from which the grant came.
    let sessionID: String

    func allows(_ value: String) -> Bool { scope.contains(value) }
}

/// How somebody proved who they are.
enum AuthenticationContext: String, Sendable, CaseIterable {
    case oneFactor = "urn:postern:acr:one-factor"
    case twoFactors = "urn:postern:acr:two-factors"

    /// Values of `amr` (RFC 8176).
    var methods: [String] { self == .oneFactor ? ["pwd"] : ["pwd", "otp", "mfa"] }
}

/// Names one grant among those that are remembered.
struct GrantID: Sendable, Hashable {
    let number: UInt64
}
