import Bytes
import Formats
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

@Suite("CodeRedemption") struct CodeRedemptionTests {
    @Test("B3 K5 the token request carries what it must, in the body, each once")
    func request() async throws {
        let harness = try ClientHarness()
        let redirect = try await harness.begin()
        _ = try await harness.login()
        let call = try #require(harness.provider.calls(to: .token).first)
        #expect(call.method == "POST" && call.query.isEmpty)
        #expect(call.form.map(\.name) == ["grant_type", "code", "redirect_uri", "code_verifier"])
        #expect(call.value("grant_type") == "authorization_code")
        #expect(call.value("redirect_uri") == ClientHarness.redirectURI)
        #expect(call.value("code_verifier")?.utf8.count == 43)
        #expect(call.header("Content-Type") == "application/x-www-form-urlencoded")
        #expect(!redirect.location.contains(try #require(call.value("code_verifier"))))
    }

    @Test("B20 B25 C28 a login grants what the provider said")
    func granted() async throws {
        let harness = try ClientHarness()
        let tokens = try await harness.login(subject: "bob")
        #expect(tokens.subject == "bob" && tokens.issuer == harness.settings.issuer)
        #expect(tokens.tokenType == "Bearer" && tokens.expiresIn == .seconds(300))
        #expect(tokens.refreshToken != nil && tokens.idToken != nil)
        #expect(tokens.sid?.hasPrefix("sid-") == true && tokens.authTime == harness.clock.now)
        #expect(tokens.issuedAt == harness.clock.now && tokens.scope == "openid profile email offline_access")
        #expect(tokens.claims["name"] == "Alice Example" && tokens.claims["sub"] == "bob")
        #expect(harness.provider.calls(to: .userinfo).isEmpty, "the ID token had it all")
    }

    @Test(
        "A49 a code is sent once, whatever becomes of the request",
        arguments: [
            HostileProvider.Answer.lost, .unreachable, .empty(500), .empty(503), .empty(429), .empty(400),
            .text("<html>"),
            .empty(307, headers: [("location", "https://evil.example/")]), .error("invalid_grant"),
        ])
    func once(answer: HostileProvider.Answer) async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? answer : nil } }
        #expect(await harness.loginError() != nil)
        harness.clock.advance(.minutes(1))
        _ = await harness.client.refreshDocuments()
        #expect(harness.provider.calls(to: .token).count == 1)
        #expect(harness.provider.calls(to: .userinfo).isEmpty)
    }

    @Test("B26 errors of the token endpoint are told apart for the log and look alike outside")
    func errors() async throws {
        for (answer, kind, reason) in [
            (
                HostileProvider.Answer.error("invalid_grant"), OpenIDConnectError.Kind.badProvider,
                "token_endpoint_invalid_grant"
            ),
            (.error("invalid_client", status: 401), .badProvider, "token_endpoint_invalid_client"),
            (.error("invalid_code", status: 403), .badProvider, "token_endpoint_other"),
            (.error("<script>"), .badProvider, "token_endpoint_other"),
            (.empty(400), .badProvider, "token_endpoint_unreadable"),
            (.empty(503), .unavailable, "unavailable_status_503"),
            (.lost, .unavailable, "unavailable_timeout"), (.text("<html>"), .badProvider, "answer_not_json"),
        ] {
            let harness = try ClientHarness()
            harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? answer : nil } }
            let error = try #require(await harness.loginError())
            #expect(error.kind == kind && error.reason == reason)
            #expect((error.retryAfter != nil) == (kind == .unavailable))
        }
    }

    @Test("B25 an answer without an ID token, or with one that is not believed, stores and calls nothing")
    func idTokenFirst() async throws {
        for value in [JSONValue.null, "", "x", 7, "a.b.c"] {
            let harness = try ClientHarness { $0.userinfo = .always }
            harness.provider.bend { $0.tokenResponse = { $0["id_token"] = value } }
            #expect(await harness.loginError()?.kind == .badProvider)
            #expect(harness.provider.calls(to: .userinfo).isEmpty)
        }
    }

    @Test("B21 a DPoP token is of no use to a client that makes no proofs")
    func dpop() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.tokenResponse = { $0["token_type"] = "DPoP" } }
        #expect(await harness.loginError() == .answer(.tokenType))
    }

    @Test("B24 a narrower scope is kept, a wider one is kept and told about")
    func scopes() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.tokenResponse = { $0["scope"] = "openid" } }
        #expect(try await harness.login().scope == "openid")
        harness.provider.bend { $0.tokenResponse = { $0["scope"] = "openid admin root" } }
        #expect(try await harness.login().scope == "openid admin root")
        let widened = harness.events.withLock { $0 }.compactMap { event -> [String]? in
            if case .scopeWidened(let scopes) = event { scopes } else { nil }
        }
        #expect(widened == [["admin", "root"]])
    }

    @Test("B28 after five failures in a row calls are held back, and one that succeeds lets all go on")
    func gate() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .empty(502) : nil } }
        for _ in 0..<5 { #expect(await harness.loginError()?.reason == "unavailable_status_502") }
        for _ in 0..<20 { #expect(await harness.loginError()?.reason == "unavailable_held_back") }
        #expect(harness.provider.calls(to: .token).count == 5)
        #expect(await harness.client.status().isUp == false)
        harness.provider.bend { $0.intercept = { _, _ in nil } }
        harness.clock.advance(.seconds(2))
        #expect(try await harness.login().subject == "alice")
        #expect(try await harness.login().subject == "alice")
        #expect(await harness.client.status().isUp)
    }

    @Test("B28 a provider that limits how many codes anybody may bring shuts out nobody who brings a good one later")
    func limits() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .empty(429) : nil } }
        for _ in 0..<10 { #expect(await harness.loginError()?.reason == "unavailable_status_429") }
        harness.provider.bend { $0.intercept = { _, _ in nil } }
        #expect(try await harness.login().subject == "alice")
    }

    @Test("A54 errors and events hold no token, code or state")
    func canaries() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.idTokenClaims = { $0["nonce"] = "canary" } }
        let error = try #require(await harness.loginError())
        #expect(!"\(error) \(error.reason)".contains("canary"))
        harness.provider.bend { $0.idTokenClaims = { _ in } }
        let redirect = try await harness.begin()
        let query = try parameters(of: redirect.location)
        let refused = try harness.provider.authorize(redirect.location, error: "access_denied")
        let refusal = try #require(try await harness.refusal(refused, [redirect.cookie]))
        var dumped = ""
        dump(refusal, to: &dumped)
        for name in ["nonce", "state"] {
            #expect(!"\(refusal) \(dumped)".contains(try #require(query.value(name))))
        }
        #expect(!dumped.contains(refusal.attempt.proofKey.verifier))
        let tokens = try await harness.login()
        #expect(
            !"\(tokens.accessToken) \(String(describing: tokens.refreshToken)) \(String(describing: tokens.idToken))"
                .contains("canary"))
    }
}
