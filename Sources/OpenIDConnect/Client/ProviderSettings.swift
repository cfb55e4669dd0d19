package import Bytes
package import Formats

/// One identity provider as a person configures it: every key of a `provider:` block, with its default.
package struct ProviderSettings: Sendable, Equatable {
    /// The name below `providers:`; a single `provider:` is called `default`.
    ///
    /// Part of the redirect URI and of sealed data.
    package var name = "default"

    /// Starting point for providers whose habits are known; explicit keys win over it.
    package var preset = Preset.generic
    /// A security profile that tightens defaults; nil is none.
    package var profile: SecurityProfile?

    /// The issuer identifier, compared byte for byte with discovery and tokens (D3, C13).
    package var issuer: String
    /// Base URL under which this process reaches the provider when it differs from the public issuer (D5a).
    package var backchannelURL: String?

    /// Members that complete or replace those of the discovery document; never `issuer` (D3).
    package var metadata = JSONObject()

    package var clientID: String
    package var clientAuthentication = ClientAuthenticationChoice.auto
    package var clientSecret: Secret?
    /// Path of a PEM private key, for `private_key_jwt` and signed request objects.
    package var privateKey: String?
    /// Certificate of this client on the TLS connection, for `tls_client_auth`.
    package var clientCertificate: ClientCertificate?

    /// The scopes to ask for, sent as written; nil stands for ``usualScopes`` less what `scopes_supported` lacks.
    package var scopes: [String]?
    /// The `audience` parameter some providers use instead of RFC 8707.
    package var audience: String?
    /// RFC 8707 resource indicators: absolute URIs without fragment.
    package var resources: [String] = []

    package var responseMode = ResponseMode.query
    package var pushedAuthorization = PushedAuthorizationChoice.auto
    package var requestObject = RequestObjectChoice.off
    package var dpop = DPoPChoice.off

    /// What a token of this provider may be signed with; `none` and HMAC are not among the possible values (C3).
    package var algorithms: [Algorithm] = [.RS256, .PS256, .ES256, .EdDSA]

    package var userinfo = UserinfoChoice.whenNeeded
    /// Where this provider puts user, e-mail, groups and roles.
    package var claims = ClaimNames()
    /// What `/bff/user` shows; nil is everything but protocol claims (C26).
    package var userClaims: [String]?

    /// Static extra parameters of every authorization request.
    package var authorizationParameters: [String: String] = [:]
    /// Parameters that a request to `/bff/login` may pass on (A20).
    package var allowedParameters = ["prompt", "login_hint", "ui_locales", "acr_values", "max_age"]

    /// Tolerance on `exp`, `nbf`, `iat` and `auth_time`; at most five minutes (C25).
    package var clockSkew = Duration.seconds(60)
    /// The time one call to the provider may take, connecting included.
    package var timeout = Duration.seconds(10)
    /// Path of a PEM bundle that is trusted beside the system's.
    package var ca: String?

    /// Named relaxations; each is repeated in a warning at every start.
    package var tolerate: Set<Toleration> = []
    package var logout = LogoutSettings()

    package init(issuer: String, clientID: String) {
        self.issuer = issuer
        self.clientID = clientID
    }

    /// The scopes asked for when nobody lists any.
    package static let usualScopes = ["openid", "profile", "email", "offline_access"]

    /// The method that `auto` stands for with these settings, or the one that was named.
    package var effectiveClientAuthentication: ClientAuthenticationChoice {
        guard clientAuthentication == .auto else { return clientAuthentication }
        if clientSecret != nil { return .clientSecretBasic }
        return privateKey != nil ? .privateKeyJWT : .none
    }
}
