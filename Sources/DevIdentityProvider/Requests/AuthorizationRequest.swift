/// An authorization request that was found in order.
struct AuthorizationRequest: Sendable {
    let clientID: String
    let redirectURI: String
    let state: String?
    /// Known scope values in the order in which they came; unknown ones are left out (H10).
    let scope: [String]
    let nonce: String?
    /// The S256 challenge.
    let challenge: String
    let prompt: Set<Prompt>
    let maximumAge: Duration?
    let loginHint: String?
    /// The subject that the `id_token_hint` names.
    let hintedSubject: String?
    /// Accepted classes, best first; empty: any.
    let contexts: [AuthenticationContext]
    /// The API that `audience` or `resource` names.
    let audience: String?

    enum Prompt: String, Sendable {
        case none
        case login
        case consent
        case selectAccount = "select_account"
        /// Initiating User Registration 1.0; there is nothing to register here, so it asks who it is to be.
        case create
    }

    /// What the best of the asked-for contexts is, or the plain one.
    var contextToReach: AuthenticationContext { contexts.first ?? .oneFactor }
}

/// Where an answer to an authorization request goes.
struct RedirectTarget: Sendable {
    /// A registered redirect URI of the client, and nothing else (H4).
    let uri: String
    let state: String?
}

/// What became of an authorization request.
enum AuthorizationJudgement: Sendable {
    case valid(AuthorizationRequest)
    /// Nobody to send the answer to: the person sees a page (RFC 6749, section 4.1.2.1).
    case page(PageProblem)
    case refused(OAuthError, RedirectTarget)
}

/// Why a person sees a page and not their application.
struct PageProblem: Sendable, Equatable {
    let title: String
    let detail: String
    /// What a developer does about it.
    let advice: String
}
