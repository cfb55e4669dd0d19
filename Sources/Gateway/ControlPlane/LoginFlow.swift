import Bytes
import Cryptography
import Formats
import HTTP
import OpenIDConnect
import Routing
import Sessions
import Telemetry
import Time

/// From the first redirect to the session cookie (architecture, section 5: login).
///
/// The order cannot be written wrongly: each step takes what only the step before it makes.
package struct LoginFlow: Sendable {
    let keeper: SessionKeeper
    let provider: ProviderClient
    let sites: LoginSites

    private var log: Logger { keeper.log }
    private var name: String { provider.settings.name }

    // MARK: Beginning

    /// A navigation to a protected page goes to the provider.
    func begin(_ request: SignInRequest) async -> JourneyNews {
        var start = LoginStart(
            redirectURI: sites.entries[request.browser.site].redirectURI, returnTarget: request.returnTarget.text)
        start.previousSession = request.browser.digest
        // 302 for GET, as everybody knows it; for HEAD too, which has no body to repeat (A16).
        return await send(start, request.browser, status: 302)
    }

    /// `/bff/login`.
    func login(_ request: EndpointRequest) async -> JourneyNews {
        guard let pairs = try? FormEncoding.parse(request.query.span) else { return .failure(.badRequest("query")) }
        let returns = pairs.filter { $0.name == "returnUrl" }
        var target = ReturnTarget.root
        if !returns.isEmpty {
            guard returns.count == 1,
                let given = ReturnTarget(local: returns[0].value.utf8Span.span, endpoints: sites.endpoints)
            else { return .failure(.badReturnURL) }
            target = given
        }
        if pairs.contains(where: { $0.name == "provider" && $0.value != name }) {
            return .failure(.badRequest("provider"))
        }
        var start = LoginStart(redirectURI: sites.entries[request.browser.site].redirectURI, returnTarget: target.text)
        start.parameters = pairs
        start.previousSession = request.browser.digest
        return await send(start, request.browser, status: 302)
    }

    private func send(_ start: LoginStart, _ browser: BrowserState, status: Int) async -> JourneyNews {
        let sealed = sites.entries[browser.site].sealed
        do throws(OpenIDConnectError) {
            let redirect = try await provider.begin(start, cookies: sealed)
            var answer = OwnAnswer.redirect(to: redirect.location, status: status)
            answer.set(cookie: redirect.cookie.text)
            for old in AttemptCookies(sealed).obsolete(in: browser.cookies, adding: redirect.cookie) {
                answer.set(cookie: old.text)
            }
            keeper.metrics.login(name, "started")
            return .answer(answer)
        } catch {
            keeper.metrics.login(name, error.reason)
            log.warning(
                "login_not_started",
                [
                    ("provider", .string(name)), ("error", .string(error.reason)),
                    ("request_id", .string(browser.requestID)),
                ])
            return .failure(GatewayFailure(error))
        }
    }

    // MARK: Ending

    /// `/bff/callback`.
    func callback(_ request: EndpointRequest) async -> JourneyNews {
        let browser = request.browser
        let sealed = sites.entries[browser.site].sealed
        let callback: AuthorizationCallback
        do throws(CallbackProblem) {
            callback = try AuthorizationCallback(request.query.span, arrival: .query)
        } catch {
            return reject(.callback(error), browser, state: nil)
        }
        do throws(OpenIDConnectError) {
            let verdict = try await provider.check(callback, cookies: browser.cookies, sealed: sealed) { state, until in
                try await keeper.consumeLogin(state, until: until) == .won
            }
            switch consume verdict {
            case .refused(let refusal): return refused(refusal, browser, state: callback.state)
            case .code(let checked):
                let attempt = checked.attempt
                let granted = try await provider.redeem(checked)
                return try await complete(granted, attempt, browser, state: callback.state)
            }
        } catch {
            return reject(error, browser, state: callback.state)
        }
    }

    /// The provider has said who it is: a session begins, under a new id, and the browser goes where it wanted to (A50).
    private func complete(
        _ granted: GrantedTokens, _ attempt: LoginAttempt, _ browser: BrowserState, state: String?
    ) async throws(OpenIDConnectError) -> JourneyNews {
        let site = sites.entries[browser.site]
        let now = keeper.clock.now()
        let login = NewSession(
            site: site.origin, provider: name, issuer: granted.issuer, subject: granted.subject,
            providerSID: granted.sid, claims: granted.claims, authTime: granted.authTime, acr: granted.acr,
            scope: granted.scope, tokens: TokenSet(granted, now: now), idTokenIssuedAt: granted.issuedAt,
            device: DeviceName.of(browser.userAgent), address: Redaction.address(browser.client))
        var replacing: [SHA256Digest] = []
        for digest in [browser.digest, attempt.previousSession] {
            if let digest, !replacing.contains(digest) { replacing.append(digest) }
        }
        let live: LiveSession
        do throws(SessionStoreError) {
            guard let begun = try await keeper.begin(login, replacing: replacing, known: browser.session) else {
                await provider.revokeForGood(login.tokens, log)
                keeper.metrics.login(name, "logged_out_meanwhile")
                return .failure(.badRequest("login_expired"))
            }
            live = begun
        } catch {
            // The provider has granted tokens that nobody will use.
            await provider.revokeForGood(login.tokens, log)
            throw .storeUnavailable
        }
        let target =
            attempt.returnTarget.flatMap { ReturnTarget(local: $0.utf8Span.span, endpoints: sites.endpoints) } ?? .root
        let loop = LoginLoopCookie(site.sealed)
        let count = loop.completed(returnTarget: target.text, cookies: browser.cookies, now: now)
        keeper.metrics.login(name, "completed")
        log.info(
            "login_completed",
            [
                ("provider", .string(name)), ("user", .string(granted.subject)),
                ("session", .string(live.record.session.publicID)), ("request_id", .string(browser.requestID)),
            ])
        var answer: OwnAnswer
        if count.isLoop {
            keeper.metrics.login(name, "loop")
            log.warning("login_loop", [("provider", .string(name)), ("request_id", .string(browser.requestID))])
            answer = OwnAnswer.page(
                LoopPage.page(
                    loopCause(browser), target: target, completed: 3, seconds: 30,
                    loginURL: target.loginURL(endpoints: sites.endpoints), requestID: browser.requestID), status: 200)
            if let deletion = loop.deletion { answer.set(cookie: deletion.text) }
        } else {
            // K2: a Strict cookie does not come along on the redirect that ends a login elsewhere; a page of ours begins a
            // new navigation.
            answer = site.isStrict ? .page(BouncePage.page(to: target), status: 200) : .redirect(to: target.text)
            if let cookie = count.cookie { answer.set(cookie: cookie.text) }
        }
        guard let cookie = site.session.text(for: live.id) else { throw .settings }
        answer.set(cookie: cookie)
        clean(&answer, browser, site.sealed, state: state)
        return .answer(answer)
    }

    /// What the third login in a row tells: with a session cookie the browser keeps cookies, and somebody else asks again.
    private func loopCause(_ browser: BrowserState) -> LoopPage.Cause {
        guard browser.digest != nil else {
            let cookie = sites.entries[browser.site].session
            return .cookieNotReturned(name: String(decoding: cookie.name, as: UTF8.self))
        }
        return browser.session == nil ? .sessionEnded(reason: browser.endReason?.name ?? "absent") : .application
    }

    /// Takes back the cookie of the attempt that is over, and those of attempts that are too many.
    private func clean(_ answer: inout OwnAnswer, _ browser: BrowserState, _ sealed: SealedCookies, state: String?) {
        let cookies = AttemptCookies(sealed)
        guard let state, let own = cookies.deletion(state: state, responseMode: .query) else { return }
        answer.set(cookie: own.text)
        for old in cookies.obsolete(in: browser.cookies, finished: own.name) { answer.set(cookie: old.text) }
    }

    // MARK: Refusing

    /// The provider answered with an error; a new login is up to the user (A47), a silent one ends silently (A21).
    private func refused(_ refusal: ProviderRefusal, _ browser: BrowserState, state: String?) -> JourneyNews {
        keeper.metrics.callbackRejected("provider_\(refusal.code.rawValue)")
        keeper.metrics.login(name, "refused")
        log.warning(
            "login_refused",
            [
                ("provider", .string(name)), ("error", .string(refusal.code.rawValue)),
                ("request_id", .string(browser.requestID)),
            ])
        let target =
            refusal.attempt.returnTarget.flatMap { ReturnTarget(local: $0.utf8Span.span, endpoints: sites.endpoints) }
            ?? .root
        var answer: OwnAnswer
        if refusal.code.kind == .interactionRequired, refusal.attempt.isSilent,
            sites.isOpen(target, site: browser.site)
        {
            // Nobody was asked to sign in, and nobody has to: the page says what it can without a session (A21).
            answer = .redirect(to: target.text)
        } else if refusal.code.kind == .interactionRequired {
            answer = .page(
                SignInPage.page(
                    .absent, loginURL: target.loginURL(endpoints: sites.endpoints), requestID: browser.requestID),
                status: 401)
        } else {
            answer = FailureResponses.page(GatewayFailure(.refused(refusal.code)), requestID: browser.requestID)
        }
        clean(&answer, browser, sites.entries[browser.site].sealed, state: state)
        return .answer(answer)
    }

    /// A callback that is not believed: one page for all of them, the reason in the log alone (C29).
    private func reject(_ error: OpenIDConnectError, _ browser: BrowserState, state: String?) -> JourneyNews {
        keeper.metrics.callbackRejected(error.reason)
        keeper.metrics.login(name, "failed")
        log.warning(
            "callback_rejected",
            [
                ("provider", .string(name)), ("reason", .string(error.reason)),
                ("request_id", .string(browser.requestID)),
            ])
        if case .callback(let problem) = error, [.replayed, .stateUnknown, .expired].contains(problem) {
            // The back button: who is signed in goes on, and nobody else is sent round in circles (A51).
            if browser.session != nil { return .answer(.redirect(to: ReturnTarget.root.text)) }
            if problem == .replayed {
                return .answer(
                    .page(ReplayPage.page(loginURL: sites.loginPath, requestID: browser.requestID), status: 400))
            }
        }
        var answer = FailureResponses.page(
            GatewayFailure(error), requestID: browser.requestID, loginURL: sites.loginPath)
        switch error {
        // The attempt is still good: when the store answers again, or there is room, so will the same address (E49).
        case .callback(.replayed), .storeUnavailable, .crowded: break
        default: clean(&answer, browser, sites.entries[browser.site].sealed, state: state)
        }
        return .answer(answer)
    }
}

extension TokenSet {
    /// What a login brought.
    init(_ granted: GrantedTokens, now: Timestamp) {
        self.init(
            accessToken: granted.accessToken, tokenType: granted.tokenType, obtainedAt: now,
            expiresAt: granted.expiresIn.map { now + $0 }, refreshToken: granted.refreshToken, idToken: granted.idToken)
    }
}

extension GatewayFailure {
    /// What a browser is told of a login that failed.
    init(_ error: OpenIDConnectError) {
        switch error.kind {
        case .badRequest: self = .badRequest(Self.callbackReason(error))
        case .denied: self = .accessDenied
        case .interactionRequired: self = .badRequest("interaction_required")
        case .badProvider: self = .badProvider
        case .unavailable:
            switch error {
            case .storeUnavailable: self = .storeUnavailable
            case .crowded: self = .busy
            default: self = .providerUnavailable(retryAfter: Int(max(1, error.retryAfter?.wholeSeconds ?? 5)))
            }
        case .internalFailure: self = .internalError
        }
    }

    private static func callbackReason(_ error: OpenIDConnectError) -> StaticString {
        guard case .callback(let problem) = error else { return "parameter" }
        return switch problem {
        case .stateUnknown, .stateMissing: "login_unknown"
        case .expired: "login_expired"
        default: "callback"
        }
    }
}
