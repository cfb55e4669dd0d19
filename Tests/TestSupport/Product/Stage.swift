import Foundation
private import HTTPServer
import Sockets

/// A gateway between a provider and an upstream, all real, all on this machine.
package final class Stage {
    package let provider: HostileProvider
    package let upstream: EchoUpstream
    package let gateway: GatewayUnderTest
    private var host: ServiceHost?
    private let providerPort: Int
    package let issuer: String

    /// - Parameters:
    ///   - providerIsUp: false starts the gateway with nobody at the issuer's address.
    ///   - providerPort: where the provider listens; chosen when nil.
    ///   - bend: what the provider does differently from the start.
    package init(
        _ options: GatewayUnderTest.Options = .init(), providerIsUp: Bool = true, providerPort: Int? = nil,
        bend: (inout HostileProvider.Script) -> Void = { _ in }
    ) throws {
        let port = try providerPort ?? freePort()
        self.providerPort = port
        issuer = "http://127.0.0.1:\(port)"
        provider = HostileProvider(issuer: issuer)
        provider.bend(bend)
        if providerIsUp { host = try Self.serve(provider, port) }
        upstream = try EchoUpstream()
        gateway = try GatewayUnderTest(issuer: issuer, upstream: upstream.port, options: options)
    }

    deinit { host?.stop() }

    private static func serve(_ provider: HostileProvider, _ port: Int) throws -> ServiceHost {
        guard let address = ListenAddress("127.0.0.1:\(port)") else {
            throw NeverHappened(description: "no address: \(port)")
        }
        return try ServiceHost(listeners: [address], service: provider, name: "provider")
    }

    package func url(_ path: String) -> String { gateway.origin + path }

    /// The provider leaves the network.
    package func stopProvider() {
        host?.stop()
        host = nil
    }

    /// The provider comes (back).
    package func startProvider() throws { host = try Self.serve(provider, providerPort) }

    /// The name of the session cookie on loopback http.
    package static let cookie = "postern"

    /// A new browser whose user has signed in.
    package func signedIn(_ user: String = "alice") throws -> TestBrowser {
        let browser = TestBrowser()
        try signIn(browser, user)
        return browser
    }

    /// Signs in; the browser ends on the upstream's page.
    @discardableResult
    package func signIn(
        _ browser: TestBrowser, _ user: String = "alice", to path: String = "/start"
    ) throws -> TestBrowser.Page {
        let page = try browser.ask(url("/bff/login?login_hint=\(user)&returnUrl=\(path)"))
        guard browser.jar[Self.cookie] != nil else {
            throw NeverHappened(
                description: "no session: \(page.trail) \(page.response.head) \(page.text)\n\(gateway.log)")
        }
        return page
    }

    /// Begins a login and lets the provider answer it; the callback's URL has not been asked for yet.
    package func pendingCallback(
        _ browser: TestBrowser, _ user: String = "alice", to path: String = "/start"
    ) throws -> String {
        let page = try browser.ask(url("/bff/login?login_hint=\(user)&returnUrl=\(path)")) {
            !$0.contains("/bff/callback")
        }
        guard let location = page.header("Location"), location.contains("/bff/callback") else {
            throw NeverHappened(description: "no callback: \(page.response.head) \(page.text)")
        }
        return location
    }

    /// The value of a row's column in `/bff/user`.
    package func user(_ browser: TestBrowser) throws -> RawResponse {
        try browser.askOnce(url("/bff/user"), .fetch, from: .sameOrigin, headers: ["X-CSRF": "1"])
    }

    /// The logout link of the session, absolute.
    package func logoutURL(_ browser: TestBrowser) throws -> String {
        let text = try user(browser).text
        guard let start = text.range(of: "/bff/logout?sid=") else {
            throw NeverHappened(description: "no logout link: \(text)")
        }
        return url(String(text[start.lowerBound...].prefix { $0 != "\"" }))
    }

    package var tokenRequests: [HostileProvider.Call] { provider.calls(to: .token) }
    package var refreshes: Int { tokenRequests.count { $0.value("grant_type") == "refresh_token" } }
    package var redemptions: Int { tokenRequests.count { $0.value("grant_type") == "authorization_code" } }
}
