package import JOSE

/// Why a login, a callback or a logout did not go on.
///
/// Holds no token, code, state or text of a stranger.
package enum OpenIDConnectError: Error, Sendable, Equatable {
    /// A parameter that the browser wants passed on is not acceptable.
    case parameter(String)
    case callback(CallbackProblem)
    /// The provider answered the authorization request with an error.
    case refused(ProviderRefusal.Code)
    /// The token endpoint answered with an error (RFC 6749, section 5.2).
    case tokenEndpoint(TokenErrorCode)
    /// An answer of the provider is not what it must be.
    case answer(AnswerProblem)
    /// A token is not believed.
    case token(JOSEError)
    case metadata(MetadataProblem)
    /// The provider cannot be reached, or asked for patience.
    case unavailable(reason: String, retryAfter: Duration)
    /// Our own store of used logins cannot be reached.
    case storeUnavailable
    /// More codes wait to be redeemed than are taken in; this one's state is still good (B28).
    case crowded
    /// The settings cannot work: no key, an impossible combination.
    case settings
    /// The system gave no randomness or memory.
    case system

    /// What kind of page, status and log level it deserves.
    package enum Kind: Sendable, Equatable {
        /// 400: the request itself is wrong.
        case badRequest
        /// 403: the provider, or the user there, said no.
        case denied
        /// The provider would have to show its pages and was told not to (`prompt=none`).
        case interactionRequired
        /// 502: the provider's answer cannot be used. One text for all of these (C29).
        case badProvider
        /// 503 with `Retry-After`.
        case unavailable
        /// 500.
        case internalFailure
    }

    package var kind: Kind {
        switch self {
        case .parameter, .callback: .badRequest
        case .refused(let code): code.kind
        case .tokenEndpoint, .answer, .token, .metadata: .badProvider
        case .unavailable, .storeUnavailable, .crowded: .unavailable
        case .settings, .system: .internalFailure
        }
    }

    /// A stable word for `callbacks_rejected_total{reason}` and the log.
    package var reason: String {
        switch self {
        case .parameter(let name): "parameter_\(name)"
        case .callback(let problem): problem.rawValue
        case .refused(let code): "provider_\(code.rawValue)"
        case .tokenEndpoint(let code): "token_endpoint_\(code.rawValue)"
        case .answer(let problem): problem.rawValue
        case .token(let error): error.rawValue
        case .metadata(let problem): "metadata_\(problem.reason)"
        case .unavailable(let reason, _): "unavailable_\(reason)"
        case .storeUnavailable: "store_unavailable"
        case .crowded: "crowded"
        case .settings: "settings"
        case .system: "system"
        }
    }

    /// For `Retry-After`.
    package var retryAfter: Duration? {
        switch self {
        case .unavailable(_, let wait): wait
        case .storeUnavailable: .seconds(1)
        case .crowded: .seconds(2)
        case .refused(.temporarilyUnavailable), .refused(.serverError): .seconds(5)
        default: nil
        }
    }
}

/// Why a callback is refused before anything is sent to the provider (A40–A48).
package enum CallbackProblem: String, Error, Sendable {
    /// Not the method or content type of the response mode that was asked for.
    case wrongResponseMode = "wrong_response_mode"
    /// No form, or too many parameters.
    case malformed
    case repeatedParameter = "repeated_parameter"
    /// Tokens in the response: nobody asked for those (A48).
    case tokenInResponse = "token_in_response"
    case codeAndError = "code_and_error"
    case neitherCodeNorError = "neither_code_nor_error"
    /// No code is like this (RFC 6749, appendix A.11), or it is far too long.
    case malformedCode = "malformed_code"
    case stateMissing = "state_missing"
    /// No cookie of this browser belongs to the state, or it does not open (A42).
    case stateUnknown = "state_unknown"
    case expired = "login_expired"
    /// The state was used before (A51).
    case replayed = "login_replayed"
    /// The login was started for another provider, or before the settings changed (A45).
    case otherProvider = "other_provider"
    case issuerMissing = "iss_missing"
    case issuerMismatch = "iss_mismatch"
}

/// What is wrong with an answer from the token or the userinfo endpoint.
package enum AnswerProblem: String, Error, Sendable {
    case notJSON = "answer_not_json"
    case status = "answer_status"
    case errorInSuccess = "answer_error_in_success"
    case accessToken = "answer_access_token"
    case tokenType = "answer_token_type"
    case member = "answer_member_type"
    case idTokenMissing = "answer_id_token_missing"
    case userinfoStatus = "userinfo_status"
    case userinfoRefused = "userinfo_unauthorized"
    case userinfoForm = "userinfo_form"
    case userinfoSubject = "userinfo_sub_mismatch"
    case userinfoIssuer = "userinfo_iss_or_aud"
    case claimsTooLarge = "claims_too_large"
}

/// Error codes of token and revocation endpoints (RFC 6749, section 5.2; RFC 7009, section 2.2.1; RFC 8707).
package enum TokenErrorCode: String, Sendable, CaseIterable {
    case invalidRequest = "invalid_request"
    case invalidClient = "invalid_client"
    case invalidGrant = "invalid_grant"
    case unauthorizedClient = "unauthorized_client"
    case unsupportedGrantType = "unsupported_grant_type"
    case invalidScope = "invalid_scope"
    case invalidTarget = "invalid_target"
    case unsupportedTokenType = "unsupported_token_type"
    case temporarilyUnavailable = "temporarily_unavailable"
    case serverError = "server_error"
    /// A code of the provider's own.
    case other
    /// No readable error at all.
    case unreadable
}
