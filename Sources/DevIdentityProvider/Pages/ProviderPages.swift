import Formats
import HTTPServer

/// What a form of the provider carries beside its buttons.
struct PageForm: Sendable {
    let interaction: String
    let csrf: String

    fileprivate var fields: HTML {
        """
        <input type="hidden" name="interaction" value="\(interaction)">
        <input type="hidden" name="csrf" value="\(csrf)">
        """
    }
}

/// The pages that people see at the provider.
///
/// They hold no script and nothing from elsewhere.
struct ProviderPages: Sendable {
    let issuer: Issuer

    // MARK: Who are you

    func login(
        form: PageForm, client: String, users: DevUsers, hinted: DevUser?,
        reason: AuthorizationDecision.LoginReason, context: AuthenticationContext
    ) -> ServiceResponse {
        let ordered =
            users.all.filter { $0.subject == hinted?.subject } + users.all.filter { $0.subject != hinted?.subject }
        return page(
            "Sign in",
            """
            <h1>Who would you like to be?</h1>
            <p class="lead">to continue to <strong>\(client)</strong></p>
            \(note(reason, context, hinted))
            <form method="post" action="\(issuer.path(of: .login))">
            \(form.fields)
            <ul class="people">
            \(HTML.joined(ordered.map { person($0, isHinted: $0.subject == hinted?.subject) }))
            </ul>
            <p class="aside"><button class="quiet" name="cancel" value="1">Cancel and go back</button></p>
            </form>
            """)
    }

    private func note(
        _ reason: AuthorizationDecision.LoginReason, _ context: AuthenticationContext, _ hinted: DevUser?
    ) -> HTML {
        switch reason {
        case .nobodySignedIn where context == .twoFactors, .strongerNeeded:
            "<p class=\"note\">The application asks for two factors. Here one click counts as both.</p>"
        case .nobodySignedIn, .askedAgain: .empty
        case .tooOld: "<p class=\"note\">Your last sign-in is too long ago for this application.</p>"
        case .otherUserExpected:
            "<p class=\"note\">The application expects <strong>\(hinted?.displayName ?? "somebody else")</strong>.</p>"
        }
    }

    private func person(_ user: DevUser, isHinted: Bool) -> HTML {
        """
        <li><button class="person" name="user" value="\(user.subject)">
        \(avatar(user))
        <span class="who"><span class="name">\(user.displayName)</span><span class="contact">\(user.contact)</span></span>
        <span class="tags">\(isHinted ? "<span class=\"tag hinted\">suggested</span>" : HTML.empty)\(tags(user, isHinted ? 1 : 2))</span>
        </button></li>
        """
    }

    private func tags(_ user: DevUser, _ count: Int) -> HTML {
        .joined(user.groups.prefix(count).map { "<span class=\"tag\">\($0)</span>" })
    }

    private func avatar(_ user: DevUser) -> HTML {
        let hue = user.subject.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % 6
        return "<span class=\"avatar hue-\(String(hue))\" aria-hidden=\"true\">\(user.initials)</span>"
    }

    // MARK: Do you allow this

    func consent(
        form: PageForm, client: String, user: DevUser, scope: [ProviderScope], audience: String?, returnsTo: String
    ) -> ServiceResponse {
        page(
            "Allow access",
            """
            <h1>Allow <strong>\(client)</strong>?</h1>
            <p class="lead">It would like to</p>
            <ul class="wishes">
            \(HTML.joined(scope.map { "<li>\($0.meaning)<code>\($0.rawValue)</code></li>" }))
            \(audience.map { "<li>Call an API for you<code>\($0)</code></li>" })
            \(scope.isEmpty && audience == nil ? "<li>Start a session, and learn nothing about you</li>" : HTML.empty)
            </ul>
            <form method="post" action="\(issuer.path(of: .consent))">
            \(form.fields)
            <input type="hidden" name="user" value="\(user.subject)">
            <div class="signed-in">
            \(avatar(user))
            <span class="who"><span class="name">\(user.displayName)</span><span class="contact">\(user.contact)</span></span>
            <button class="quiet" name="decision" value="switch">Switch</button>
            </div>
            <div class="buttons">
            <button class="primary" name="decision" value="allow">Allow</button>
            <button class="secondary" name="decision" value="deny">Deny</button>
            </div>
            </form>
            <p class="fine">You will return to <code>\(destination(returnsTo))</code></p>
            """)
    }

    /// Where a redirect URI leads, without what only machines read.
    private func destination(_ uri: String) -> String {
        URLParts(uri)?.origin ?? uri.split(separator: "?").first.map(String.init) ?? uri
    }

    // MARK: Leaving

    func confirmLogout(form: LogoutForm, user: DevUser?, client: String?) -> ServiceResponse {
        page(
            "Sign out",
            """
            <h1>Sign out?</h1>
            <p class="lead">\(client.map { "<strong>\($0)</strong> asks you to sign out here." } ?? plainLogout)</p>
            <form method="post" action="\(issuer.path(of: .endSession))">
            <input type="hidden" name="csrf" value="\(form.csrf)">
            \(hidden("client_id", form.clientID))
            \(hidden("post_logout_redirect_uri", form.returnsTo))
            \(hidden("state", form.state))
            \(user.map { signedInLine($0) })
            <div class="buttons">
            <button class="primary" name="confirm" value="yes">Sign out</button>
            <button class="secondary" name="confirm" value="no">Stay</button>
            </div>
            </form>
            """)
    }

    private var plainLogout: HTML { "You are signed in at this provider." }

    private func signedInLine(_ user: DevUser) -> HTML {
        """
        <div class="signed-in">\(avatar(user))
        <span class="who"><span class="name">\(user.displayName)</span><span class="contact">\(user.contact)</span></span>
        </div>
        """
    }

    private func hidden(_ name: String, _ value: String?) -> HTML? {
        value.map { "<input type=\"hidden\" name=\"\(name)\" value=\"\($0)\">" }
    }

    func signedOut() -> ServiceResponse {
        page(
            "Signed out",
            """
            <div class="seal" aria-hidden="true">\(ProviderMark.check)</div>
            <h1>You are signed out</h1>
            <p class="lead">You can close this page.</p>
            """)
    }

    func stayedSignedIn() -> ServiceResponse {
        page(
            "Still signed in",
            """
            <h1>You are still signed in</h1>
            <p class="lead">Nothing has changed. You can close this page.</p>
            """)
    }

    // MARK: Something is wrong

    func problem(_ problem: PageProblem, status: Int? = nil) -> ServiceResponse {
        page(
            problem.title,
            """
            <div class="seal wrong" aria-hidden="true">!</div>
            <h1>\(problem.title)</h1>
            <p class="lead">\(problem.detail)</p>
            <p class="note">\(problem.advice)</p>
            """, status: status ?? problem.status)
    }

    // MARK: The frame

    private func page(_ title: String, _ body: HTML, status: Int = 200) -> ServiceResponse {
        let document: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title) · Development provider</title>
            <link rel="icon" href="\(issuer.path(of: .icon))" type="image/svg+xml">
            <link rel="stylesheet" href="\(issuer.path(of: .style))">
            </head>
            <body>
            <header>\(ProviderMark.gate)<span>Development provider</span></header>
            <main>
            \(body)
            </main>
            <footer>No passwords here: whoever reaches this page can be anybody on it. For development only.
            <code>\(issuer.text)</code></footer>
            </body>
            </html>

            """
        return ServiceResponse(status: status, headers: Self.headers, body: Array(document.text.utf8))
    }

    /// What every page says about itself (H11).
    ///
    /// There is no `form-action`: browsers apply it to every redirect that follows a form, and an application may send
    /// its user on to anywhere.
    private static let headers: [(name: String, value: String)] = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        // Not no-referrer: that would turn the Origin of our own forms into null.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
}
