import Cryptography
import Formats
import HTTPServer
import Threads
import Time

/// The authorization endpoint with its two pages: who are you, and do you allow this.
///
/// ```
/// GET|POST /authorize ──► judged ──► decided ─┬─ login ───► page ──POST /login────┐
///                                             ├─ consent ─► page ──POST /consent──┤ decided again
///                                             └─ grant ───► 303 with a code ◄─────┘
/// ```
struct AuthorizeEndpoint: Sendable {
    let context: ProviderContext

    // MARK: The request

    func answer(_ request: ServiceRequest) throws(CryptographyError) -> ServiceResponse {
        guard let parameters = request.method == "POST" ? request.form : Parameters(query: request.query) else {
            return context.pages.problem(.unreadableRequest)
        }
        let now = context.time.now()
        switch AuthorizationRequestCheck(clients: context.clients, hints: context.hints).judge(parameters, now: now) {
        case .page(let problem):
            return context.pages.problem(problem)
        case .refused(let error, let target):
            return AuthorizationResponse(target: target, issuer: context.issuer.text).refusing(error)
        case .valid(let authorization):
            return try begin(authorization, request, now: now)
        }
    }

    private func begin(
        _ authorization: AuthorizationRequest, _ request: ServiceRequest, now: Timestamp
    ) throws(CryptographyError) -> ServiceResponse {
        let session = currentSession(request, at: now)
        let decision = AuthorizationDecision.make(
            for: authorization, session: session, isFresh: false,
            hasConsent: hasConsent(session, authorization, at: now), allowedNow: false, now: now)
        switch decision {
        case .refuse(let error):
            return response(to: authorization).refusing(error)
        case .grant:
            guard let session else { return context.pages.problem(.endedInteraction) }
            return try grant(authorization, session, now: now)
        case .login, .consent:
            // Somebody has to click: the request waits for this browser under an identifier that only its pages know.
            let (browser, isNew) = try context.cookies.browserValue(of: request, random: context.random)
            let id = try context.random.secretText()
            let waiting = WaitingPage(id: id, browser: SHA256Digest(text: browser), request: authorization)
            context.state.withLock {
                $0.logins.wait(
                    Interaction(request: authorization, browser: waiting.browser, freshLogin: nil),
                    id: waiting.key, now: now)
            }
            var answer = page(waiting, decision, session)
            if isNew { answer.headers.append(context.cookies.setting(context.cookies.browser, to: browser)) }
            return answer
        }
    }

    // MARK: The pages

    /// `GET /login?interaction=…`: who are you; also the way back from the consent page to choose somebody else.
    func showLogin(_ request: ServiceRequest) -> ServiceResponse {
        let now = context.time.now()
        guard let parameters = Parameters(query: request.query), let waiting = waitingPage(parameters, request, at: now)
        else { return context.pages.problem(.endedInteraction) }
        return loginPage(waiting, reason: .askedAgain)
    }

    /// `GET /consent?interaction=…`: do you allow this; where a login that needs consent leads.
    func showConsent(_ request: ServiceRequest) -> ServiceResponse {
        let now = context.time.now()
        guard let parameters = Parameters(query: request.query),
            let waiting = waitingPage(parameters, request, at: now),
            let session = currentSession(request, at: now)
        else { return context.pages.problem(.endedInteraction) }
        return consentPage(waiting, session)
    }

    /// `POST /login`: somebody clicked on a user.
    func login(_ request: ServiceRequest) throws(CryptographyError) -> ServiceResponse {
        let now = context.time.now()
        guard let form = request.form, let waiting = waitingPage(form, request, at: now) else {
            return context.pages.problem(.endedInteraction)
        }
        guard isOurs(form, waiting, request) else { return context.pages.problem(.foreignForm) }
        if form["cancel"] != nil { return refuse(waiting, OAuthError(.accessDenied, "The user cancelled.")) }
        guard let subject = form["user"], let user = context.users[subject] else {
            return context.pages.problem(.unknownUser)
        }
        // A new cookie at each login: one that somebody planted before it is worth nothing afterwards.
        let cookie = try context.random.secretText()
        let session = LoginSession(
            subject: user.subject, sessionID: try context.random.identifier(), authenticatedAt: now,
            context: waiting.request.contextToReach)
        let old = context.cookies.digest(context.cookies.login, in: request)
        let digest = SHA256Digest(text: cookie)
        context.state.withLock { state in
            if let old { state.logins.end(old) }
            state.logins.begin(session, cookie: digest, now: now)
            state.logins.noteLogin(digest, in: waiting.key)
        }
        var answer = try proceed(waiting, session, isFresh: true, allowedNow: false, now: now)
        answer.headers.append(context.cookies.setting(context.cookies.login, to: cookie))
        return answer
    }

    /// `POST /consent`: somebody clicked on allow, on deny, or wants to be somebody else.
    func consent(_ request: ServiceRequest) throws(CryptographyError) -> ServiceResponse {
        let now = context.time.now()
        guard let form = request.form, let waiting = waitingPage(form, request, at: now),
            let session = currentSession(request, at: now)
        else { return context.pages.problem(.endedInteraction) }
        guard isOurs(form, waiting, request) else { return context.pages.problem(.foreignForm) }
        switch form["decision"] {
        case "allow":
            // The page named a person; if another tab has signed in somebody else since, the click was not theirs.
            guard form["user"] == session.subject else { return consentPage(waiting, session) }
            context.state.withLock {
                $0.logins.rememberConsent(of: session.subject, to: waiting.request, now: now)
            }
            let isFresh = waiting.freshLogin == context.cookies.digest(context.cookies.login, in: request)
            return try proceed(waiting, session, isFresh: isFresh, allowedNow: true, now: now)
        case "switch":
            return .seeOther(address(of: .login, waiting))
        default:
            return refuse(waiting, OAuthError(.accessDenied, "The user did not allow this."))
        }
    }

    // MARK: Steps

    private func proceed(
        _ waiting: WaitingPage, _ session: LoginSession, isFresh: Bool, allowedNow: Bool, now: Timestamp
    ) throws(CryptographyError) -> ServiceResponse {
        let decision = AuthorizationDecision.make(
            for: waiting.request, session: session, isFresh: isFresh,
            hasConsent: hasConsent(session, waiting.request, at: now), allowedNow: allowedNow, now: now)
        switch decision {
        case .login: return .seeOther(address(of: .login, waiting))
        case .consent: return .seeOther(address(of: .consent, waiting))
        case .refuse(let error): return refuse(waiting, error)
        case .grant:
            context.state.withLock { $0.logins.finish(waiting.key) }
            return try grant(waiting.request, session, now: now)
        }
    }

    private func grant(
        _ request: AuthorizationRequest, _ session: LoginSession, now: Timestamp
    ) throws(CryptographyError) -> ServiceResponse {
        let code = try context.random.secretText()
        let grant = Grant(
            clientID: request.clientID, subject: session.subject, scope: request.scope, audience: request.audience,
            nonce: request.nonce, authenticatedAt: session.authenticatedAt, authenticationContext: session.context,
            sessionID: session.sessionID)
        context.state.withLock {
            $0.tokens.addCode(
                SHA256Digest(text: code), grant: grant, redirectURI: request.redirectURI, challenge: request.challenge,
                now: now)
        }
        return response(to: request).granting(code: code)
    }

    private func refuse(_ waiting: WaitingPage, _ error: OAuthError) -> ServiceResponse {
        context.state.withLock { $0.logins.finish(waiting.key) }
        return response(to: waiting.request).refusing(error)
    }

    private func response(to request: AuthorizationRequest) -> AuthorizationResponse {
        AuthorizationResponse(
            target: RedirectTarget(uri: request.redirectURI, state: request.state), issuer: context.issuer.text)
    }

    // MARK: Looking things up

    /// A request that waits, as its pages see it.
    private struct WaitingPage: Sendable {
        /// What stands in the form.
        let id: String
        let browser: SHA256Digest
        let request: AuthorizationRequest
        var freshLogin: SHA256Digest?

        var key: SHA256Digest { SHA256Digest(text: id) }
    }

    private func waitingPage(_ parameters: Parameters, _ request: ServiceRequest, at now: Timestamp) -> WaitingPage? {
        guard let id = parameters["interaction"],
            let browser = context.cookies.digest(context.cookies.browser, in: request)
        else { return nil }
        let key = SHA256Digest(text: id)
        guard let found = context.state.withLock({ $0.logins.interaction(key, browser: browser, at: now) }) else {
            return nil
        }
        return WaitingPage(id: id, browser: browser, request: found.request, freshLogin: found.freshLogin)
    }

    private func isOurs(_ form: Parameters, _ waiting: WaitingPage, _ request: ServiceRequest) -> Bool {
        FormGuard(key: context.formKey).accepts(
            form["csrf"], browser: waiting.browser, subject: waiting.id, request: request)
    }

    private func currentSession(_ request: ServiceRequest, at now: Timestamp) -> LoginSession? {
        guard let cookie = context.cookies.digest(context.cookies.login, in: request) else { return nil }
        return context.state.withLock { $0.logins.session(cookie, at: now) }
    }

    private func hasConsent(_ session: LoginSession?, _ request: AuthorizationRequest, at now: Timestamp) -> Bool {
        guard let session else { return false }
        return context.state.withLock { $0.logins.remembersConsent(of: session.subject, to: request, at: now) }
    }

    private func address(of endpoint: ProviderEndpoint, _ waiting: WaitingPage) -> String {
        context.issuer.path(of: endpoint) + "?" + FormEncoding.encode([("interaction", waiting.id)])
    }

    private func page(
        _ waiting: WaitingPage, _ decision: AuthorizationDecision, _ session: LoginSession?
    ) -> ServiceResponse {
        if case .login(let reason) = decision { return loginPage(waiting, reason: reason) }
        guard let session else { return context.pages.problem(.endedInteraction) }
        return consentPage(waiting, session)
    }

    private func loginPage(_ waiting: WaitingPage, reason: AuthorizationDecision.LoginReason) -> ServiceResponse {
        context.pages.login(
            form: PageForm(interaction: waiting.id, csrf: csrf(waiting)),
            client: clientName(waiting.request), users: context.users,
            hinted: (waiting.request.hintedSubject ?? waiting.request.loginHint).flatMap { context.users.hinted($0) },
            reason: reason, context: waiting.request.contextToReach)
    }

    private func consentPage(_ waiting: WaitingPage, _ session: LoginSession) -> ServiceResponse {
        guard let user = context.users[session.subject] else {
            return context.pages.problem(.endedInteraction)
        }
        return context.pages.consent(
            form: PageForm(interaction: waiting.id, csrf: csrf(waiting)), client: clientName(waiting.request),
            user: user,
            scope: waiting.request.scope.compactMap { ProviderScope(rawValue: $0) },
            audience: waiting.request.audience, returnsTo: waiting.request.redirectURI)
    }

    private func csrf(_ waiting: WaitingPage) -> String {
        FormGuard(key: context.formKey).token(browser: waiting.browser, subject: waiting.id)
    }

    private func clientName(_ request: AuthorizationRequest) -> String {
        context.clients[request.clientID]?.name ?? request.clientID
    }
}
