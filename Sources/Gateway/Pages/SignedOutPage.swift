/// Where a logout ends that knows nowhere else to go (F4).
///
/// It says nothing about any session.
package enum SignedOutPage {
    /// - Parameter loginURL: the path at which a login begins.
    package static func page(loginURL: String) -> Page {
        var page = Page(
            title: "You are signed out",
            content: """
                <p>You can close this window.</p>
                <p class="soft">On a device that others use, sign out of your identity provider too, or close the browser.</p>
                """)
        page.actions = [Page.Action("Sign in again", loginURL), Page.Action("Front page", "/")]
        return page
    }
}
