import Formats
import HTTPServer
import JOSE

/// Metadata: OpenID Connect Discovery 1.0, section 3, and RFC 8414, section 2.
///
/// The same document at every well-known path.
struct DiscoveryEndpoint: Sendable {
    let context: ProviderContext

    func answer() -> ServiceResponse {
        .published(.object(metadata), contentType: "application/json", maximumAge: 60)
    }

    private var metadata: JSONObject {
        let issuer = context.issuer
        func url(_ endpoint: ProviderEndpoint) -> JSONValue { .string(issuer.url(of: endpoint)) }
        return JSONObject([
            ("issuer", .string(issuer.text)),
            ("authorization_endpoint", url(.authorize)),
            ("token_endpoint", url(.token)),
            ("userinfo_endpoint", url(.userinfo)),
            ("jwks_uri", url(.keys)),
            ("revocation_endpoint", url(.revoke)),
            ("introspection_endpoint", url(.introspect)),
            ("end_session_endpoint", url(.endSession)),
            ("scopes_supported", list(ProviderScope.allCases.map(\.rawValue))),
            ("response_types_supported", list(["code"])),
            ("response_modes_supported", list(["query"])),
            ("grant_types_supported", list(["authorization_code", "refresh_token"])),
            ("subject_types_supported", list(["public"])),
            ("id_token_signing_alg_values_supported", list([context.keys.algorithm.rawValue])),
            ("acr_values_supported", list(AuthenticationContext.allCases.map(\.rawValue))),
            ("token_endpoint_auth_methods_supported", list(Self.clientMethods + ["none"])),
            ("revocation_endpoint_auth_methods_supported", list(Self.clientMethods + ["none"])),
            ("introspection_endpoint_auth_methods_supported", list(Self.clientMethods)),
            ("code_challenge_methods_supported", list(["S256"])),
            ("prompt_values_supported", list(["none", "login", "consent", "select_account", "create"])),
            ("claims_supported", list(claims)),
            ("claims_parameter_supported", false),
            ("request_parameter_supported", false),
            ("request_uri_parameter_supported", false),
            ("authorization_response_iss_parameter_supported", true),
            // What `postern serve` refuses unless somebody wrote `tolerate: [development_provider]` (H1).
            ("postern_development_provider", true),
        ])
    }

    private static let clientMethods = ["client_secret_basic", "client_secret_post"]

    private var claims: [String] {
        ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"]
            + ProviderScope.allCases.flatMap(\.claims).filter { name in
                context.users.all.contains { $0.claims[name] != nil }
            }
    }

    private func list(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
}

extension ServiceResponse {
    /// JSON that may be kept for `maximumAge` seconds.
    static func published(_ value: JSONValue, contentType: String, maximumAge: Int) -> ServiceResponse {
        ServiceResponse(
            status: 200,
            headers: [
                ("Content-Type", contentType), ("Cache-Control", "public, max-age=\(maximumAge)"),
                ("X-Content-Type-Options", "nosniff"),
            ], body: value.encoded)
    }
}
