/// A refusal in the vocabulary of OAuth 2.0 and OpenID Connect.
struct OAuthError: Error, Sendable, Equatable {
    /// The registered codes that this provider uses.
    enum Code: String, Sendable {
        // RFC 6749, sections 4.1.2.1 and 5.2.
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case invalidGrant = "invalid_grant"
        case unauthorizedClient = "unauthorized_client"
        case unsupportedGrantType = "unsupported_grant_type"
        case unsupportedResponseType = "unsupported_response_type"
        case invalidScope = "invalid_scope"
        case accessDenied = "access_denied"
        // RFC 8707, section 2.
        case invalidTarget = "invalid_target"
        // OpenID Connect Core 1.0, section 3.1.2.6.
        case loginRequired = "login_required"
        case consentRequired = "consent_required"
        case requestNotSupported = "request_not_supported"
        case requestURINotSupported = "request_uri_not_supported"
        case registrationNotSupported = "registration_not_supported"
    }

    let code: Code
    /// For a developer: what is wrong and what to do.
    ///
    /// ASCII without quotes and backslash (RFC 6749, section 5.2).
    let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    static func invalidRequest(_ description: String) -> OAuthError { OAuthError(.invalidRequest, description) }
    static func invalidGrant(_ description: String) -> OAuthError { OAuthError(.invalidGrant, description) }
    static func invalidClient(_ description: String) -> OAuthError { OAuthError(.invalidClient, description) }
}
