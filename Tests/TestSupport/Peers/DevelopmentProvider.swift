import Foundation

/// `postern-dev idp` for one gateway, with its login and consent pages.
package final class DevelopmentProvider {
    package let issuer: String
    package let secret = "s3cret-of-the-gateway"
    private let process: ChildProcess

    /// - Parameter origin: of the gateway, whose client id is `postern`.
    package init(origin: String) throws {
        let port = try freePort()
        let address = "127.0.0.1:\(port)"
        issuer = "http://\(address)"
        let program =
            URL(fileURLWithPath: try GatewayUnderTest.program).deletingLastPathComponent().path + "/postern-dev"
        process = try ChildProcess([
            program, "idp", "--listen", address, "--client", "postern:\(secret)=\(origin)/bff/callback",
        ])
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
}
