import Bytes
import Cryptography
import Formats
import HTTPServer
import JOSE
import TestSupport
import Testing
import Time

@testable import DevIdentityProvider

struct TokenEndpointTests {
    // MARK: Codes

    @Test(
        "H2 a code lives 60 seconds, 300 in an Okta organisation",
        arguments: [(.plain, 60), (.oktaCustom, 60), (.auth0, 60), (.oktaOrganization, 300)]
            as [(ProviderLayout, Int64)])
    func codeLifetime(layout: ProviderLayout, seconds: Int64) async throws {
        let harness = try ProviderHarness(layout)
        let (one, two) = (ProviderHarness.freshVerifier(), ProviderHarness.freshVerifier())
        let early = try await harness.code(verifier: one)
        harness.clock.advance(.seconds(seconds - 1))
        #expect(await harness.redeem(early, verifier: one).status == 200)
        let late = try await harness.code(verifier: two)
        harness.clock.advance(.seconds(seconds + 1))
        #expect(await harness.redeem(late, verifier: two).error == "invalid_grant")
    }

    @Test("H2 a code belongs to its client")
    func codeOfAnotherClient() async throws {
        let harness = try ProviderHarness()
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        let stolen = await harness.redeem(
            code, client: "other", verifier: ProviderHarness.verifier, secret: "other-secret")
        #expect(stolen.status == 400 && stolen.error == "invalid_grant")
        // The thief's attempt took nothing away.
        #expect(await harness.redeem(code, verifier: ProviderHarness.verifier).status == 200)
    }

    @Test("H3 a second valid redemption is refused and revokes every token of the code")
    func secondRedemption() async throws {
        let harness = try ProviderHarness()
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        let tokens = try await harness.redeem(code, verifier: ProviderHarness.verifier).json
        let access = try #require(tokens["access_token"]?.string)
        #expect(await harness.userinfo(access).status == 200)
        harness.clock.advance(.seconds(30))
        #expect(await harness.redeem(code, verifier: ProviderHarness.verifier).error == "invalid_grant")
        #expect(await harness.userinfo(access).status == 401)
        let refresh = try #require(tokens["refresh_token"]?.string)
        #expect(await harness.refresh(refresh).error == "invalid_grant")
    }

    @Test("H3 the second use is recognized after the code has ended too")
    func lateReplay() async throws {
        let harness = try ProviderHarness()
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        let tokens = try await harness.redeem(code, verifier: ProviderHarness.verifier).json
        harness.clock.advance(.seconds(120))
        #expect(await harness.redeem(code, verifier: ProviderHarness.verifier).error == "invalid_grant")
        #expect(await harness.userinfo(tokens["access_token"]?.string ?? "").status == 401)
    }

    @Test("H3 an invalid replay revokes nothing")
    func invalidReplay() async throws {
        let harness = try ProviderHarness()
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        let tokens = try await harness.redeem(code, verifier: ProviderHarness.verifier).json
        #expect(await harness.redeem(code, verifier: ProviderHarness.freshVerifier()).error == "invalid_grant")
        let other = await harness.redeem(
            code, client: "other", verifier: ProviderHarness.verifier, secret: "other-secret")
        #expect(other.error == "invalid_grant")
        #expect(await harness.userinfo(tokens["access_token"]?.string ?? "").status == 200)
    }

    @Test("H3 of fifty redemptions at once exactly one succeeds")
    func concurrentRedemption() async throws {
        let harness = try ProviderHarness()
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        let succeeded = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask { await harness.redeem(code, verifier: ProviderHarness.verifier).status == 200 ? 1 : 0 }
            }
            return await group.reduce(0, +)
        }
        #expect(succeeded == 1)
    }

    @Test("H5 redirect_uri must come again, and be the same")
    func redirectAgain() async throws {
        let harness = try ProviderHarness()
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        for wrong in [nil, ProviderHarness.redirect + "/", "yourApp:/callback"] as [String?] {
            let response = await harness.redeem(code, verifier: ProviderHarness.verifier, redirect: wrong)
            #expect(response.error == "invalid_grant")
        }
        #expect(await harness.redeem(code, verifier: ProviderHarness.verifier).status == 200)
    }

    @Test("H7 verifiers: length, characters, mismatch, absence")
    func verifiers() async throws {
        let harness = try ProviderHarness()
        for count in [43, 128] {
            let verifier = String(repeating: "a", count: count - 4) + "-._~"
            let code = try await harness.code(verifier: verifier)
            #expect(await harness.redeem(code, verifier: verifier).status == 200, "\(count)")
        }
        for bad in [
            String(repeating: "a", count: 42), String(repeating: "a", count: 129), String(repeating: "+", count: 43),
        ] {
            let code = try await harness.code(verifier: bad)
            #expect(await harness.redeem(code, verifier: bad).error == "invalid_request")
        }
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        #expect(await harness.redeem(code, verifier: nil).error == "invalid_request")
        #expect(
            await harness.redeem(code, verifier: ProviderHarness.challenge(of: ProviderHarness.verifier)).error
                == "invalid_grant")
    }

    @Test("H7 a verifier serves once for each client")
    func verifierReuse() async throws {
        let harness = try ProviderHarness()
        let first = try await harness.code(verifier: ProviderHarness.verifier)
        #expect(await harness.redeem(first, verifier: ProviderHarness.verifier).status == 200)
        let second = try await harness.code(verifier: ProviderHarness.verifier)
        #expect(await harness.redeem(second, verifier: ProviderHarness.verifier).error == "invalid_grant")
        let secret = "s3cret p+q%/é:"
        let other = try await harness.code(client: "confidential", verifier: ProviderHarness.verifier)
        let response = await harness.redeem(
            other, client: "confidential", verifier: ProviderHarness.verifier, secret: secret)
        #expect(response.status == 200)
    }

    // MARK: Answers

    @Test("H14 the answer of the token endpoint", arguments: ProviderLayout.allCases)
    func tokenResponse(layout: ProviderLayout) async throws {
        let harness = try ProviderHarness(layout)
        let code = try await harness.code(verifier: ProviderHarness.verifier)
        let response = await harness.redeem(code, verifier: ProviderHarness.verifier)
        #expect(response.header("Content-Type") == "application/json")
        #expect(response.header("Cache-Control") == "no-store")
        let body = try response.json
        #expect(body["token_type"]?.string == "Bearer")
        #expect(body["expires_in"]?.integer == layout.accessTokenLifetime.wholeSeconds)
        #expect(body["scope"]?.string == "openid profile email offline_access")
        for member in ["access_token", "id_token", "refresh_token"] { #expect(body[member]?.string?.isEmpty == false) }
    }

    @Test("H14 no refresh token without offline_access, no ID token without openid")
    func narrowScopes() async throws {
        let harness = try ProviderHarness()
        let online = try await harness.tokens(["scope": "openid"])
        #expect(online["refresh_token"] == nil && online["id_token"] != nil)
        let plain = try await harness.tokens(["scope": "profile"])
        #expect(plain["id_token"] == nil)
        #expect(await harness.userinfo(plain["access_token"]?.string ?? "").status == 403)
    }

    @Test("H14 refusals use the registered codes")
    func refusals() async throws {
        let harness = try ProviderHarness()
        let token = harness.path(.token)
        let cases: [([(String, String)], String)] = [
            ([("client_id", "public")], "invalid_request"),
            ([("client_id", "public"), ("grant_type", "password")], "unsupported_grant_type"),
            ([("client_id", "public"), ("grant_type", "client_credentials")], "unsupported_grant_type"),
            ([("client_id", "public"), ("grant_type", "authorization_code")], "invalid_request"),
            ([("client_id", "public"), ("grant_type", "refresh_token")], "invalid_request"),
            ([("client_id", "public"), ("client_id", "public"), ("grant_type", "refresh_token")], "invalid_request"),
            ([("client_id", "public"), ("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_grant"),
        ]
        for (form, error) in cases {
            let response = await harness.send("POST", token, form: form)
            #expect(response.status == 400 && response.error == error, "\(form)")
        }
        #expect(await harness.send("POST", token).error == "invalid_request")
        #expect(await harness.send("GET", token).status == 405)
    }

    @Test("H16 the ID token's claims")
    func idToken() async throws {
        let harness = try ProviderHarness()
        let tokens = try await harness.tokens()
        let compact = try #require(tokens["id_token"]?.string)
        let token = try JSONWebToken.parse(compact).verified(
            with: try await harness.keySet(), allowed: [.ES256], as: .idToken)
        let claims = token.claims
        #expect(token.header["kid"] != nil)
        try ClaimCheck.issuer(claims, is: "http://127.0.0.1:8081")
        try ClaimCheck.audience(claims, is: "public")
        try ClaimCheck.nonce(claims, is: "no-1")
        try ClaimCheck.accessTokenHash(claims, accessToken: tokens["access_token"]?.string ?? "", algorithm: .ES256)
        try ClaimCheck.expiry(claims, now: harness.clock.source.now(), skew: .zero)
        #expect(claims["sub"]?.string == "alice")
        for member in ["iat", "auth_time"] { #expect(claims[member]?.integer == 1_790_000_000) }
        for member in ["at_hash", "sid", "acr"] { #expect(claims[member]?.string?.isEmpty == false) }
        #expect(claims["amr"]?.array == ["pwd"])
        // Core 5.4: profile and e-mail come from userinfo.
        #expect(claims["email"] == nil)
    }

    @Test(
        "H16 every configurable algorithm verifies",
        arguments: [.RS256, .PS256, .ES256, .EdDSA] as [SignatureAlgorithm])
    func algorithms(algorithm: SignatureAlgorithm) async throws {
        let harness = try ProviderHarness { $0.signingAlgorithm = algorithm }
        let tokens = try await harness.tokens()
        let claims = try await harness.claims(of: tokens["id_token"]?.string)
        try ClaimCheck.accessTokenHash(claims, accessToken: tokens["access_token"]?.string ?? "", algorithm: algorithm)
    }

    @Test("H17 access tokens are JWTs by RFC 9068 or opaque, as the layout and the audience say")
    func accessTokens() async throws {
        func isSigned(_ tokens: JSONValue) -> Bool { tokens["access_token"]?.string?.split(separator: ".").count == 3 }
        #expect(isSigned(try await ProviderHarness(.plain).tokens()))
        #expect(isSigned(try await ProviderHarness(.oktaCustom).tokens()))
        #expect(!isSigned(try await ProviderHarness(.oktaOrganization).tokens()))
        let tenant = try ProviderHarness(.auth0)
        #expect(!isSigned(try await tenant.tokens()))
        let named = try await tenant.tokens(["audience": "https://api.example.com"])
        #expect(isSigned(named))
        let token = try JSONWebToken.parse(named["access_token"]?.string ?? "").verified(
            with: try await tenant.keySet(), allowed: [.ES256], as: .accessToken)
        #expect(token.claims["aud"] == ["https://api.example.com", "http://127.0.0.1:8081/userinfo"])
        for member in ["iss", "sub", "exp", "iat", "jti", "client_id", "scope"] {
            #expect(token.claims.contains(member), "\(member)")
        }
    }

    @Test("H17 resource names the audience; nonsense and two of them are invalid_target")
    func resource() async throws {
        let harness = try ProviderHarness()
        let tokens = try await harness.tokens(["resource": "urn:example:api"])
        let token = try JSONWebToken.parse(tokens["access_token"]?.string ?? "").verified(
            with: try await harness.keySet(), allowed: [.ES256], as: .accessToken)
        #expect(token.claims["aud"]?.string == "urn:example:api")
        for parameters in [
            ProviderHarness.parameters(["resource": "relative"]),
            ProviderHarness.parameters(["resource": "https://a/#f"]),
            ProviderHarness.parameters(["resource": "https://a/"]) + [("resource", "https://b/")],
        ] {
            let response = await TestPerson(harness).open(parameters)
            #expect(response.header("Location")?.contains("error=invalid_target") == true)
        }
    }

    // MARK: Refreshing

    @Test("H15 a refresh rotates; the ID token keeps sub, auth_time and sid, and has no nonce")
    func rotation() async throws {
        let harness = try ProviderHarness()
        let first = try await harness.tokens()
        harness.clock.advance(.seconds(100))
        let response = await harness.refresh(try #require(first["refresh_token"]?.string))
        let second = try response.json
        #expect(response.status == 200)
        #expect(second["refresh_token"]?.string != nil && second["refresh_token"] != first["refresh_token"])
        #expect(second["access_token"] != first["access_token"])
        let before = try await harness.claims(of: first["id_token"]?.string)
        let after = try await harness.claims(of: second["id_token"]?.string)
        for member in ["iss", "sub", "aud", "auth_time", "sid", "acr"] { #expect(after[member] == before[member]) }
        #expect(after["nonce"] == nil)
        #expect((after["iat"]?.integer ?? 0) - (before["iat"]?.integer ?? 0) == 100)
    }

    @Test("H15 a refresh token used twice ends the whole family")
    func reuse() async throws {
        let harness = try ProviderHarness()
        let first = try #require(try await harness.tokens()["refresh_token"]?.string)
        let second = try await harness.refresh(first).json
        #expect(await harness.refresh(first).error == "invalid_grant")
        #expect(await harness.refresh(second["refresh_token"]?.string ?? "").error == "invalid_grant")
        #expect(await harness.userinfo(second["access_token"]?.string ?? "").status == 401)
    }

    @Test("H15 of ten refreshes at once one succeeds, and the family ends")
    func parallelRefresh() async throws {
        let harness = try ProviderHarness()
        let token = try #require(try await harness.tokens()["refresh_token"]?.string)
        let succeeded = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<10 {
                group.addTask { (try? await harness.refresh(token).json)?["refresh_token"]?.string }
            }
            return await group.reduce(into: [String]()) { if let new = $1 { $0.append(new) } }
        }
        #expect(succeeded.count == 1)
        #expect(await harness.refresh(succeeded.first ?? "").error == "invalid_grant")
    }

    @Test("H15 with a grace an answer that was lost may be asked for again, for a while and by the same client")
    func grace() async throws {
        let harness = try ProviderHarness { $0.lifetimes.refreshGrace = .seconds(10) }
        let first = try #require(try await harness.tokens()["refresh_token"]?.string)
        #expect(await harness.refresh(first).status == 200)
        harness.clock.advance(.seconds(9))
        let again = try await harness.refresh(first).json
        #expect(again["refresh_token"] != nil)
        harness.clock.advance(.seconds(1))
        #expect(await harness.refresh(first).error == "invalid_grant")
        #expect(await harness.refresh(again["refresh_token"]?.string ?? "").error == "invalid_grant")
    }

    @Test("H15 without rotation the refresh token stays")
    func withoutRotation() async throws {
        let harness = try ProviderHarness { $0.rotatesRefreshTokens = false }
        let token = try #require(try await harness.tokens()["refresh_token"]?.string)
        for _ in 0..<3 {
            let response = await harness.refresh(token)
            #expect(response.status == 200)
            #expect(try response.json["refresh_token"] == nil)
        }
    }

    @Test("H15 bound to its client, never widened; a refused widening does not use up the token")
    func refreshScope() async throws {
        let harness = try ProviderHarness()
        let token = try #require(
            try await harness.tokens(["scope": "openid email offline_access"])["refresh_token"]?.string)
        #expect(await harness.refresh(token, client: "native").error == "invalid_grant")
        #expect(await harness.refresh(token, scope: "openid profile").error == "invalid_scope")
        let narrow = try await harness.refresh(token, scope: "openid").json
        #expect(narrow["scope"]?.string == "openid")
        // RFC 6749, section 6: the next refresh token has the scope of the first.
        let wide = try await harness.refresh(narrow["refresh_token"]?.string ?? "", scope: "openid email").json
        #expect(wide["scope"]?.string == "openid email")
    }

    @Test("H15 idle and absolute ends; a rotated token never outlives the family")
    func refreshExpiry() async throws {
        let harness = try ProviderHarness {
            $0.lifetimes.refreshIdle = .hours(10)
            $0.lifetimes.family = .hours(15)
        }
        let idle = try #require(try await harness.tokens()["refresh_token"]?.string)
        harness.clock.advance(.hours(10))
        #expect(await harness.refresh(idle).error == "invalid_grant")
        let first = try #require(try await harness.tokens()["refresh_token"]?.string)
        harness.clock.advance(.hours(9))
        let second = try #require(try await harness.refresh(first).json["refresh_token"]?.string)
        harness.clock.advance(.hours(6))
        #expect(await harness.refresh(second).error == "invalid_grant")
    }

    // MARK: Clients

    private func attempt(
        _ harness: ProviderHarness, form: [(String, String)] = [], basic: String? = nil
    ) async -> ServiceResponse {
        await harness.send(
            "POST", harness.path(.token),
            form: [("grant_type", "refresh_token"), ("refresh_token", "none")] + form,
            headers: basic.map { [("Authorization", "Basic " + Base64.encode(Array($0.utf8)))] } ?? [])
    }

    @Test("H13 Basic with form-encoded halves, and the secret in the body")
    func goodClients() async throws {
        let harness = try ProviderHarness()
        // invalid_grant: the client was let in, its token was not.
        #expect(await attempt(harness, basic: "confidential:s3cret+p%2Bq%25%2F%C3%A9%3A").error == "invalid_grant")
        #expect(await attempt(harness, basic: "confidential:s3cret%20p%2Bq%25%2F%C3%A9%3A").error == "invalid_grant")
        let posted = await attempt(harness, form: [("client_id", "confidential"), ("client_secret", "s3cret p+q%/é:")])
        #expect(posted.error == "invalid_grant")
        #expect(await attempt(harness, form: [("client_id", "public")]).error == "invalid_grant")
        let named = await attempt(harness, form: [("client_id", "other")], basic: "other:other-secret")
        #expect(named.error == "invalid_grant")
    }

    @Test("H13 wrong clients are 401 invalid_client, with a challenge where Basic was tried")
    func wrongClients() async throws {
        let harness = try ProviderHarness()
        for basic in ["other:wrong", "other:", "nobody:x", "public:x", "other", ":x", "other:other-secret%"] {
            let response = await attempt(harness, basic: basic)
            #expect(response.status == 401 && response.error == "invalid_client", "\(basic)")
            #expect(response.header("WWW-Authenticate")?.hasPrefix("Basic ") == true)
        }
        for form in [
            [("client_id", "other")], [("client_id", "other"), ("client_secret", "wrong")],
            [("client_id", "public"), ("client_secret", "x")], [("client_id", "nobody")], [],
            [("client_id", "other"), ("client_assertion", "x"), ("client_assertion_type", "y")],
        ] {
            let response = await attempt(harness, form: form)
            #expect(response.status == 401 && response.error == "invalid_client", "\(form)")
            #expect(response.header("WWW-Authenticate") == nil)
        }
    }

    @Test("H13 two methods in one request, or two names, are invalid_request")
    func twoMethods() async throws {
        let harness = try ProviderHarness()
        let both = await attempt(harness, form: [("client_secret", "other-secret")], basic: "other:other-secret")
        #expect(both.status == 400 && both.error == "invalid_request")
        let names = await attempt(harness, form: [("client_id", "public")], basic: "other:other-secret")
        #expect(names.status == 400 && names.error == "invalid_request")
    }

    @Test("H13 guessing is slowed down, for the guesser and not for others")
    func bruteForce() async throws {
        let harness = try ProviderHarness()
        for _ in 0..<10 { #expect(await attempt(harness, basic: "other:guess").status == 401) }
        let blocked = await attempt(harness, basic: "other:other-secret")
        #expect(blocked.status == 401 && blocked.header("Retry-After") == "60")
        #expect(await attempt(harness, basic: "api:api-secret").error == "invalid_grant")
        harness.clock.advance(.seconds(61))
        #expect(await attempt(harness, basic: "other:other-secret").error == "invalid_grant")
    }
}
