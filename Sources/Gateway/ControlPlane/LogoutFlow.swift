import Bytes
import Formats
import HTTP
import OpenIDConnect
import Routing
import Sessions
import Telemetry
import Time

/// Ends a session here first, then at the provider (F1–F7).
package struct LogoutFlow: Sendable {
    let keeper: SessionKeeper
    let provider: ProviderClient
    let sites: LoginSites

    /// How long the browser waits for the provider to take tokens back; then that goes on without it.
    private static let patience = Duration.seconds(2)

    /// `/bff/logout`.
    func logout(_ request: EndpointRequest) async -> JourneyNews {
        let browser = request.browser
        let site = sites.entries[browser.site]
        guard let pairs = try? FormEncoding.parse(request.query.span) else { return .failure(.badRequest("query")) }
        guard let target = returnTarget(pairs) else { return .failure(.badReturnURL) }
        guard let live = browser.session else {
            // A double click, or a session that ended by itself: nothing to do (F7).
            var answer = OwnAnswer.redirect(to: sites.postLogoutPath.text, status: 302)
            answer.set(cookie: site.session.deletion)
            return .answer(answer)
        }
        let record = live.record
        // The `sid` proves that a page of ours made the link: forced logout is an attack, too (F1).
        let sids = pairs.filter { $0.name == "sid" }
        guard sids.count == 1, ConstantTime.equal(sids[0].value, record.session.logoutID) else {
            return .failure(.badRequest("sid"))
        }

        // Local first (F2): whatever happens later, this browser is signed out.
        await keeper.end(live, .revoked)
        await revoke(record.session.tokens)
        var answer = await leave(record, target, site, browser)
        answer.set(cookie: site.session.deletion)
        if let deletion = LoginLoopCookie(site.sealed).deletion { answer.set(cookie: deletion.text) }
        return .answer(answer)
    }

    /// Where the logout ends; nil for a `returnUrl` that is none of ours.
    private func returnTarget(_ pairs: [(name: String, value: String)]) -> ReturnTarget?? {
        let given = pairs.filter { $0.name == "returnUrl" }
        if given.isEmpty { return .some(nil) }
        guard given.count == 1,
            let target = ReturnTarget(local: given[0].value.utf8Span.span, endpoints: sites.endpoints)
        else { return nil }
        return .some(target)
    }

    /// Tells the provider; the browser waits a moment for it, and then goes on without (B64).
    private func revoke(_ tokens: TokenSet?) async {
        let (provider, log) = (provider, keeper.log)
        let work = Task { await provider.revokeForGood(tokens, log) }
        let (finished, finish) = AsyncStream<Void>.makeStream()
        let done = Task {
            await work.value
            finish.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: Self.patience)
            finish.finish()
        }
        for await _ in finished {}
        timer.cancel()
        _ = done
    }

    /// To the provider, when it has a place to go to.
    private func leave(
        _ record: SessionRecord, _ target: ReturnTarget?, _ site: LoginSites.Entry, _ browser: BrowserState
    ) async -> OwnAnswer {
        let home = (target ?? sites.postLogoutPath).text
        let cookie = LogoutCookie(site.sealed)
        guard let note = try? cookie.begin(returnTarget: target?.text, now: keeper.clock.now()) else {
            return .redirect(to: home, status: 302)
        }
        var logout = ProviderLogout(
            idTokenHint: record.session.tokens?.idToken, postLogoutRedirectURI: site.postLogoutRedirectURI,
            state: note.state)
        logout.sendsIDToken = !sites.idTokenIsBearer
        logout.subject = record.session.subject
        guard let way = await provider.endSession(logout) else { return .redirect(to: home, status: 302) }
        var answer: OwnAnswer
        switch way {
        case .redirect(let url): answer = .redirect(to: url, status: 302)
        case .form(let action, let fields): answer = ProviderLogoutPage.answer(action: action, fields: fields)
        }
        answer.set(cookie: note.cookie.text)
        return answer
    }

    /// `/bff/logout/callback`.
    func callback(_ request: EndpointRequest) async -> JourneyNews {
        let browser = request.browser
        let site = sites.entries[browser.site]
        let cookie = LogoutCookie(site.sealed)
        let pairs = (try? FormEncoding.parse(request.query.span)) ?? []
        let states = pairs.filter { $0.name == "state" }
        var answer: OwnAnswer
        switch cookie.land(
            state: states.count == 1 ? states[0].value : nil, cookies: browser.cookies, now: keeper.clock.now())
        {
        case .known(let text):
            let target = text.flatMap { ReturnTarget(local: $0.utf8Span.span, endpoints: sites.endpoints) }
            answer = .redirect(to: (target ?? sites.postLogoutPath).text)
        case .unknown:
            answer = .page(SignedOutPage.page(loginURL: sites.loginPath), status: 200)
        }
        if let deletion = cookie.deletion { answer.set(cookie: deletion.text) }
        return .answer(answer)
    }
}
