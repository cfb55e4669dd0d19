/// An error for people: what happened, and what they can do.
package enum ErrorPage {
    /// `actions`: what to offer; nil for the front page.
    package static func page(
        _ text: FailureText, status: Int, requestID: String?, actions: [Page.Action]? = nil
    ) -> Page {
        var page = Page(
            title: text.title,
            content: "<p>\(text.explanation)</p>\n\(text.advice.map { "<p class=\"soft\">\($0)</p>" as HTML })")
        page.kind = "Error \(status)"
        page.requestID = requestID
        page.actions = actions ?? [Page.Action("Front page", "/")]
        return page
    }

    /// 421: names the right address (G14).
    package static func misdirected(origins: [String], requestID: String?) -> Page {
        let text = FailureText.of(status: 421, reason: "misdirected")
        return page(
            text, status: 421, requestID: requestID,
            actions: origins.first.map { [Page.Action("Go to \($0)", $0 + "/")] } ?? [])
    }
}
