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
        let presented = await presented(browser, site)
        if presented.sessions.isEmpty, presented.isWhole {
            // A double click, or a session that ended by itself: nothing to do (F7).
            var answer = OwnAnswer.redirect(to: sites.postLogoutPath.text, status: 302)
            answer.set(cookie: site.session.deletion)
            return .answer(answer)
        }
        // The `sid` proves that a page of ours made the link: forced logout is an attack, too (F1).
        let sids = pairs.filter { $0.name == "sid" }
        let meant = presented.sessions.first {
            sids.count == 1 && ConstantTime.equal(sids[0].value, $0.record.session.logoutID)
        }
        guard let live = meant else { return .failure(presented.isWhole ? .badRequest("sid") : .storeUnavailable) }

        // Local first (F2): whatever happens later, this browser is signed out.
        guard await keeper.end(live, .revoked) else {
            // But not said to be: until it is on disk a crash would bring the session back. The cookie stays, so that the
            // same click does the rest later; the tokens need not wait for that.
            let (provider, log, tokens) = (provider, keeper.log, live.record.session.tokens)
            Task { await provider.revokeForGood(tokens, log) }
            return .failure(.signOutNotRecorded)
        }
        // Read now: a refresh may have put new tokens there until the end (B40).
        let record = live.record
        await revoke(record.session.tokens)
        var answer = await leave(record, target, site, browser)
        answer.set(cookie: site.session.deletion)
        if let deletion = LoginLoopCookie(site.sealed).deletion { answer.set(cookie: deletion.text) }
        return .answer(answer)
    }

    /// The sessions whose cookies came with a request.
    private struct Presented {
        var sessions: [LiveSession] = []
        /// False when the store could not say whose a cookie is.
        var isWhole = true
    }

    /// The session of this browser; and where several cookies have its name, which elsewhere counts as none (E7), every one
    /// of theirs: the `sid` tells which is meant, and a planted cookie must not keep anybody signed in.
    private func presented(_ browser: BrowserState, _ site: LoginSites.Entry) async -> Presented {
        if let live = browser.session { return Presented(sessions: [live]) }
        if let digest = browser.digest { return Presented(sessions: keeper.unconfirmed(digest).map { [$0] } ?? []) }
        let name = String(decoding: site.session.name, as: UTF8.self)
        var found = Presented()
        for cookie in browser.cookies where cookie.name == name {
            guard let id = SessionID(cookieValue: cookie.value.utf8Span.span) else { continue }
            if let live = keeper.unconfirmed(id.digest) {
                found.sessions.append(live)
                continue
            }
            switch await keeper.resolve(id, site: browser.site) {
            case .found(let live): found.sessions.append(live)
            case .absent, .ended, .ending: break
            case .unavailable: found.isWhole = false
            }
        }
        return found
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
