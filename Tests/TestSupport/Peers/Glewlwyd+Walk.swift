import Foundation

/// Its pages, walked without a browser: the calls that their scripts make.
extension Glewlwyd {
    /// Goes to a page that asks for a login, signs in and allows what is asked.
    ///
    /// - Returns: where the browser ends, back at the gateway.
    package func signIn(_ browser: TestBrowser, at url: String) throws -> TestBrowser.Page {
        let page = try browser.ask(url)
        let fields = try Self.fields(page, "callback_url")
        guard let back = fields["callback_url"], let client = fields["client_id"], let scope = fields["scope"] else {
            throw NeverHappened(description: "no login page: \(page.url)")
        }
        try call(browser, "POST", "/auth/", ["username": Self.user, "password": Self.password])
        try call(browser, "PUT", "/auth/grant/\(client)", ["scope": scope])
        return try browser.ask(back + (back.contains("?") ? "&" : "?") + "g_continue", from: .sameOrigin)
    }

    /// Follows a logout to the provider's page, says yes there, and goes on to where that leads.
    package func signOut(_ browser: TestBrowser, at url: String) throws -> TestBrowser.Page {
        let page = try browser.ask(url, from: .sameOrigin)
        let fields = try Self.fields(page, "sid")
        guard let sid = fields["sid"], let plugin = fields["plugin"], let back = fields["callback_url"] else {
            throw NeverHappened(description: "no logout page: \(page.url)")
        }
        try call(browser, "DELETE", "/\(plugin)/session/\(sid)")
        try call(browser, "DELETE", "/auth/")
        return try browser.ask(back, from: .crossSite)
    }

    /// The parameters of the provider's page.
    private static func fields(_ page: TestBrowser.Page, _ needed: String) throws -> [String: String] {
        let fields = fields(page.url)
        guard page.url.contains("/login.html?"), page.status == 200, fields[needed] != nil else {
            throw NeverHappened(description: "not glewlwyd's page: \(page.trail) \(page.response.head) \(page.text)")
        }
        return fields
    }

    static func fields(_ url: String) -> [String: String] {
        let items = URLComponents(string: url.replacingOccurrences(of: "+", with: "%20"))?.queryItems ?? []
        return Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
    }

    private func call(_ browser: TestBrowser, _ method: String, _ path: String, _ body: [String: String]? = nil) throws
    {
        let text = try body.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) }
        let answer = try browser.askOnce(
            origin + "/api" + path, .fetch, from: .sameOrigin, method: method,
            headers: ["Content-Type": "application/json"], body: text ?? "")
        guard answer.status == 200 else {
            throw NeverHappened(description: "glewlwyd: \(method) \(path): \(answer.head) \(answer.text)")
        }
    }
}
