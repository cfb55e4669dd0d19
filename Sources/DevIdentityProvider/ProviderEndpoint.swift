/// What a development provider answers.
enum ProviderEndpoint: Sendable, CaseIterable {
    case discovery, keys, authorize, login, consent, token, userinfo, revoke, introspect, endSession, style, icon

    /// The methods it takes.
    var methods: [String] {
        switch self {
        case .discovery, .keys, .style, .icon: ["GET", "HEAD"]
        case .authorize, .login, .consent, .userinfo, .endSession: ["GET", "HEAD", "POST"]
        case .token, .revoke, .introspect: ["POST"]
        }
    }
}

/// Every path of a provider, exact.
struct EndpointTable: Sendable {
    private let endpoints: [String: ProviderEndpoint]

    init(_ issuer: Issuer) {
        var endpoints: [String: ProviderEndpoint] = [:]
        for endpoint in ProviderEndpoint.allCases where endpoint != .discovery {
            endpoints[issuer.path(of: endpoint)] = endpoint
        }
        for path in issuer.discoveryPaths { endpoints[path] = .discovery }
        self.endpoints = endpoints
    }

    subscript(path: String) -> ProviderEndpoint? { endpoints[path] }
}
