/// An error response to an authorization request, made harmless (A47; RFC 6749, section 4.1.2.1).
package struct ProviderRefusal: Error, Sendable, Equatable {
    /// Known codes; everything else is ``other``, so that a stranger's text becomes no metric label.
    package enum Code: String, Sendable, CaseIterable {
        case accessDenied = "access_denied"
        case loginRequired = "login_required"
        case interactionRequired = "interaction_required"
        case consentRequired = "consent_required"
        case accountSelectionRequired = "account_selection_required"
        case temporarilyUnavailable = "temporarily_unavailable"
        case serverError = "server_error"
        case invalidRequest = "invalid_request"
        case unauthorizedClient = "unauthorized_client"
        case unsupportedResponseType = "unsupported_response_type"
        case invalidScope = "invalid_scope"
        case invalidTarget = "invalid_target"
        case unmetAuthenticationRequirements = "unmet_authentication_requirements"
        case other

        package var kind: OpenIDConnectError.Kind {
            switch self {
            case .accessDenied, .unmetAuthenticationRequirements: .denied
            case .loginRequired, .interactionRequired, .consentRequired, .accountSelectionRequired:
                .interactionRequired
            case .temporarilyUnavailable, .serverError: .unavailable
            default: .badProvider
            }
        }
    }

    package let code: Code
    /// `error_description` less everything outside its grammar, cut short; text of a stranger, to be escaped and shown as
    /// such, never a link.
    package let description: String?
    /// The login that was refused: its state was good, its return target and whether it was silent are known (A21).
    package let attempt: LoginAttempt

    init(error: String, description: String?, attempt: LoginAttempt) {
        code = Code(rawValue: error) ?? .other
        self.description = description.flatMap(Self.harmless)
        self.attempt = attempt
    }

    static let longestDescription = 300

    /// Keeps %x20-21 / %x23-5B / %x5D-7E, the grammar of RFC 6749.
    private static func harmless(_ text: String) -> String? {
        let kept = text.utf8.lazy.filter { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        let cut = String(decoding: kept.prefix(longestDescription), as: UTF8.self)
        return cut.isEmpty ? nil : cut
    }
}
