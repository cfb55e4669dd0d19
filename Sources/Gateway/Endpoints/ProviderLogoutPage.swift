import Formats
import OpenIDConnect

/// Sends a browser to the provider's logout by a form, where the address would be too long for servers on the way (F3).
///
/// No script, so a person presses the button.
enum ProviderLogoutPage {
    static func answer(action: String, fields: [ProviderLogout.Field]) -> OwnAnswer {
        let inputs = HTML.all(
            fields.map { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">\n" as HTML })
        let page = Page(
            title: "One more step",
            content: """
                <p>You are signed out here. To be signed out at your identity provider too, go on.</p>
                <form method="post" action="\(action)">
                \(inputs)<p class="actions"><button class="button">Sign out there too</button></p></form>
                """)
        var answer = OwnAnswer.page(page, status: 200)
        // The usual policy lets forms go nowhere but to us.
        answer.isPage = false
        answer.add("X-Frame-Options", "DENY")
        answer.add(
            "Content-Security-Policy",
            "default-src 'none'; style-src '\(PageStyle.source)'; base-uri 'none'; frame-ancestors 'none'; form-action "
                + (URLParts(action)?.origin ?? "'none'"))
        return answer
    }
}
