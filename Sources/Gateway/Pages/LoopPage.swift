package import Routing

/// Says why signing in leads to signing in, instead of doing it for ever (A51).
package enum LoopPage {
    /// What was seen of the logins that did not last.
    package enum Cause: Sendable, Equatable {
        /// The browser never sent the session's cookie back.
        case cookieNotReturned(name: String)
        /// The cookie came back, and the session behind it was gone: `expired`, `revoked`, `refresh_failed`.
        case sessionEnded(reason: String)
        /// The route asks for more than the login brings, time and again.
        case loginNotEnough
        /// The session was there; the application sent the browser to sign in again.
        case application
    }

    /// - Parameters:
    ///   - completed: how many logins succeeded.
    ///   - seconds: within how many seconds.
    ///   - loginURL: the path at which another one begins.
    package static func page(
        _ cause: Cause, target: ReturnTarget, completed: Int, seconds: Int, loginURL: String, requestID: String?
    ) -> Page {
        let (text, steps) = words(for: cause)
        let list = HTML.all(steps.map { "<li>\($0)</li>\n" })
        var page = Page(
            title: "Signing in does not help",
            content: """
                <p>You signed in \(completed) times within \(seconds) seconds, and <code>\(target.text)</code> asked for it again
                each time. To spare you a loop, it ends here.</p>
                <h2>What was seen</h2>
                <p>\(text)</p>
                <h2>What you can do</h2>
                <ul>
                \(list)</ul>
                """)
        page.kind = "Sign-in loop"
        page.actions = [Page.Action("Try once more", loginURL), Page.Action("Front page", "/")]
        page.requestID = requestID
        return page
    }

    private static func words(for cause: Cause) -> (text: HTML, steps: [HTML]) {
        let tell: HTML = "Tell the people who run this site, with the request number below."
        switch cause {
        case .cookieNotReturned(let name):
            return (
                "The browser did not send the cookie <code>\(name)</code> back. Without it nobody can be recognised.",
                [
                    "Allow cookies for this site, and turn off extensions that remove them.",
                    "Use the site’s own address, not a frame inside another page.",
                    "For operators: is the site reached under exactly the scheme and host of <code>public_url</code>? Does a proxy in "
                        + "front take <code>Set-Cookie</code> away?",
                ]
            )
        case .sessionEnded(let reason):
            return (
                "Each session ended right after it began (<code>\(reason)</code>).",
                [
                    "Wait a minute, then try once more.", tell,
                    "For operators: compare the clocks of this host and of the provider, and look for this request in the log.",
                ]
            )
        case .loginNotEnough:
            return (
                "The page asks for a stronger or fresher sign-in than the identity provider grants you.",
                [
                    "Sign in with another method, such as a second factor, if you are offered one.", tell,
                    "For operators: compare the route’s <code>access</code> with the <code>acr</code> and <code>auth_time</code> that "
                        + "the provider sends.",
                ]
            )
        case .application:
            return (
                "You are signed in here, but the application behind this gateway sent you to sign in again.",
                [
                    tell,
                    "For operators: does the application accept the token that the gateway sends, its audience and issuer included?",
                ]
            )
        }
    }
}

extension HTML {
    fileprivate static func + (a: HTML, b: HTML) -> HTML { .all([a, b]) }
}
