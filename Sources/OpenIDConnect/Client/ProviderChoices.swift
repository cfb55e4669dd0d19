/// The values that keys of a `provider:` block may take. Raw values are the words of the configuration.
extension ProviderSettings {
    package enum Preset: String, Sendable, CaseIterable {
        case generic, okta, auth0, keycloak, entra, google, cognito
    }

    package enum SecurityProfile: String, Sendable, CaseIterable {
        case fapi2
    }

    /// How this client proves to the token endpoint who it is (RFC 6749 § 2.3, RFC 7523, RFC 8705).
    package enum ClientAuthenticationChoice: String, Sendable, CaseIterable {
        case auto, none
        case clientSecretBasic = "client_secret_basic"
        case clientSecretPost = "client_secret_post"
        case clientSecretJWT = "client_secret_jwt"
        case privateKeyJWT = "private_key_jwt"
        case tlsClientAuth = "tls_client_auth"
    }

    /// Files of a client certificate and its key, PEM.
    package struct ClientCertificate: Sendable, Equatable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// How the authorization response comes back (OAuth 2.0 Multiple Response Types § 2.1, form_post, JARM § 2.3).
    package enum ResponseMode: String, Sendable, CaseIterable {
        case query
        case formPost = "form_post"
        case queryJWT = "query.jwt"
        case formPostJWT = "form_post.jwt"

        /// True when the response is a cross-site POST, to which a browser attaches no `SameSite=Lax` cookie.
        package var isFormPost: Bool { self == .formPost || self == .formPostJWT }
    }

    package enum PushedAuthorizationChoice: String, Sendable, CaseIterable {
        case auto, required, off
    }

    package enum RequestObjectChoice: String, Sendable, CaseIterable {
        case off, signed
    }

    package enum DPoPChoice: String, Sendable, CaseIterable {
        case off, required
    }

    /// Signature algorithms of RFC 7518 § 3.1 and RFC 9864; names as on the wire.
    package enum Algorithm: String, Sendable, CaseIterable {
        case RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519
    }

    package enum UserinfoChoice: String, Sendable, CaseIterable {
        case never, always
        case whenNeeded = "when_needed"
    }

    /// Claim names, or dotted paths into nested claims.
    package struct ClaimNames: Sendable, Equatable {
        package var user = "sub"
        package var email = "email"
        package var groups = "groups"
        package var roles = "roles"

        package init() {}
    }

    package enum Toleration: String, Sendable, CaseIterable {
        case plainHTTP = "plain_http"
        case developmentProvider = "development_provider"
        case endpointAudience = "endpoint_audience"
        case logoutTokenWithoutExp = "logout_token_without_exp"
        case unverifiedEmail = "unverified_email"
        case extraAudience = "extra_audience"
    }

    package struct LogoutSettings: Sendable, Equatable {
        /// Also end the session at the provider (RP-initiated logout).
        package var endSession = true
        /// Revoke tokens at the provider (RFC 7009).
        package var revoke = true
        /// Where a browser goes after logout when it named nothing better: a path on this site.
        package var postLogoutPath = "/"

        package init() {}
    }
}
