import Formats
import TestSupport
import Testing

@testable import OpenIDConnect

@Suite("ProviderMetadata") struct ProviderMetadataTests {
    private let document: JSONObject = [
        "issuer": "https://idp.example.com", "authorization_endpoint": "https://idp.example.com/authorize",
        "token_endpoint": "https://tokens.example.net/token", "jwks_uri": "https://idp.example.com/keys",
        "response_types_supported": ["code"],
    ]

    private func check(
        _ changes: JSONObject = [:], scope: AddressScope? = .global,
        _ change: (inout ProviderSettings) -> Void = { _ in }
    ) throws(MetadataProblem) -> ProviderMetadata {
        var settings = ProviderSettings(issuer: "https://idp.example.com", clientID: "c")
        change(&settings)
        guard let address = ProviderAddress(settings) else { throw .missing("address") }
        return try ProviderMetadata(document.merging(changes), settings: settings, address: address, issuerScope: scope)
    }

    private func problem(
        _ changes: JSONObject, _ change: (inout ProviderSettings) -> Void = { _ in }
    ) -> MetadataProblem? {
        do throws(MetadataProblem) {
            _ = try check(changes, change)
            return nil
        } catch {
            return error
        }
    }

    @Test("D4 the smallest document is enough; D6 what is missing has its default")
    func minimal() throws {
        let metadata = try check()
        #expect(metadata.tokenEndpointAuthMethods == ["client_secret_basic"])
        #expect(metadata.responseModes == ["query", "fragment"])
        #expect(!metadata.namesIssuerInResponses)
        #expect(metadata.codeChallengeMethods == nil)
        #expect(metadata.endSessionEndpoint == nil && metadata.revocationEndpoint == nil)
        #expect(metadata.scopes(ProviderSettings(issuer: "x", clientID: "c")) == ProviderSettings.usualScopes)
    }

    @Test(
        "D3 the issuer is the same, byte by byte",
        arguments: [
            "https://idp.example.comINVALID", "https://IDP.example.com", "https://idp.example.com:443", "",
            "http://idp.example.com",
        ])
    func issuers(found: String) {
        #expect(problem(["issuer": .string(found)]) == .issuerMismatch(found: found, bySlash: false))
    }

    @Test("D3 a slash too many is refused, with a hint")
    func slash() throws {
        let found = problem(["issuer": "https://idp.example.com/"])
        #expect(found == .issuerMismatch(found: "https://idp.example.com/", bySlash: true))
        #expect(try #require(found?.hint).contains("https://idp.example.com/"))
    }

    @Test("D3 settings complete a document but never its issuer")
    func completion() throws {
        #expect(
            problem(["issuer": "https://other"]) { $0.metadata = ["issuer": "https://idp.example.com"] }
                == .issuerMismatch(found: "https://other", bySlash: false))
        let completed = try check { settings in
            settings.metadata = ["end_session_endpoint": "https://idp.example.com/bye"]
        }
        #expect(completed.endSessionEndpoint == "https://idp.example.com/bye")
    }

    @Test("D4 required members are there and of the right type")
    func required() {
        for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"] {
            #expect(problem([name: .null]) != nil, "\(name)")
            for value in [JSONValue.integer(1), .bool(true), .object([:])] {
                #expect(problem([name: value]) == .wrongType(name), "\(name)")
            }
        }
        #expect(problem(["token_endpoint": ["https://idp.example.com/token"]]) == .wrongType("token_endpoint"))
        #expect(problem(["response_types_supported": ["token", "id_token"]]) == .noCodeFlow)
        #expect(problem(["grant_types_supported": ["client_credentials"]]) == .noCodeFlow)
        #expect(problem(["scopes_supported": "openid"]) == .wrongType("scopes_supported"))
        #expect(
            problem(["authorization_response_iss_parameter_supported": "true"])
                == .wrongType("authorization_response_iss_parameter_supported"))
    }

    @Test(
        "D4 endpoints are absolute https URLs without fragment",
        arguments: [
            "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint",
        ])
    func endpoints(name: String) {
        for (url, expected) in [
            ("/relative", EndpointProblem.notAbsolute), ("file:///etc/passwd", .notAbsolute), ("", .notAbsolute),
            ("https://u:p@idp.example.com/", .notAbsolute), ("javascript:alert(1)", .notAbsolute),
            ("https://idp.example.com/#x", .fragment), ("http://idp.example.com/x", .plainHTTP),
        ] {
            #expect(problem([name: .string(url)]) == .endpoint(name, expected), "\(url)")
        }
    }

    @Test(
        "D5 endpoints of a public issuer never lie inside",
        arguments: [
            "http://169.254.169.254/", "https://169.254.169.254/", "https://127.0.0.1/", "https://localhost/",
            "https://[::1]/", "https://10.0.0.1/", "https://192.168.1.1/", "https://[fd00::1]/",
            "https://[::ffff:127.0.0.1]/",
        ])
    func inside(url: String) {
        #expect(problem(["token_endpoint": .string(url)]) != nil)
    }

    @Test("D5 endpoints on other public hosts are fine, and calls to them may only reach public addresses")
    func reach() throws {
        #expect(try check().reach == [.global])
        #expect(try check(scope: nil).reach == [.global])
        #expect(try check(scope: .privateUse).reach == Set(AddressScope.allCases))
    }

    @Test("B1 a tolerated provider may speak plain http")
    func tolerated() throws {
        let metadata = try check(["token_endpoint": "http://idp.example.com/token"]) { $0.tolerate = [.plainHTTP] }
        #expect(metadata.tokenEndpoint == "http://idp.example.com/token")
    }

    @Test("D7 empty lists count as absent, unknown members are ignored")
    func empty() throws {
        let metadata = try check([
            "scopes_supported": [], "code_challenge_methods_supported": [], "token_endpoint_auth_methods_supported": [],
            "some_extension": ["deep": [1, .null]], "userinfo_endpoint": .null,
        ])
        #expect(metadata.scopesSupported == nil && metadata.codeChallengeMethods == nil)
        #expect(metadata.tokenEndpointAuthMethods == ["client_secret_basic"])
        #expect(problem(["response_types_supported": []]) == .missing("response_types_supported"))
    }

    @Test("A9 K15 PKCE methods without S256 make a provider unusable; silence about PKCE does not")
    func proofKeys() throws {
        #expect(problem(["code_challenge_methods_supported": ["plain"]]) == .noS256)
        #expect(try check(["code_challenge_methods_supported": ["plain", "S256"]]).codeChallengeMethods?.count == 2)
    }

    @Test("A5 a query of the authorization endpoint may stay, unless it holds what is ours")
    func query() throws {
        let url = "https://idp.example.com/authorize?tenant=1"
        #expect(try check(["authorization_endpoint": .string(url)]).authorizationEndpoint == url)
        for name in ["client_id", "state", "redirect_uri", "REQUEST"] {
            #expect(
                problem(["authorization_endpoint": .string(url + "&\(name)=x")])
                    == .endpoint("authorization_endpoint", .reservedParameter))
        }
    }

    @Test("D12 contradictions with the settings are errors")
    func contradictions() {
        #expect(problem(["require_pushed_authorization_requests": true]) == .pushedAuthorizationRequired)
        #expect(problem(["id_token_signing_alg_values_supported": ["HS256", "none"]]) == .noCommonAlgorithm)
        #expect(
            problem(["id_token_signing_alg_values_supported": ["RS256"]]) { $0.algorithms = [.ES256] }
                == .noCommonAlgorithm)
        #expect(
            problem(["response_modes_supported": ["query"]]) { $0.responseMode = .formPost } == .responseModeUnsupported
        )
        #expect(problem([:]) { $0.userinfo = .always } == .noUserinfoEndpoint)
    }

    @Test("A3 scopes: the usual ones less what the provider lacks, or exactly those that were written")
    func scopes() throws {
        var settings = ProviderSettings(issuer: "x", clientID: "c")
        let metadata = try check(["scopes_supported": ["openid", "email"]])
        #expect(metadata.scopes(settings) == ["openid", "email"])
        settings.scopes = ["openid", "offline_access", "api"]
        #expect(metadata.scopes(settings) == ["openid", "offline_access", "api"])
        settings.scopes = ["profile"]
        #expect(metadata.scopes(settings) == ["openid", "profile"])
        settings.scopes = nil
        #expect(try check(["scopes_supported": ["email"]]).scopes(settings) == ["openid", "email"])
    }
}
