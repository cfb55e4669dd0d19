import Bytes
import Cryptography
import Formats
import HTTPServer
import JOSE
import TestSupport
import Testing
import Threads
import Time

@testable import DevIdentityProvider

/// The provider of a test, reached by plain calls.
private struct DirectLine: ProviderLine {
    let harness: ProviderHarness
    let isDown = Locked(false)
    let fetches = Locked(0)

    func get(_ url: String) async -> [UInt8]? {
        fetches.withLock { $0 += 1 }
        if isDown.withLock({ $0 }) { return nil }
        return answer(await harness.send("GET", String(url.dropFirst(harness.issuer.origin.count))))
    }

    func post(
        _ url: String, form: [(String, String)], client: DemoAPISettings.IntrospectionClient
    ) async -> [UInt8]? {
        if isDown.withLock({ $0 }) { return nil }
        let credentials = Base64.encode(Array("\(client.id):\(client.secret.exposedText ?? "")".utf8))
        return answer(
            await harness.send(
                "POST", String(url.dropFirst(harness.issuer.origin.count)), form: form,
                headers: [("Authorization", "Basic " + credentials)]))
    }

    private func answer(_ response: ServiceResponse) -> [UInt8]? { response.status == 200 ? response.body : nil }
}

struct DemoAPITests {
    private let harness: ProviderHarness
    private let line: DirectLine
    private let api: DemoAPI

    init() throws { try self.init(.plain) }

    private init(_ layout: ProviderLayout) throws {
        harness = try ProviderHarness(layout)
        line = DirectLine(harness: harness)
        var settings = DemoAPISettings(issuer: harness.issuer.text)
        settings.introspectionClient = DemoAPISettings.IntrospectionClient(id: "api", secret: Secret("api-secret"))
        api = DemoAPI(settings, line: line, time: harness.clock.source)
    }

    private func call(
        _ token: String?, _ target: String = "/api/hello", method: String = "GET",
        headers: [(name: String, value: String)] = [], body: String = ""
    ) async -> ServiceResponse {
        let bearer = token.map { [(name: "Authorization", value: "Bearer " + $0)] } ?? []
        return await api.respond(
            to: ServiceRequest(method: method, target: target, headers: bearer + headers, body: Array(body.utf8)))
    }

    private func access(_ overrides: [String: String?] = [:]) async throws -> String {
        try #require(try await harness.tokens(overrides)["access_token"]?.string)
    }

    /// A token of the provider's own key with changed claims.
    private func forged(typ: String? = "at+jwt", _ change: (inout JSONObject) -> Void = { _ in }) throws -> String {
        let now = harness.clock.source.now().seconds
        var claims: JSONObject = [
            "iss": .string(harness.issuer.text), "sub": "alice", "aud": "api://default", "exp": .integer(now + 60),
            "iat": .integer(now), "jti": "j", "client_id": "public", "scope": "openid",
        ]
        change(&claims)
        return try harness.provider.context.keys.current.sign(claims, typ: typ ?? "")
    }

    @Test("A good token is believed, and the request sent back with tokens shortened")
    func echo() async throws {
        let token = try await access()
        let response = await call(
            token, "/api/notes?q=1", method: "POST", headers: [(name: "X-Copy", value: "a \(token) b")],
            body: "{\"note\":\"\(token)\"}")
        #expect(response.status == 200)
        #expect(!response.text.contains(token))
        #expect(!response.text.contains(token.split(separator: ".")[2]))
        let answer = try response.json
        #expect(answer["request"]?["method"]?.string == "POST")
        #expect(answer["request"]?["path"]?.string == "/api/notes")
        #expect(answer["request"]?["query"]?.string == "q=1")
        let authorization = answer["request"]?["headers"]?.array?.first { $0["name"]?.string == "authorization" }
        #expect(authorization?["value"]?.string?.hasPrefix("Bearer eyJ") == true)
        #expect(authorization?["value"]?.string?.hasSuffix("… (\(token.count) characters)") == true)
        #expect(answer["token"]?["subject"]?.string == "alice" && answer["token"]?["format"]?.string == "JWT")
    }

    @Test("C60 only one Authorization field with a bearer token counts")
    func oneMethod() async throws {
        let token = try await access()
        #expect(await call(nil, "/api?access_token=" + token).status == 401)
        let twice = await call(token, headers: [(name: "Authorization", value: "Bearer " + token)])
        #expect(twice.status == 400)
        for other in ["Basic eA==", "Bearer", "Bearer ", "DPoP " + token, "Bearer a b"] {
            let response = await call(nil, headers: [(name: "Authorization", value: other)])
            #expect(response.status == 400, "\(other)")
        }
        #expect(await call(nil, headers: [(name: "authorization", value: "bearer " + token)]).status == 200)
    }

    @Test(
        "C61 the type must be at+jwt",
        arguments: [("at+jwt", 200), ("application/AT+JWT", 200), ("JWT", 401), ("logout+jwt", 401)])
    func type(typ: String, status: Int) async throws {
        #expect(await call(try forged(typ: typ)).status == status)
    }

    @Test("C61 an ID token is no access token")
    func idToken() async throws {
        let token = try #require(try await harness.tokens()["id_token"]?.string)
        #expect(await call(token).status == 401)
    }

    @Test("C62 each required claim, missing or wrong")
    func claims() async throws {
        #expect(await call(try forged()).status == 200)
        for name in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] {
            #expect(await call(try forged { $0[name] = nil }).status == 401, "\(name)")
        }
        let now = harness.clock.source.now().seconds
        let wrong: [(String, JSONValue)] = [
            ("iss", "http://127.0.0.1:8081/"), ("aud", "public"), ("aud", ["x", "y"]), ("exp", .integer(now - 61)),
            ("exp", .string("\(now + 60)")), ("iat", .integer(now + 61)), ("nbf", .integer(now + 61)), ("sub", ""),
            ("client_id", 1), ("jti", ""), ("cnf", ["jkt": "x"]),
        ]
        for (name, value) in wrong {
            #expect(await call(try forged { $0[name] = value }).status == 401, "\(name) \(value)")
        }
        #expect(await call(try forged { $0["aud"] = ["x", "api://default"] }).status == 200)
    }

    @Test("C62 signatures of other keys and tampered tokens are refused")
    func signatures() async throws {
        let token = try await access()
        let parts = token.split(separator: ".").map(String.init)
        let other = try await access().split(separator: ".").map(String.init)
        #expect(await call([parts[0], other[1], parts[2]].joined(separator: ".")).status == 401)
        #expect(await call([parts[0], parts[1], ""].joined(separator: ".")).status == 401)
        let stranger = try PrivateKey.generate(.ec(.p256))
        let foreign = try TokenSigner.sign(
            claims: ["iss": .string(harness.issuer.text)], key: stranger, kid: "x", algorithm: .ES256, typ: "at+jwt")
        #expect(await call(foreign).status == 401)
    }

    @Test("C63 no token: a challenge without error; a bad one: invalid_token; too little: insufficient_scope")
    func challenges() async throws {
        let none = await call(nil)
        #expect(none.status == 401 && none.header("WWW-Authenticate") == "Bearer realm=\"demo-api\"")
        let bad = await call("x.y.z")
        #expect(bad.status == 401 && bad.header("WWW-Authenticate")?.contains("error=\"invalid_token\"") == true)
        let narrow = await call(try await access(), "/api/admin/users")
        #expect(narrow.status == 403)
        #expect(narrow.header("WWW-Authenticate")?.contains("error=\"insufficient_scope\"") == true)
        #expect(narrow.header("WWW-Authenticate")?.contains("scope=\"demo:admin\"") == true)
        #expect(await call(try await access(["scope": "openid demo:admin"]), "/api/admin/users").status == 200)
    }

    @Test(
        "Opaque tokens are asked about, and a revoked one is refused at once",
        arguments: [.oktaOrganization, .auth0] as [ProviderLayout])
    func opaque(layout: ProviderLayout) async throws {
        let test = try DemoAPITests(layout)
        let token = try await test.access()
        let good = await test.call(token)
        #expect(good.status == 200)
        #expect(try good.json["token"]?["format"]?.string == "opaque")
        #expect(await test.call("garbage").status == 401)
        _ = await test.harness.send(
            "POST", test.harness.path(.revoke), form: [("client_id", "public"), ("token", token)])
        #expect(await test.call(token).status == 401)
    }

    @Test("C63 a provider that cannot be asked is 503, never a way in")
    func unreachable() async throws {
        let token = try await access()
        line.isDown.withLock { $0 = true }
        #expect(await call(token).status == 503)
        #expect(await call("opaque").status == 503)
        line.isDown.withLock { $0 = false }
        harness.clock.advance(.seconds(2))
        #expect(await call(token).status == 200)
    }

    @Test("C62 a new key is fetched once; made-up key identifiers do not hammer the provider")
    func rotation() async throws {
        #expect(await call(try await access()).status == 200)
        let before = line.fetches.withLock { $0 }
        try harness.provider.rotateKeys()
        harness.clock.advance(.seconds(31))
        #expect(await call(try await access()).status == 200)
        let stranger = try PrivateKey.generate(.ec(.p256))
        for number in 0..<100 {
            let token = try TokenSigner.sign(
                claims: [:], key: stranger, kid: "k\(number)", algorithm: .ES256, typ: "at+jwt")
            #expect(await call(token).status == 401)
        }
        #expect(line.fetches.withLock { $0 } - before == 2)
    }

    @Test("A shortened token shows that it is there, and no more")
    func shortening() {
        let shortener = TokenShortener("abcdefghijklmnop")
        #expect(shortener.shorten("Bearer abcdefghijklmnop") == "Bearer abcd… (16 characters)")
        #expect(shortener.shorten("x") == "x")
        let signed = "eyJ" + String(repeating: "a", count: 60)
        #expect(!shortener.shorten("t=\(signed) y").contains(signed))
    }
}

struct DemoPageTests {
    private func get(_ target: String) async -> ServiceResponse {
        await DemoPage().respond(to: ServiceRequest(target: target))
    }

    @Test("The page loads nothing from elsewhere and runs under a strict policy")
    func policy() async throws {
        let page = await get("/")
        #expect(page.status == 200)
        let policy = try #require(page.header("Content-Security-Policy"))
        #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
        #expect(policy.contains("frame-ancestors 'none'"))
        for asset in ["/demo.css", "/demo.js", "/demo.svg"] {
            #expect(page.text.contains(asset))
            let response = await get(asset)
            #expect(response.status == 200 && response.header("X-Content-Type-Options") == "nosniff")
        }
        #expect(!page.text.contains("style=") && !page.text.contains("onclick") && !page.text.contains("https://"))
        #expect(page.text.matches(of: /<script(?! src="\/demo.js" defer>)/).isEmpty)
    }

    @Test("Nothing else is there, and nothing but reading")
    func rest() async {
        #expect(await get("/x").status == 404)
        #expect(await DemoPage().respond(to: ServiceRequest(method: "POST", target: "/")).status == 405)
    }
}
