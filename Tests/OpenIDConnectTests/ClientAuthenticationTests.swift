import Bytes
import Formats
import TestSupport
import Testing

@testable import OpenIDConnect

@Suite("ClientAuthentication") struct ClientAuthenticationTests {
    private func settings(_ change: (inout ProviderSettings) -> Void) -> ProviderSettings {
        var settings = ProviderSettings(issuer: "https://idp", clientID: "a:b c")
        change(&settings)
        return settings
    }

    @Test("B5 both halves of basic credentials are form-encoded before they are joined")
    func basicVector() throws {
        let credentials = ClientAuthentication.basicCredentials("a:b c", "p+q%/é:")
        let pair = try #require(Base64.decode(credentials).flatMap { String(strictUTF8: $0.span) })
        #expect(pair == "a%3Ab+c:p%2Bq%25%2F%C3%A9%3A")
    }

    @Test("B4 one proof on each request: a header or a body, never both")
    func oneProof() throws {
        let secret = Secret("s")
        var form: [(String, String)] = []
        var headers: [(name: String, value: String)] = []
        try #require(ClientAuthentication(settings { $0.clientSecret = secret })).apply(to: &form, &headers)
        #expect(form.isEmpty && headers.map(\.name) == ["Authorization"])

        form = []
        headers = []
        let post = settings {
            $0.clientSecret = secret
            $0.clientAuthentication = .clientSecretPost
        }
        try #require(ClientAuthentication(post)).apply(to: &form, &headers)
        #expect(form.map { $0.0 } == ["client_id", "client_secret"] && headers.isEmpty)

        form = []
        try #require(ClientAuthentication(settings { _ in })).apply(to: &form, &headers)
        #expect(form.map { $0.0 } == ["client_id"] && headers.isEmpty)
    }

    @Test("A2 a secret without a method, and a method without a secret, are no client")
    func contradictions() {
        #expect(
            ClientAuthentication(
                settings {
                    $0.clientAuthentication = .none
                    $0.clientSecret = Secret("s")
                }) == nil)
        #expect(ClientAuthentication(settings { $0.clientAuthentication = .clientSecretBasic }) == nil)
        #expect(ClientAuthentication(settings { $0.clientAuthentication = .clientSecretPost }) == nil)
        #expect(ClientAuthentication(settings { $0.clientAuthentication = .privateKeyJWT }) == nil)
        #expect(ClientAuthentication(settings { $0.clientSecret = Secret("") }) == nil)
        #expect(ClientAuthentication(settings { $0.clientSecret = Secret([0xFF]) }) == nil)
    }

    @Test("A2 public and confidential clients log in; B6 the secret is in no URL")
    func bothKinds() async throws {
        for method in [ProviderSettings.ClientAuthenticationChoice.auto, .clientSecretPost] {
            let harness = try ClientHarness { $0.clientAuthentication = method }
            #expect(try await harness.login().subject == "alice")
            #expect(harness.provider.calls.allSatisfy { !$0.url.contains("s3cret") && !$0.url.contains("?") })
        }
        let publicClient = try ClientHarness(secret: nil)
        #expect(try await publicClient.login().subject == "alice")
        let call = try #require(publicClient.provider.calls(to: .token).first)
        #expect(call.header("Authorization") == nil)
        #expect(call.values("client_id") == ["postern"])
    }

    @Test(
        "B7 basic is the default; auto that the provider does not take is an error, a method that was named a warning")
    func announced() async throws {
        let auto = try ClientHarness()
        auto.provider.bend { $0.metadata = { $0["token_endpoint_auth_methods_supported"] = ["private_key_jwt"] } }
        #expect(
            await auto.loginError() == .metadata(.clientAuthenticationUnsupported(offered: ["private_key_jwt"])))
        #expect(auto.provider.calls(to: .token).isEmpty)

        let named = try ClientHarness { $0.clientAuthentication = .clientSecretPost }
        named.provider.bend { $0.metadata = { $0["token_endpoint_auth_methods_supported"] = ["private_key_jwt"] } }
        let metadata = try await named.client.metadata()
        #expect(metadata.warnings(named.settings).count == 1)

        let silent = try ClientHarness()
        silent.provider.bend { $0.metadata = { $0["token_endpoint_auth_methods_supported"] = nil } }
        #expect(try await silent.client.metadata().tokenEndpointAuthMethods == ["client_secret_basic"])
    }
}
