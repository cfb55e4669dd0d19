import Time

/// What an authorization request needs next: a person, their consent, or nothing any more.
///
/// ```
/// request ──► signed in well enough? ──no──► login ──► (fresh) ──┐
///                    │ yes                                       │
///                    ▼                                           │
///              consent given? ◄──────────────────────────────────┘
///                no │     │ yes
///                   ▼     ▼
///               consent  grant
/// ```
enum AuthorizationDecision: Sendable, Equatable {
    case login(LoginReason)
    case consent
    case grant
    case refuse(OAuthError)

    enum LoginReason: Sendable, Equatable {
        case nobodySignedIn, askedAgain, tooOld, otherUserExpected, strongerNeeded
    }

    /// Decides by OpenID Connect Core 1.0, section 3.1.2.
    ///
    /// - Parameters:
    ///   - session: who is signed in.
    ///   - isFresh: the login was made for this very request, which satisfies `prompt=login` and `max_age` once.
    ///   - hasConsent: the person has allowed it, now or earlier.
    ///   - allowedNow: the person has allowed it on the page of this very request, which satisfies `prompt=consent`.
    static func make(
        for request: AuthorizationRequest, session: LoginSession?, isFresh: Bool, hasConsent: Bool, allowedNow: Bool,
        now: Timestamp
    ) -> AuthorizationDecision {
        if let reason = loginReason(for: request, session: session, isFresh: isFresh, now: now) {
            if request.prompt.contains(.none) {
                return .refuse(OAuthError(.loginRequired, "Nobody is signed in who would do for this request."))
            }
            // Core, section 3.1.2.1, id_token_hint: signed in by this request, and still somebody else.
            if isFresh, reason == .otherUserExpected {
                return .refuse(OAuthError(.loginRequired, "Somebody else signed in than id_token_hint names."))
            }
            return .login(reason)
        }
        if allowedNow { return .grant }
        if request.prompt.contains(.consent) || !hasConsent {
            if request.prompt.contains(.none) {
                return .refuse(OAuthError(.consentRequired, "The user has not allowed this yet."))
            }
            return .consent
        }
        return .grant
    }

    private static func loginReason(
        for request: AuthorizationRequest, session: LoginSession?, isFresh: Bool, now: Timestamp
    ) -> LoginReason? {
        guard let session else { return .nobodySignedIn }
        if let hinted = request.hintedSubject, hinted != session.subject { return .otherUserExpected }
        if isFresh { return nil }
        if !request.prompt.isDisjoint(with: [.login, .selectAccount, .create]) { return .askedAgain }
        if let maximumAge = request.maximumAge, now.since(session.authenticatedAt) >= maximumAge { return .tooOld }
        if !request.contexts.isEmpty, !request.contexts.contains(session.context) { return .strongerNeeded }
        return nil
    }
}
