/// Answers a callback that was used before: the back button, the history, a link that somebody copied (A51).
package enum ReplayPage {
    /// `loginURL`: the path at which a new login begins.
    package static func page(loginURL: String, requestID: String?) -> Page {
        var page = Page(
            title: "This sign-in was already used",
            content: """
                <p>The address you opened belongs to a sign-in that is over, for example after going back in the browser.
                It works only once, and nobody was signed in by it now.</p>
                """)
        page.kind = "Error 400"
        page.actions = [Page.Action("Sign in", loginURL), Page.Action("Front page", "/")]
        page.requestID = requestID
        return page
    }
}
