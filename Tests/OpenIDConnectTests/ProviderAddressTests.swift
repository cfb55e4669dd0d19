import Formats
import TestSupport
import Testing

@testable import OpenIDConnect

@Suite("ProviderAddress") struct ProviderAddressTests {
    private func make(
        _ issuer: String, backchannel: String? = nil, tolerate: Set<ProviderSettings.Toleration> = []
    ) -> ProviderAddress? {
        var settings = ProviderSettings(issuer: issuer, clientID: "c")
        settings.backchannelURL = backchannel
        settings.tolerate = tolerate
        return ProviderAddress(settings)
    }

    @Test(
        "D1 the discovery URL is the issuer less one slash, and the well-known path",
        arguments: [
            ("https://h/", "https://h/.well-known/openid-configuration"),
            ("https://h", "https://h/.well-known/openid-configuration"),
            ("https://h/t1", "https://h/t1/.well-known/openid-configuration"),
            ("https://h/t1/", "https://h/t1/.well-known/openid-configuration"),
        ])
    func discoveryURL(issuer: String, url: String) throws {
        #expect(try #require(make(issuer)).discoveryURL == url)
    }

    @Test(
        "D2 an issuer is https without query and fragment",
        arguments: [
            "https://h?x", "https://h#f", "https://h/#", "http://h", "http://10.0.0.1", "ftp://h", "h", "", "https://",
            "https://u@h", "http://localhost.example.com",
        ])
    func badIssuers(issuer: String) { #expect(make(issuer) == nil) }

    @Test(
        "D2 http only for localhost and loopback addresses, or where it is tolerated",
        arguments: ["http://localhost:8081", "http://127.0.0.1:8081", "http://[::1]:8081/x", "http://idp.localhost"])
    func loopback(issuer: String) {
        #expect(make(issuer) != nil)
        #expect(make("http://h", tolerate: [.plainHTTP]) != nil)
    }

    @Test("D5a backchannel_url replaces scheme and authority where the origin is the issuer's; Host stays")
    func routes() throws {
        let address = try #require(
            make("https://id.example.com/t", backchannel: "http://keycloak:8080", tolerate: [.plainHTTP]))
        let inside = address.route("https://ID.example.com:443/t/token?x=1")
        #expect(inside.url == "http://keycloak:8080/t/token?x=1")
        #expect(inside.host == "id.example.com")
        #expect(inside.isExempt)
        let foreign = address.route("https://other.example.com/token")
        #expect(foreign.url == "https://other.example.com/token" && foreign.host == nil && !foreign.isExempt)
        let already = address.route("http://keycloak:8080/t/keys")
        #expect(already.url == "http://keycloak:8080/t/keys" && already.host == nil && already.isExempt)
        let port = try #require(make("https://h:8443", backchannel: "https://inner"))
        #expect(port.route("https://h:8443/x").host == "h:8443")
        #expect(port.route("https://h/x").isExempt == false)
    }

    @Test("D5a backchannel_url is an origin, and http off loopback needs the word")
    func badBackchannels() {
        for url in ["https://inner/path", "https://inner?x", "https://inner#f", "inner", "http://keycloak:8080"] {
            #expect(make("https://h", backchannel: url) == nil, "\(url)")
        }
        #expect(make("https://h", backchannel: "http://127.0.0.1:9") != nil)
    }

    @Test("D5a the provider is called under its inner name, and what a browser sees is the public one")
    func twoNames() async throws {
        let harness = try ClientHarness(issuer: "https://id.example.com/realm") {
            $0.backchannelURL = "https://10.1.2.3:8443"
        }
        let redirect = try await harness.begin()
        #expect(redirect.location.hasPrefix("https://id.example.com/realm/authorize?"))
        let tokens = try await harness.login()
        #expect(tokens.issuer == "https://id.example.com/realm")
        _ = await harness.client.revoke(RevocationRequest(refreshToken: tokens.refreshToken, accessToken: nil))
        #expect(Set(harness.provider.calls.map(\.endpoint)).isSuperset(of: [.discovery, .token, .keys, .revoke]))
        for call in harness.provider.calls {
            #expect(call.url.hasPrefix("https://10.1.2.3:8443/realm/"))
            #expect(call.header("Host") == "id.example.com")
        }
        let logout = ProviderLogout(idTokenHint: nil, postLogoutRedirectURI: "https://app/x", state: "s")
        guard case .redirect(let url) = await harness.client.endSession(logout) else {
            Issue.record("no way out")
            return
        }
        #expect(url.hasPrefix("https://id.example.com/realm/logout?"))
    }
}
