/// Why a discovery document is not used (D3, D4, D12).
///
/// Nothing of it is used then.
package enum MetadataProblem: Error, Sendable, Equatable {
    /// The document is of another issuer; a difference in the last slash alone is the usual mistake.
    case issuerMismatch(found: String, bySlash: Bool)
    case missing(String)
    case wrongType(String)
    case endpoint(String, EndpointProblem)
    case noCodeFlow
    /// PKCE methods are announced, and S256 is not among them (A9).
    case noS256
    /// None of the algorithms we allow is announced.
    case noCommonAlgorithm
    case pushedAuthorizationRequired
    case responseModeUnsupported
    case clientAuthenticationUnsupported(offered: [String])
    case noUserinfoEndpoint
    /// A development provider, which is never to be trusted in production (H1).
    case developmentProvider

    /// A stable word for logs and metrics.
    package var reason: String {
        switch self {
        case .issuerMismatch: "issuer_mismatch"
        case .missing(let name): "missing_\(name)"
        case .wrongType(let name): "wrong_type_\(name)"
        case .endpoint(let name, _): "bad_\(name)"
        case .noCodeFlow: "no_code_flow"
        case .noS256: "no_s256"
        case .noCommonAlgorithm: "no_common_algorithm"
        case .pushedAuthorizationRequired: "pushed_authorization_required"
        case .responseModeUnsupported: "response_mode_unsupported"
        case .clientAuthenticationUnsupported: "client_authentication_unsupported"
        case .noUserinfoEndpoint: "no_userinfo_endpoint"
        case .developmentProvider: "development_provider"
        }
    }

    /// What is wrong, for people.
    package var message: String {
        switch self {
        case .issuerMismatch(let found, _): "the discovery document is of the issuer \(found)"
        case .missing(let name): "the discovery document lacks `\(name)`"
        case .wrongType(let name): "`\(name)` in the discovery document has the wrong type"
        case .endpoint(let name, let problem): "`\(name)` in the discovery document: \(problem.rawValue)"
        case .noCodeFlow: "the provider does not offer the authorization code flow"
        case .noS256: "the provider announces PKCE without S256"
        case .noCommonAlgorithm: "the provider signs ID tokens with none of `provider.algorithms`"
        case .pushedAuthorizationRequired: "the provider requires pushed authorization requests"
        case .responseModeUnsupported: "the provider does not offer this `response_mode`"
        case .clientAuthenticationUnsupported(let offered):
            "the provider does not take this `client_authentication`; it offers \(offered.joined(separator: ", "))"
        case .noUserinfoEndpoint: "`userinfo: always`, but the provider has no userinfo endpoint"
        case .developmentProvider: "the issuer is a development provider, which signs in anybody"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .issuerMismatch(let found, true): "write `issuer: \(found)`: the last slash counts"
        case .issuerMismatch:
            "write the issuer exactly as the document spells it, or correct the provider's public address"
        case .endpoint(_, .plainHTTP): "give the provider https, or write `tolerate: [plain_http]`"
        case .clientAuthenticationUnsupported(let offered) where offered.contains("client_secret_post"):
            "write `client_authentication: client_secret_post`"
        case .developmentProvider: "for development write `tolerate: [development_provider]`"
        default: nil
        }
    }
}
