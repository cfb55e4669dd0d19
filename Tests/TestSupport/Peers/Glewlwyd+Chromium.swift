import Foundation

/// Its pages in a real browser: what a person clicks.
extension Glewlwyd {
    /// Signs in on the page that the browser shows, and allows what is asked.
    package func signIn(_ browser: Chromium) throws {
        try browser.waitForURL(within: 40) { $0.hasPrefix(origin + "/login.html") }
        try browser.type(Self.user, into: "#username")
        try browser.type(Self.password, into: "#password")
        try browser.click("#loginbut")
        for scope in ["profile", "email", "offline_access"] { try browser.click("#grant-\(scope)") }
        try browser.click(".card-body button.btn-primary")
        // The way on is offered before the grant is kept; too early, it leads back here.
        let fields = Self.fields(try browser.url)
        let scope = fields["scope"]?.replacingOccurrences(of: " ", with: "%20") ?? ""
        try eventually("the grant is kept") {
            let answer = try browser.fetch("/api/auth/grant/\(fields["client_id"] ?? "")/\(scope)")
            return answer.status == 200 && !answer.body.contains("\"granted\":false")
        }
        try leave(browser, by: ".card-footer button.btn-success")
    }

    /// Agrees to end the session at the provider.
    package func signOut(_ browser: Chromium) throws {
        try browser.waitForURL(within: 40) { $0.hasPrefix(origin + "/login.html") }
        try leave(browser, by: ".card-body button.btn-danger:not(.dropdown-toggle)")
    }

    private func leave(_ browser: Chromium, by button: String) throws {
        // Its script builds the page anew with every answer, so a click may hit what is just going.
        try eventually("a click on \(button)", within: 40) { (try? browser.click(button)) != nil }
        try browser.waitForURL(within: 40, "the way back") { !$0.hasPrefix(origin + "/login.html") }
    }
}
