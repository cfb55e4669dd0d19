import Formats
import OpenIDConnect
import Testing

@Suite struct MetadataMemberTests {
    private let settings = ProviderSettings(issuer: "https://id.example.com", clientID: "app")

    private func problem(_ name: String, _ value: JSONValue) -> MetadataProblem? {
        MetadataMember(name: name, value: value).problem(settings, ProviderAddress(settings))
    }

    @Test("D4, D5 an endpoint given by hand is judged as one of the document")
    func endpoints() {
        for name in [
            "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint", "registration_endpoint",
        ] {
            #expect(problem(name, .string("https://id.example.com/x")) == nil)
            #expect(problem(name, .string("relative")) == .endpoint(name, .notAbsolute))
            #expect(problem(name, .string("http://evil.example")) == .endpoint(name, .plainHTTP))
            #expect(problem(name, .string("https://id.example.com/#x")) == .endpoint(name, .fragment))
            #expect(problem(name, .string("https://169.254.169.254/")) == .endpoint(name, .insideAddress))
            #expect(problem(name, .integer(5)) == .wrongType(name))
        }
        #expect(problem("token_endpoint", .null) == .missing("token_endpoint"))
        #expect(problem("end_session_endpoint", .null) == nil)
        let name = "authorization_endpoint"
        #expect(
            problem(name, .string("https://id.example.com/?state=x")) == .endpoint(name, .reservedParameter))
    }

    @Test("D4, D12 what no document could say and be used is refused by hand too")
    func contradictions() {
        func words(_ texts: String...) -> JSONValue { .array(texts.map(JSONValue.string)) }
        #expect(problem("response_types_supported", words("code", "id_token")) == nil)
        #expect(problem("response_types_supported", words("id_token")) == .noCodeFlow)
        #expect(problem("code_challenge_methods_supported", words("plain")) == .noS256)
        #expect(problem("id_token_signing_alg_values_supported", words("HS256")) == .noCommonAlgorithm)
        #expect(problem("require_pushed_authorization_requests", .bool(true)) == .pushedAuthorizationRequired)
        #expect(problem("backchannel_logout_supported", .string("true")) == .wrongType("backchannel_logout_supported"))
        #expect(problem("scopes_supported", .string("openid")) == .wrongType("scopes_supported"))
        #expect(problem("mtls_endpoint_aliases", .string("x")) == .wrongType("mtls_endpoint_aliases"))
    }

    @Test("Members of the provider's own are the provider's own")
    func unknown() {
        #expect(problem("msgraph_host", .integer(5)) == nil)
        #expect(MetadataMember(name: "msgraph_host", value: .null).kind == nil)
    }

    @Test("Without an issuer that is a URL, addresses are judged by themselves")
    func withoutIssuer() {
        let member = MetadataMember(name: "jwks_uri", value: .string("relative"))
        #expect(member.problem(settings, nil) == .endpoint("jwks_uri", .notAbsolute))
        let inside = MetadataMember(name: "jwks_uri", value: .string("https://10.0.0.1/"))
        #expect(inside.problem(settings, nil) == nil)
    }
}
