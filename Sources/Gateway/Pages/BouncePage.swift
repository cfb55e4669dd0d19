package import Routing

/// A page of our own site between the provider and the application, for `same_site: strict` (K2).
///
/// Browsers keep a Strict cookie back from a navigation that another site began, redirects included; a page of ours begins
/// a new one.
package enum BouncePage {
    package static func page(to target: ReturnTarget) -> Page {
        var page = Page(title: "One moment", content: "<p>You are being taken on.</p>")
        page.continuesTo = target.text
        page.actions = [Page.Action("Continue", target.text)]
        return page
    }
}
