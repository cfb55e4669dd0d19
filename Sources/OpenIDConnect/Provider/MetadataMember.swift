package import Formats

/// A member that a configuration gives in place of the discovery document's: judged alone, before any document is there.
package struct MetadataMember: Sendable {
    /// What a member holds.
    package enum Kind: Sendable {
        /// The absolute URL of an endpoint (D4, D5).
        case endpoint
        /// A list of words.
        case words
        case flag
        case text
        case object
    }

    package let name: String
    package let value: JSONValue

    package init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }

    /// Nil for a member of the provider's own.
    package var kind: Kind? { Self.kinds[name] }

    /// The members that specifications name.
    package static var known: [String] { kinds.keys.sorted() }

    /// What every document with this member would be refused for, or nil.
    ///
    /// The same judgement as over a whole document, which then lacks nothing else.
    ///
    /// - Parameter address: nil while the issuer is no URL; then addresses are judged by themselves.
    package func problem(_ settings: ProviderSettings, _ address: ProviderAddress?) -> MetadataProblem? {
        guard let kind else { return nil }
        var alone = settings
        // Where the endpoint is may be the document's to say.
        alone.userinfo = .whenNeeded
        alone.issuer = "https://localhost"
        alone.backchannelURL = nil
        guard let address = address ?? ProviderAddress(alone) else { return nil }
        let members = MetadataReader(
            document: JSONObject([("response_types_supported", .array([.string("code")])), (name, value)]),
            address: address)
        do throws(MetadataProblem) {
            switch kind {
            case .endpoint where name == "authorization_endpoint": _ = try members.authorizationEndpoint()
            case .endpoint where ["token_endpoint", "jwks_uri"].contains(name): _ = try members.requiredEndpoint(name)
            case .endpoint: _ = try members.endpoint(name)
            case .words: _ = try members.strings(name)
            case .flag: _ = try members.flag(name)
            case .text: if !value.isNull, value.string == nil { throw .wrongType(name) }
            case .object: if !value.isNull, value.object == nil { throw .wrongType(name) }
            }
            let methods = try members.strings("token_endpoint_auth_methods_supported")
            try members.judge(
                against: alone,
                offering: (
                    try members.strings("code_challenge_methods_supported"),
                    methods ?? [settings.effectiveClientAuthentication.rawValue]
                ))
            return nil
        } catch {
            return error
        }
    }

    private static let kinds: [String: Kind] = {
        var kinds: [String: Kind] = [:]
        for name in endpoints { kinds[name] = .endpoint }
        for name in words { kinds["\(name)_supported"] = .words }
        for name in algorithms { kinds["\(name)_values_supported"] = .words }
        for name in flags { kinds[name] = .flag }
        for name in texts { kinds[name] = .text }
        kinds["mtls_endpoint_aliases"] = .object
        return kinds
    }()

    // OpenID Connect Discovery, section 3; RFC 8414, section 2; the logout, PAR, DPoP, JARM, CIBA and device
    // specifications.

    private static let endpoints = [
        "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "revocation_endpoint",
        "introspection_endpoint", "end_session_endpoint", "registration_endpoint", "check_session_iframe",
        "pushed_authorization_request_endpoint", "device_authorization_endpoint",
        "backchannel_authentication_endpoint",
    ]

    private static let words = [
        "scopes", "response_types", "response_modes", "grant_types", "acr_values", "subject_types", "display_values",
        "claim_types", "claims", "claims_locales", "ui_locales", "code_challenge_methods", "prompt_values",
        "token_endpoint_auth_methods", "revocation_endpoint_auth_methods", "introspection_endpoint_auth_methods",
        "authorization_details_types", "backchannel_token_delivery_modes",
    ]

    private static let algorithms = [
        "id_token_signing_alg", "id_token_encryption_alg", "id_token_encryption_enc", "userinfo_signing_alg",
        "userinfo_encryption_alg", "userinfo_encryption_enc", "request_object_signing_alg",
        "request_object_encryption_alg", "request_object_encryption_enc", "token_endpoint_auth_signing_alg",
        "revocation_endpoint_auth_signing_alg", "introspection_endpoint_auth_signing_alg", "dpop_signing_alg",
        "authorization_signing_alg", "authorization_encryption_alg", "authorization_encryption_enc",
        "backchannel_authentication_request_signing_alg", "introspection_signing_alg",
    ]

    private static let flags = [
        "claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported",
        "require_request_uri_registration", "backchannel_logout_supported", "backchannel_logout_session_supported",
        "frontchannel_logout_supported", "frontchannel_logout_session_supported",
        "authorization_response_iss_parameter_supported", "require_pushed_authorization_requests",
        "require_signed_request_object", "tls_client_certificate_bound_access_tokens",
        "backchannel_user_code_parameter_supported",
    ]

    private static let texts = ["service_documentation", "op_policy_uri", "op_tos_uri", "signed_metadata"]
}
