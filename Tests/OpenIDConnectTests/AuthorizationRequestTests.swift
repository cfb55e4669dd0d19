import Bytes
import Formats
import HTTP
import TestSupport
import Testing
import Time

@testable import OpenIDConnect

@Suite("AuthorizationRequest") struct AuthorizationRequestTests {
    @Test("A1 A3 A4 A8 what is asked for, each parameter once")
    func shape() async throws {
        let harness = try ClientHarness {
            $0.audience = "https://api"
            $0.authorizationParameters = ["display": "page"]
        }
        let redirect = try await harness.begin()
        #expect(redirect.location.hasPrefix("https://idp.example.com/authorize?"))
        let query = try parameters(of: redirect.location)
        #expect(Set(query.map(\.name)).count == query.count)
        #expect(query.value("response_type") == "code")
        #expect(query.value("response_mode") == nil)
        #expect(query.value("client_id") == "postern")
        #expect(query.value("redirect_uri") == ClientHarness.redirectURI)
        #expect(query.value("scope") == "openid profile email offline_access")
        #expect(query.value("code_challenge_method") == "S256")
        #expect(query.value("audience") == "https://api" && query.value("display") == "page")
        let state = try #require(query.value("state"))
        let attempt = try #require(
            AttemptCookies(harness.sealed).attempt(
                state: state, in: [(redirect.cookie.name, redirect.cookie.value)]))
        #expect(attempt.proofKey.challenge == query.value("code_challenge"))
        #expect(attempt.nonce == query.value("nonce"))
        #expect(attempt.redirectURI == ClientHarness.redirectURI && attempt.returnTarget == "/page")
    }

    @Test("A7 A10 A11 state, nonce and verifier are random, URL-safe, short, and never repeat")
    func randomness() async throws {
        let harness = try ClientHarness()
        var seen: Set<String> = []
        for _ in 0..<Rounds.of(2000) {
            let query = try parameters(of: try await harness.begin().location)
            for name in ["state", "nonce", "code_challenge"] {
                let value = try #require(query.value(name))
                #expect(value.utf8.count == 43)
                #expect(ByteClass.base64URL.firstOutside(value.utf8Span.span) == nil)
                #expect(seen.insert(value).inserted)
            }
        }
    }

    @Test("A10 the state says nothing about the user or the target")
    func opaque() async throws {
        let harness = try ClientHarness()
        let redirect = try await harness.begin { $0.returnTarget = "/secret-page" }
        let state = try #require(try parameters(of: redirect.location).value("state"))
        let decoded = String(decoding: Base64URL.decode(state) ?? [], as: UTF8.self)
        #expect(!decoded.contains("secret") && !redirect.location.contains("secret-page"))
        let cookie = String(decoding: Base64URL.decode(redirect.cookie.value) ?? [], as: UTF8.self)
        #expect(!cookie.contains("secret"))
    }

    @Test("A5 the endpoint's own query stays")
    func ownQuery() async throws {
        let harness = try ClientHarness()
        harness.provider.bend {
            $0.metadata = { $0["authorization_endpoint"] = "https://idp.example.com/authorize?tenant=1" }
        }
        #expect(
            try await harness.begin().location.hasPrefix("https://idp.example.com/authorize?tenant=1&response_type="))
        #expect(AuthorizationRequest.appending([("a", "b")], to: "https://h/?") == "https://h/?a=b")
    }

    @Test("A6 A25 values decode back exactly, and a hint injects nothing")
    func encoding() async throws {
        let harness = try ClientHarness()
        for hint in ["a&prompt=none", "a+b&c=d#e%f é =", "😀", "a%26b"] {
            let location = try await harness.begin { $0.parameters = [("login_hint", hint)] }.location
            let query = try parameters(of: location)
            #expect(query.values("login_hint") == [hint])
            #expect(query.value("prompt") == nil)
        }
    }

    @Test("A20 names that are not allowed, and ours, are ignored")
    func reserved() async throws {
        let harness = try ClientHarness { $0.allowedParameters += ["redirect_uri", "kc_idp_hint"] }
        let location = try await harness.begin { start in
            start.parameters = [
                ("redirect_uri", "https://evil"), ("client_id", "evil"), ("scope", "admin"), ("state", "x"),
                ("nonce", "x"),
                ("response_type", "token"), ("response_mode", "fragment"), ("request", "x"), ("request_uri", "x"),
                ("code_challenge", "x"), ("code_challenge_method", "plain"), ("claims", "{}"), ("resource", "x"),
                ("id_token_hint", "x"), ("unknown", "x"), ("kc_idp_hint", "github"),
            ]
        }.location
        #expect(!location.contains("evil") && !location.contains("admin") && !location.contains("plain"))
        let query = try parameters(of: location)
        #expect(query.value("kc_idp_hint") == "github" && query.value("unknown") == nil)
        for name in ["request", "request_uri", "claims", "resource", "id_token_hint", "response_mode"] {
            #expect(query.value(name) == nil)
        }
    }

    @Test(
        "A21 A22 A25 an allowed parameter with a bad value is refused",
        arguments: [
            ("prompt", "none login"), ("prompt", "evil"), ("max_age", "-1"), ("max_age", "abc"), ("max_age", "1e3"),
            ("max_age", "99999999999999999999"), ("login_hint", "a\u{0}b"), ("login_hint", "a\r\nb"),
            ("login_hint", String(repeating: "x", count: 513)), ("ui_locales", "\u{7F}"),
        ])
    func badValues(name: String, value: String) async throws {
        let harness = try ClientHarness()
        await #expect(throws: OpenIDConnectError.parameter(name)) {
            try await harness.begin { $0.parameters = [(name, value)] }
        }
        await #expect(throws: OpenIDConnectError.parameter("prompt")) {
            try await harness.begin { $0.parameters = [("prompt", "login"), ("prompt", "none")] }
        }
    }

    @Test("A21 prompt values are those that the provider announces, where it does")
    func promptValues() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.metadata = { $0["prompt_values_supported"] = ["none", "login", "mfa"] } }
        let location = try await harness.begin { $0.parameters = [("prompt", "mfa")] }.location
        #expect(try parameters(of: location).value("prompt") == "mfa")
        await #expect(throws: OpenIDConnectError.parameter("prompt")) {
            try await harness.begin { $0.parameters = [("prompt", "consent")] }
        }
    }

    @Test("A22 A23 A24 what a rule demands wins over what the browser asks for")
    func demands() async throws {
        let harness = try ClientHarness()
        let location = try await harness.begin { start in
            start.acrValues = ["gold", "platinum"]
            start.maxAge = .minutes(15)
            start.parameters = [("acr_values", "bronze"), ("max_age", "86400"), ("prompt", "none")]
        }.location
        let query = try parameters(of: location)
        #expect(query.values("acr_values") == ["gold platinum"])
        #expect(query.values("max_age") == ["900"])
        let again = try await harness.begin { start in
            start.reauthenticate = true
            start.parameters = [("prompt", "none"), ("max_age", "600")]
        }.location
        #expect(try parameters(of: again).values("prompt") == ["login"])
        #expect(try parameters(of: again).values("max_age") == ["0"])
        let shorter = try await harness.begin { start in
            start.maxAge = .minutes(15)
            start.parameters = [("max_age", "60")]
        }.location
        #expect(try parameters(of: shorter).values("max_age") == ["60"])
    }

    @Test("A13 form_post is asked for when it is configured")
    func formPost() async throws {
        let harness = try ClientHarness { $0.responseMode = .formPost }
        let redirect = try await harness.begin()
        #expect(try parameters(of: redirect.location).value("response_mode") == "form_post")
        #expect(redirect.cookie.sameSite == .none)
    }

    @Test("A27 resources repeat in both requests")
    func resources() async throws {
        let harness = try ClientHarness { $0.resources = ["https://a.example/", "https://b.example/"] }
        let redirect = try await harness.begin()
        #expect(
            try parameters(of: redirect.location).values("resource") == ["https://a.example/", "https://b.example/"])
        _ = try await harness.login()
        #expect(
            harness.provider.calls(to: .token)[0].values("resource") == ["https://a.example/", "https://b.example/"])
    }

    @Test("A8 an error never leads to a login without PKCE")
    func noDowngrade() async throws {
        let harness = try ClientHarness()
        let first = try await harness.begin()
        let answer = try harness.provider.authorize(first.location, error: "invalid_request")
        let refusal = try #require(try await harness.refusal(answer, [first.cookie]))
        #expect(refusal.code == .invalidRequest)
        #expect(try parameters(of: try await harness.begin().location).value("code_challenge_method") == "S256")
    }
}
