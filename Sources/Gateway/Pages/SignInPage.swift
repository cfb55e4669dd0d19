/// Says that a login is needed, and offers it: where we must not send the browser to the provider by ourselves.
package enum SignInPage {
    /// Why there is no session; the `reason` of the problem document says the same to programs (contract, section 3).
    package enum Reason: String, Sendable, CaseIterable {
        case absent
        case expired
        case revoked
        case refreshFailed = "refresh_failed"
        case stepUp = "step_up"
    }

    /// `loginURL`: the path at which a login begins that comes back here.
    package static func page(_ reason: Reason, loginURL: String, requestID: String?) -> Page {
        let (title, text, label) = words(for: reason)
        var page = Page(title: title, content: "<p>\(text)</p>")
        page.actions = [Page.Action(label, loginURL)]
        page.requestID = requestID
        return page
    }

    private static func words(for reason: Reason) -> (title: String, text: String, label: String) {
        switch reason {
        case .absent: ("Sign in to continue", "This page is for people who are signed in.", "Sign in")
        case .expired:
            (
                "Your session has ended",
                "You were away for a while, or signed in a long time ago. Sign in to go on where you were.",
                "Sign in again"
            )
        case .revoked:
            (
                "You have been signed out",
                "Your session was ended elsewhere: by you on another device, by your identity provider or by an administrator.",
                "Sign in again"
            )
        case .refreshFailed:
            (
                "Your session has ended",
                "Your identity provider did not extend your sign-in. Sign in to go on where you were.",
                "Sign in again"
            )
        case .stepUp:
            (
                "Confirm that it is you",
                "What you asked for needs a fresh or a stronger sign-in than the one you have.",
                "Confirm"
            )
        }
    }
}
