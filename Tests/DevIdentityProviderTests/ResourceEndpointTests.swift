import Formats
import HTTPServer
import JOSE
import TestSupport
import Testing
import Time

@testable import DevIdentityProvider

struct ResourceEndpointTests {
    // MARK: Userinfo

    @Test("H20 userinfo by GET, POST with a header and POST with a form", arguments: ProviderLayout.allCases)
    func userinfo(layout: ProviderLayout) async throws {
        let harness = try ProviderHarness(layout)
        let token = try #require(try await harness.tokens()["access_token"]?.string)
        let path = harness.path(.userinfo)
        for response in [
            await harness.userinfo(token),
            await harness.send("POST", path, headers: [("Authorization", "bearer " + token)]),
            await harness.send("POST", path, form: [("access_token", token)]),
        ] {
            #expect(response.status == 200)
            #expect(response.header("Content-Type") == "application/json")
            let claims = try response.json
            #expect(claims["sub"]?.string == "alice" && claims["email"]?.string == "alice@example.com")
            #expect(claims["groups"] == nil && claims["address"] == nil)
        }
    }

    @Test("H20 each scope opens its claims")
    func claimsByScope() async throws {
        let harness = try ProviderHarness()
        for (scope, present, absent) in [
            ("openid", [], ["name", "email", "groups"]), ("openid profile", ["name", "locale"], ["email"]),
            ("openid email", ["email", "email_verified"], ["name"]),
            ("openid address phone", ["address", "phone_number"], ["name"]),
            ("openid groups roles", ["groups", "roles"], ["email"]),
        ] as [(String, [String], [String])] {
            let token = try #require(try await harness.tokens(["scope": scope])["access_token"]?.string)
            let claims = try await harness.userinfo(token).json
            for name in present { #expect(claims[name] != nil, "\(scope): \(name)") }
            for name in absent { #expect(claims[name] == nil, "\(scope): \(name)") }
        }
    }

    @Test("H20 without a good token: 401 and 400 with a challenge")
    func userinfoRefusals() async throws {
        let harness = try ProviderHarness()
        let path = harness.path(.userinfo)
        let none = await harness.send("GET", path)
        #expect(none.status == 401 && none.header("WWW-Authenticate") == "Bearer realm=\"postern-dev\"")
        let bad = await harness.userinfo("x")
        #expect(bad.status == 401 && bad.header("WWW-Authenticate")?.contains("error=\"invalid_token\"") == true)
        let token = try #require(try await harness.tokens()["access_token"]?.string)
        #expect(await harness.send("GET", path + "?access_token=" + token).status == 401)
        let twice = await harness.send(
            "POST", path, form: [("access_token", token)], headers: [("Authorization", "Bearer " + token)])
        #expect(twice.status == 400)
        harness.clock.advance(.seconds(301))
        #expect(await harness.userinfo(token).status == 401)
    }

    // MARK: Revocation

    private func revoke(_ harness: ProviderHarness, _ token: String, client: String = "public") async -> ServiceResponse
    {
        await harness.send("POST", harness.path(.revoke), form: [("client_id", client), ("token", token)])
    }

    @Test("H21 a refresh token takes its family with it, an access token only itself")
    func revocation() async throws {
        let harness = try ProviderHarness()
        let one = try await harness.tokens()
        #expect(await revoke(harness, one["access_token"]?.string ?? "").status == 200)
        #expect(await harness.userinfo(one["access_token"]?.string ?? "").status == 401)
        let renewed = try await harness.refresh(one["refresh_token"]?.string ?? "").json
        #expect(await revoke(harness, renewed["refresh_token"]?.string ?? "").status == 200)
        #expect(await harness.userinfo(renewed["access_token"]?.string ?? "").status == 401)
        #expect(await harness.refresh(renewed["refresh_token"]?.string ?? "").error == "invalid_grant")
    }

    @Test("H21 unknown tokens are 200; another client's token stays; the caller must be a client")
    func revocationOfOthers() async throws {
        let harness = try ProviderHarness()
        let tokens = try await harness.tokens()
        #expect(await revoke(harness, "unknown").status == 200)
        #expect(await revoke(harness, tokens["refresh_token"]?.string ?? "", client: "native").status == 200)
        #expect(await revoke(harness, tokens["access_token"]?.string ?? "", client: "native").status == 200)
        #expect(await harness.userinfo(tokens["access_token"]?.string ?? "").status == 200)
        #expect(await harness.refresh(tokens["refresh_token"]?.string ?? "").status == 200)
        #expect(await revoke(harness, "x", client: "other").status == 401)
        let empty = await harness.send("POST", harness.path(.revoke), form: [("client_id", "public")])
        #expect(empty.error == "invalid_request")
    }

    // MARK: Introspection

    private func introspect(
        _ harness: ProviderHarness, _ token: String, _ client: [(String, String)]
    ) async throws -> ServiceResponse {
        await harness.send("POST", harness.path(.introspect), form: client + [("token", token)])
    }

    private let api = [("client_id", "api"), ("client_secret", "api-secret")]
    private let other = [("client_id", "other"), ("client_secret", "other-secret")]

    @Test(
        "H22 the API learns about tokens made for it, in either format",
        arguments: [.plain, .oktaOrganization] as [ProviderLayout])
    func introspection(layout: ProviderLayout) async throws {
        let harness = try ProviderHarness(layout)
        let token = try #require(try await harness.tokens()["access_token"]?.string)
        let answer = try await introspect(harness, token, api).json
        #expect(answer["active"] == true)
        #expect(answer["sub"]?.string == "alice" && answer["client_id"]?.string == "public")
        #expect(answer["token_type"]?.string == "Bearer" && answer["iss"]?.string == harness.issuer.text)
    }

    @Test("H22 active:false and nothing else for what is not active or not for the caller")
    func inactive() async throws {
        let harness = try ProviderHarness()
        let tokens = try await harness.tokens()
        let access = try #require(tokens["access_token"]?.string)
        let refresh = try #require(tokens["refresh_token"]?.string)
        let foreign = try #require(try await harness.tokens(["resource": "urn:other:api"])["access_token"]?.string)
        let inactive: JSONValue = ["active": false]
        #expect(try await introspect(harness, "garbage", api).json == inactive)
        #expect(try await introspect(harness, access, other).json == inactive)
        #expect(try await introspect(harness, refresh, api).json == inactive)
        #expect(try await introspect(harness, foreign, api).json == inactive)
        _ = await revoke(harness, access)
        #expect(try await introspect(harness, access, api).json == inactive)
        harness.clock.advance(.seconds(301))
        let fresh = try await harness.refresh(refresh).json["access_token"]?.string ?? ""
        #expect(try await introspect(harness, fresh, api).json["active"] == true)
        harness.clock.advance(.seconds(301))
        #expect(try await introspect(harness, fresh, api).json == inactive)
    }

    @Test("H22 without a client secret there is no answer")
    func introspectionNeedsSecret() async throws {
        let harness = try ProviderHarness()
        #expect(try await introspect(harness, "x", []).status == 401)
        #expect(try await introspect(harness, "x", [("client_id", "public")]).status == 401)
        #expect(await harness.send("GET", harness.path(.introspect) + "?token=x").status == 405)
    }

    // MARK: Discovery and keys

    @Test("H18 the same truthful document at every well-known path", arguments: ProviderLayout.allCases)
    func discovery(layout: ProviderLayout) async throws {
        let harness = try ProviderHarness(layout)
        let base = layout == .oktaCustom ? "/oauth2/default" : ""
        let paths = [base + "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server" + base]
        let documents = try await [harness.send("GET", paths[0]), harness.send("GET", paths[1])].map { try $0.json }
        #expect(documents[0] == documents[1])
        let document = documents[0]
        #expect(document["issuer"]?.string == harness.issuer.text)
        #expect(document["postern_development_provider"] == true)
        #expect(document["authorization_response_iss_parameter_supported"] == true)
        #expect(document["code_challenge_methods_supported"] == ["S256"])
        for member in [
            "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint",
            "revocation_endpoint", "introspection_endpoint",
        ] {
            let url = try #require(document[member]?.string)
            #expect(url.hasPrefix("http://127.0.0.1:8081/"))
            let path = String(url.dropFirst("http://127.0.0.1:8081".count))
            #expect(await harness.send("GET", path).status != 404, "\(member)")
        }
    }

    @Test("The layouts answer where the guides say")
    func layoutPaths() throws {
        func paths(_ layout: ProviderLayout) throws -> [String] {
            let issuer = try Issuer("http://127.0.0.1:8081", layout: layout)
            return [issuer.text]
                + [.authorize, .token, .userinfo, .keys, .revoke, .endSession].map { issuer.path(of: $0) }
        }
        let origin = "http://127.0.0.1:8081"
        #expect(
            try paths(.oktaOrganization) == [
                origin, "/oauth2/v1/authorize", "/oauth2/v1/token", "/oauth2/v1/userinfo", "/oauth2/v1/keys",
                "/oauth2/v1/revoke", "/oauth2/v1/logout",
            ])
        #expect(
            try paths(.oktaCustom) == [
                origin + "/oauth2/default", "/oauth2/default/v1/authorize", "/oauth2/default/v1/token",
                "/oauth2/default/v1/userinfo", "/oauth2/default/v1/keys", "/oauth2/default/v1/revoke",
                "/oauth2/default/v1/logout",
            ])
        #expect(
            try paths(.auth0) == [
                origin + "/", "/authorize", "/oauth/token", "/userinfo", "/.well-known/jwks.json", "/oauth/revoke",
                "/oidc/logout",
            ])
    }

    @Test("H19 the key set: public members only, unique kids, cacheable; rotation keeps the old key for a while")
    func keys() async throws {
        let harness = try ProviderHarness { $0.lifetimes.retiredKey = .minutes(60) }
        let response = await harness.send("GET", harness.path(.keys))
        #expect(response.header("Cache-Control")?.contains("max-age=") == true)
        let key = try #require(try response.json["keys"]?.array?.first?.object)
        #expect(key["use"]?.string == "sig" && key["alg"]?.string == "ES256")
        for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] { #expect(key[secret] == nil) }
        let old = try await harness.tokens()
        try harness.provider.rotateKeys()
        #expect(try await harness.keySet().keys.count == 2)
        #expect(Set(try await harness.keySet().keys.map(\.kid)).count == 2)
        _ = try await harness.claims(of: old["id_token"]?.string)
        let new = try await harness.tokens()
        _ = try await harness.claims(of: new["id_token"]?.string)
        harness.clock.advance(.minutes(61))
        #expect(try await harness.keySet().keys.count == 1)
        try harness.provider.rotateKeys(keepsOld: false)
        #expect(try await harness.keySet().keys.count == 1)
        await #expect(throws: JOSEError.noKey) { try await harness.claims(of: new["id_token"]?.string) }
    }
}
