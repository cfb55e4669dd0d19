/// Where a development provider puts its endpoints and what its tokens look like.
///
/// Each layout answers at the paths that the documentation of the service it is named after prints, so that a guide's
/// calls work here unchanged.
package enum ProviderLayout: String, Sendable, CaseIterable {
    /// Short paths below the issuer.
    case plain
    /// An Okta organisation: `/oauth2/v1/…`, the issuer is the origin, codes live five minutes, access tokens are opaque.
    case oktaOrganization = "okta-org"
    /// Okta's default custom authorization server: `/oauth2/default/v1/…`.
    case oktaCustom = "okta-custom"
    /// An Auth0 tenant: the issuer ends in a slash; `audience` decides between a JWT and an opaque access token.
    case auth0

    /// The longest time between a code and its redemption (H2).
    var codeLifetime: Duration { self == .oktaOrganization ? .seconds(300) : .seconds(60) }

    /// The lifetime of an access token, as the service that the layout follows has it by default.
    var accessTokenLifetime: Duration {
        switch self {
        case .plain: .seconds(300)
        case .oktaOrganization, .oktaCustom: .seconds(3600)
        case .auth0: .seconds(86400)
        }
    }

    /// True when ID tokens carry the claims of `profile` and `email` too.
    ///
    /// OpenID Connect Core 1.0, section 5.4, leaves them to userinfo when an access token is issued; Auth0 sends both.
    var putsProfileInIDToken: Bool { self == .auth0 }

    /// What an access token for `audience` is.
    ///
    /// `audience` is what the request named, or nil.
    func accessTokenFormat(audience: String?) -> AccessTokenFormat {
        switch self {
        case .plain, .oktaCustom: .signed
        case .oktaOrganization: .opaque
        case .auth0: audience == nil ? .opaque : .signed
        }
    }

    /// The path below the origin that all of the layout's own endpoints share.
    ///
    /// - Parameter issuerPath: the path of the configured issuer; only ``plain`` lets it vary.
    func prefix(issuerPath: String) -> String {
        switch self {
        case .plain: issuerPath == "/" ? "" : issuerPath
        case .oktaOrganization: "/oauth2/v1"
        case .oktaCustom: "/oauth2/default/v1"
        case .auth0: ""
        }
    }

    /// The path that the issuer has in this layout, or nil when any will do.
    var issuerPath: String? {
        switch self {
        case .plain: nil
        case .oktaOrganization: ""
        case .oktaCustom: "/oauth2/default"
        case .auth0: "/"
        }
    }

    /// The path of `endpoint` below ``prefix(issuerPath:)``.
    func path(of endpoint: ProviderEndpoint) -> String {
        switch endpoint {
        case .authorize: "/authorize"
        case .token: self == .auth0 ? "/oauth/token" : "/token"
        case .userinfo: "/userinfo"
        case .keys:
            switch self {
            case .plain: "/jwks"
            case .oktaOrganization, .oktaCustom: "/keys"
            case .auth0: "/.well-known/jwks.json"
            }
        case .revoke: self == .auth0 ? "/oauth/revoke" : "/revoke"
        case .introspect: self == .auth0 ? "/oauth/introspect" : "/introspect"
        case .endSession: self == .auth0 ? "/oidc/logout" : "/logout"
        case .login: "/login"
        case .consent: "/consent"
        case .discovery: "/.well-known/openid-configuration"
        case .style: "/postern-dev.css"
        case .icon: "/postern-dev.svg"
        }
    }
}

/// How an access token looks.
enum AccessTokenFormat: Sendable {
    /// A JWT by RFC 9068.
    case signed
    /// A random string that means something to the provider alone.
    case opaque
}
