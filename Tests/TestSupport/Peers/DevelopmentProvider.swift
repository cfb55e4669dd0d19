import Foundation

/// `postern-dev idp` for one gateway, with its login and consent pages.
package final class DevelopmentProvider {
    package let issuer: String
    package let secret = "s3cret-of-the-gateway"
    private let process: ChildProcess

    /// - Parameters:
    ///   - origin: of the gateway, whose client id is `postern`.
    ///   - options: further words of its command line.
    package init(origin: String, options: [String] = []) throws {
        let port = try freePort()
        let address = "127.0.0.1:\(port)"
        issuer = "http://\(address)"
        let program =
            URL(fileURLWithPath: try GatewayUnderTest.program).deletingLastPathComponent().path + "/postern-dev"
        process = try ChildProcess(
            [program, "idp", "--listen", address, "--client", "postern:\(secret)=\(origin)/bff/callback"] + options)
        try eventually("the development provider listens: \(process.output)", within: 30) {
            guard process.isRunning else {
                throw NeverHappened(description: "the development provider ended: \(process.output)")
            }
            return process.output.contains("Ctrl-C")
        }
    }

    deinit { process.end(within: 5) }

    /// Chooses somebody on the login page that the browser shows.
    package func signIn(_ browser: Chromium, _ user: String = "alice") throws {
        try browser.waitForURL { $0.hasPrefix(issuer + "/") }
        try browser.click("button[value=\(user)]")
    }

    /// Allows what the consent page asks.
    package func allow(_ browser: Chromium) throws { try browser.click("button[value=allow]") }

    /// What it has said.
    package var log: String { process.output }

    /// Signs in at the page that `url` leads to, and allows what the gateway asks; the browser ends where that leads.
    @discardableResult
    package func signIn(_ browser: TestBrowser, _ user: String = "alice", at url: String) throws -> TestBrowser.Page {
        var page = try browser.ask(url)
        for press in ["user=\(user)", "decision=allow"] where page.url.hasPrefix(issuer + "/") {
            guard let action = page.text.firstMatch(of: /<form method="post" action="([^"]+)"/)?.output.1 else {
                throw NeverHappened(description: "no form at \(page.url): \(page.text)")
            }
            let hidden = page.text.matches(of: /<input type="hidden" name="([^"]+)" value="([^"]*)">/)
            let fields = hidden.filter { $0.output.1 != "user" || !press.hasPrefix("user=") }
            let body = fields.map { "\($0.output.1)=\($0.output.2)" } + [press]
            page = try browser.ask(
                issuer + String(action), .formPost, from: .sameOrigin, body: body.joined(separator: "&"))
        }
        return page
    }
}
