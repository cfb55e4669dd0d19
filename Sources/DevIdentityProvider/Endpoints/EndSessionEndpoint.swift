import Cryptography
import Formats
import HTTPServer
import Threads
import Time

/// Logout: OpenID Connect RP-Initiated Logout 1.0, sections 2 to 4 and 6.
///
/// Who can show an ID token of the login that ends is believed; everybody else's wish is put to the person first, since a
/// forced logout is an attack too.
struct EndSessionEndpoint: Sendable {
    let context: ProviderContext

    func answer(_ request: ServiceRequest) throws(CryptographyError) -> ServiceResponse {
        guard let parameters = request.method == "POST" ? request.form : Parameters(query: request.query),
            parameters.firstRepeated == nil
        else {
            return context.pages.problem(.unreadableRequest)
        }
        if parameters["confirm"] != nil { return confirmed(parameters, request) }
        let wish: Wish
        switch judge(parameters) {
        case .problem(let problem): return context.pages.problem(problem)
        case .wish(let judged): wish = judged
        }
        let current = currentSession(request)
        if let hint = wish.hint, current == nil || hint.names(current) {
            // The ID token names the login that is here, or there is none any more: nothing to ask.
            return end(wish, hint: hint, request)
        }
        guard let current else { return signedOut() }
        return try confirmation(wish, current, request)
    }

    // MARK: Judging

    /// What was asked for, as far as it is believed.
    private struct Wish: Sendable {
        var hint: IDTokenHint?
        var clientID: String?
        /// A URI registered for exactly the client that asks.
        var returnsTo: String?
        var state: String?
    }

    private enum Judgement {
        case wish(Wish)
        case problem(PageProblem)
    }

    private func judge(_ parameters: Parameters) -> Judgement {
        var wish = Wish(state: parameters["state"])
        // Section 4: a hint that does not hold is as good as none; the person is asked.
        wish.hint = parameters["id_token_hint"].flatMap { context.hints.believed($0, now: context.time.now()) }
        wish.clientID = wish.hint?.clientID ?? parameters["client_id"]
        if let named = parameters["client_id"] {
            guard context.clients[named] != nil else { return .problem(.unknownLogoutClient) }
            // Section 2: both given, they must agree.
            guard named == wish.clientID else { return .problem(.otherLogoutClient) }
        }
        if let uri = parameters["post_logout_redirect_uri"] {
            // Section 3: exactly as registered. Without a client there is nothing to compare it with: no way back.
            if let id = wish.clientID, let client = context.clients[id] {
                guard client.accepts(postLogoutRedirectURI: uri) else {
                    return .problem(.unregisteredLogoutURI)
                }
                wish.returnsTo = uri
            }
        }
        return .wish(wish)
    }

    // MARK: The page in between

    private func confirmation(
        _ wish: Wish, _ session: LoginSession, _ request: ServiceRequest
    ) throws(CryptographyError) -> ServiceResponse {
        let (browser, isNew) = try context.cookies.browserValue(of: request, random: context.random)
        let form = LogoutForm(
            csrf: csrf(browser: SHA256Digest(text: browser), wish.clientID, wish.returnsTo), clientID: wish.clientID,
            returnsTo: wish.returnsTo, state: wish.state)
        var page = context.pages.confirmLogout(
            form: form, user: context.users[session.subject],
            client: wish.clientID.flatMap { context.clients[$0]?.name })
        if isNew { page.headers.append(context.cookies.setting(context.cookies.browser, to: browser)) }
        return page
    }

    private func confirmed(_ form: Parameters, _ request: ServiceRequest) -> ServiceResponse {
        guard request.method == "POST", let browser = context.cookies.digest(context.cookies.browser, in: request)
        else {
            return context.pages.problem(.foreignForm)
        }
        let clientID = form["client_id"]
        let returnsTo = form["post_logout_redirect_uri"]
        let isOurs = FormGuard(key: context.formKey).accepts(
            form["csrf"], browser: browser, subject: Self.subject(clientID, returnsTo), request: request)
        guard isOurs else { return context.pages.problem(.foreignForm) }
        if form["confirm"] != "yes" { return context.pages.stayedSignedIn() }
        return end(Wish(clientID: clientID, returnsTo: returnsTo, state: form["state"]), hint: nil, request)
    }

    private func csrf(browser: SHA256Digest, _ clientID: String?, _ returnsTo: String?) -> String {
        FormGuard(key: context.formKey).token(browser: browser, subject: Self.subject(clientID, returnsTo))
    }

    /// The form carries what was judged; the token binds it, so that nobody judges twice and nobody changes it between.
    private static func subject(_ clientID: String?, _ returnsTo: String?) -> String {
        "logout\n" + (clientID ?? "") + "\n" + (returnsTo ?? "")
    }

    // MARK: Ending

    private func end(_ wish: Wish, hint: IDTokenHint?, _ request: ServiceRequest) -> ServiceResponse {
        let cookie = context.cookies.digest(context.cookies.login, in: request)
        context.state.withLock { state in
            if let cookie { state.logins.end(cookie) }
            // The login may live under a cookie that this request did not bring.
            if let sessionID = hint?.sessionID { state.logins.end(sessionID: sessionID) }
        }
        guard let uri = wish.returnsTo else { return signedOut() }
        let address = wish.state.map { RedirectAddress.adding([("state", $0)], to: uri) } ?? uri
        var answer = ServiceResponse.seeOther(address)
        answer.headers.append(context.cookies.removing(context.cookies.login))
        return answer
    }

    private func signedOut() -> ServiceResponse {
        var page = context.pages.signedOut()
        page.headers.append(context.cookies.removing(context.cookies.login))
        return page
    }

    private func currentSession(_ request: ServiceRequest) -> LoginSession? {
        guard let cookie = context.cookies.digest(context.cookies.login, in: request) else { return nil }
        let now = context.time.now()
        return context.state.withLock { $0.logins.session(cookie, at: now) }
    }
}

/// What the confirmation form carries beside its buttons.
struct LogoutForm: Sendable {
    let csrf: String
    let clientID: String?
    let returnsTo: String?
    let state: String?
}
