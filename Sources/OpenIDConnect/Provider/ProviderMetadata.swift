import Bytes
package import Formats

/// A discovery document that was judged: what a provider says of itself (OpenID Connect Discovery, section 3; RFC 8414).
package struct ProviderMetadata: Sendable, Equatable {
    package let issuer: String
    package let authorizationEndpoint: String
    package let tokenEndpoint: String
    package let jwksURI: String
    package let userinfoEndpoint: String?
    package let revocationEndpoint: String?
    package let endSessionEndpoint: String?

    package let scopesSupported: [String]?
    package let promptValuesSupported: [String]?
    package let tokenEndpointAuthMethods: [String]
    package let responseModes: [String]
    /// Nil: the provider does not say, and PKCE is sent all the same.
    package let codeChallengeMethods: [String]?
    /// RFC 9207: every authorization response names the issuer.
    package let namesIssuerInResponses: Bool
    package let supportsBackChannelLogout: Bool
    package let isDevelopmentProvider: Bool
    /// The addresses that calls to its endpoints may reach (D5).
    package let reach: Set<AddressScope>

    /// Checks a document, completed by the settings' own metadata.
    ///
    /// - Parameter issuerScope: where the issuer was found when it was connected to; nil when that is not known.
    package init(
        _ fetched: JSONObject, settings: ProviderSettings, address: ProviderAddress, issuerScope: AddressScope?
    ) throws(MetadataProblem) {
        // The issuer comes from the document alone, and before anything else of it counts (D3).
        guard let issuer = fetched["issuer"] else { throw .missing("issuer") }
        guard let issuer = issuer.string else { throw .wrongType("issuer") }
        guard issuer.isExactly(settings.issuer) else {
            let bySlash = (issuer + "/").isExactly(settings.issuer) || issuer.isExactly(settings.issuer + "/")
            throw .issuerMismatch(found: issuer, bySlash: bySlash)
        }
        let members = MetadataReader(document: fetched.merging(settings.metadata), address: address)
        self.issuer = issuer
        authorizationEndpoint = try members.authorizationEndpoint()
        tokenEndpoint = try members.requiredEndpoint("token_endpoint")
        jwksURI = try members.requiredEndpoint("jwks_uri")
        userinfoEndpoint = try members.endpoint("userinfo_endpoint")
        revocationEndpoint = try members.endpoint("revocation_endpoint")
        endSessionEndpoint = try members.endpoint("end_session_endpoint")
        scopesSupported = try members.strings("scopes_supported")
        promptValuesSupported = try members.strings("prompt_values_supported")
        tokenEndpointAuthMethods =
            try members.strings("token_endpoint_auth_methods_supported") ?? ["client_secret_basic"]
        responseModes = try members.strings("response_modes_supported") ?? ["query", "fragment"]
        codeChallengeMethods = try members.strings("code_challenge_methods_supported")
        namesIssuerInResponses = try members.flag("authorization_response_iss_parameter_supported")
        supportsBackChannelLogout = try members.flag("backchannel_logout_supported")
        // From the document as fetched: no setting hides it (H1).
        isDevelopmentProvider = fetched["postern_development_provider"].map { $0 != false } ?? false
        // A public provider has no business inside; one that itself lives inside may have endpoints there.
        let scope = address.isDirect ? issuerScope ?? address.writtenScope : address.writtenScope
        reach = scope == .global ? [.global] : Set(AddressScope.allCases)
        try members.judge(against: settings, offering: (codeChallengeMethods, tokenEndpointAuthMethods))
    }

    /// The scopes of an authorization request: what was configured, else the usual ones that the provider knows (A3).
    func scopes(_ settings: ProviderSettings) -> [String] {
        var scopes =
            settings.scopes
            ?? ProviderSettings.usualScopes.filter { scope in
                scopesSupported.map { $0.contains { $0.isExactly(scope) } } ?? true
            }
        if !scopes.contains("openid") { scopes.insert("openid", at: 0) }
        return scopes
    }

    /// What looks like a mistake and may be none: for the log at start, and for `check` (B7).
    package func warnings(_ settings: ProviderSettings) -> [String] {
        var warnings: [String] = []
        let method = settings.clientAuthentication.rawValue
        if ![.auto, .none].contains(settings.clientAuthentication), !tokenEndpointAuthMethods.contains(method) {
            let offered = tokenEndpointAuthMethods.joined(separator: ", ")
            warnings.append("`client_authentication: \(method)` is not among what the provider announces: \(offered)")
        }
        if settings.responseMode != .query, !responseModes.contains(settings.responseMode.rawValue) {
            warnings.append("`response_mode: \(settings.responseMode.rawValue)` is not announced by the provider")
        }
        if let scopesSupported {
            for scope in settings.scopes ?? [] where !scopesSupported.contains(scope) {
                warnings.append("the scope \(scope) is not among what the provider announces")
            }
        }
        return warnings
    }

    /// Endpoints that `newer` lacks although this copy had them (D8).
    func vanished(in newer: ProviderMetadata) -> [String] {
        var names: [String] = []
        if userinfoEndpoint != nil, newer.userinfoEndpoint == nil { names.append("userinfo_endpoint") }
        if revocationEndpoint != nil, newer.revocationEndpoint == nil { names.append("revocation_endpoint") }
        if endSessionEndpoint != nil, newer.endSessionEndpoint == nil { names.append("end_session_endpoint") }
        return names
    }

    /// What was switched on and off by this document, for the log (D12).
    package var features: [(name: String, value: String)] {
        [
            ("pkce", codeChallengeMethods == nil ? "unannounced" : "S256"),
            ("iss_parameter", namesIssuerInResponses ? "yes" : "no"),
            ("userinfo", userinfoEndpoint == nil ? "no" : "yes"),
            ("revocation", revocationEndpoint == nil ? "no" : "yes"),
            ("end_session", endSessionEndpoint == nil ? "no" : "yes"),
            ("backchannel_logout", supportsBackChannelLogout ? "yes" : "unannounced"),
        ]
    }
}
