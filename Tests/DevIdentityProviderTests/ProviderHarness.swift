import Bytes
import Cryptography
import Formats
import Foundation
import HTTPServer
import JOSE
import TestSupport
import Testing
import Time

@testable import DevIdentityProvider

/// A provider under test: plain calls, a clock that tests turn.
struct ProviderHarness {
    static let redirect = "http://localhost:8080/bff/callback"
    static let landing = "http://localhost:8080/bff/logout/callback"
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    let provider: DevProvider
    let clock = FakeClock(wall: Timestamp(seconds: 1_790_000_000))
    let issuer: Issuer
    let port: String

    init(_ layout: ProviderLayout = .plain, change: (inout DevProviderSettings) throws -> Void = { _ in }) throws {
        issuer = try Issuer("http://127.0.0.1:8081", layout: layout)
        port = "8081"
        var settings = DevProviderSettings(
            issuer: issuer,
            clients: [
                try DevClient(id: "public", redirectURIs: [Self.redirect]),
                try DevClient(id: "confidential", secret: Secret("s3cret p+q%/é:"), redirectURIs: [Self.redirect]),
                try DevClient(id: "other", secret: Secret("other-secret"), redirectURIs: [Self.redirect]),
                try DevClient(id: "native", redirectURIs: ["yourApp:/callback", "http://127.0.0.1/cb"]),
                try DevClient(
                    id: "api", secret: Secret("api-secret"), redirectURIs: [], resource: TokenMint.defaultAudience),
            ])
        // Elliptic curves are made faster than RSA keys; the algorithms themselves are tested where they live.
        settings.signingAlgorithm = .ES256
        try change(&settings)
        provider = try DevProvider(settings, time: clock.source)
    }

    // MARK: Requests

    func send(
        _ method: String, _ target: String, form: [(String, String)]? = nil, headers: [(String, String)] = []
    ) async -> ServiceResponse {
        var fields = headers.map { (name: $0.0, value: $0.1) }
        if form != nil { fields.append((name: "Content-Type", value: "application/x-www-form-urlencoded")) }
        return await provider.respond(
            to: ServiceRequest(
                method: method, target: target, host: "127.0.0.1:8081", headers: fields,
                body: form.map { Array(FormEncoding.encode($0).utf8) } ?? []))
    }

    func path(_ endpoint: ProviderEndpoint) -> String { issuer.path(of: endpoint) }

    /// Parameters of a good authorization request, changed by `overrides`; a nil value leaves one out.
    static func parameters(
        client: String = "public", _ overrides: [String: String?] = [:], verifier: String = verifier
    ) -> [(String, String)] {
        var all: [(String, String?)] = [
            ("client_id", client), ("response_type", "code"), ("redirect_uri", redirect),
            ("scope", "openid profile email offline_access"), ("state", "st-1"), ("nonce", "no-1"),
            ("code_challenge", challenge(of: verifier)), ("code_challenge_method", "S256"),
        ]
        for (name, value) in overrides.sorted(by: { $0.key < $1.key }) {
            if let index = all.firstIndex(where: { $0.0 == name }) {
                all[index].1 = value
            } else {
                all.append((name, value))
            }
        }
        return all.compactMap { name, value in value.map { (name, $0) } }
    }

    static func challenge(of verifier: String) -> String { Base64URL.encode(SHA256Digest(text: verifier).bytes) }

    static func freshVerifier() -> String {
        Base64URL.encode((0..<32).map { _ in UInt8.random(in: 0...255) })
    }

    // MARK: Whole flows

    /// Signs in at the provider and returns the code.
    func code(
        client: String = "public", as user: String = "alice", browser: TestPerson? = nil, verifier: String,
        _ overrides: [String: String?] = [:]
    ) async throws -> String {
        let person = browser ?? TestPerson(self)
        let end = try await person.walk(Self.parameters(client: client, overrides, verifier: verifier), as: user)
        return try #require(end["code"], "no code: \(end.address)")
    }

    func redeem(
        _ code: String, client: String = "public", verifier: String?, redirect: String? = redirect,
        headers: [(String, String)] = [], secret: String? = nil
    ) async -> ServiceResponse {
        var form = [("grant_type", "authorization_code"), ("client_id", client), ("code", code)]
        if let redirect { form.append(("redirect_uri", redirect)) }
        if let verifier { form.append(("code_verifier", verifier)) }
        if let secret { form.append(("client_secret", secret)) }
        return await send("POST", path(.token), form: form, headers: headers)
    }

    func refresh(_ token: String, client: String = "public", scope: String? = nil) async -> ServiceResponse {
        var form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]
        if let scope { form.append(("scope", scope)) }
        return await send("POST", path(.token), form: form)
    }

    /// The tokens of a fresh login.
    func tokens(
        client: String = "public", as user: String = "alice", browser: TestPerson? = nil,
        _ overrides: [String: String?] = [:], secret: String? = nil
    ) async throws -> JSONValue {
        let verifier = Self.freshVerifier()
        let code = try await code(client: client, as: user, browser: browser, verifier: verifier, overrides)
        let response = await redeem(code, client: client, verifier: verifier, secret: secret)
        #expect(response.status == 200)
        return try response.json
    }

    func userinfo(_ token: String) async -> ServiceResponse {
        await send("GET", path(.userinfo), headers: [("Authorization", "Bearer " + token)])
    }

    func claims(of token: String?) async throws -> JSONObject {
        try JSONWebToken.parse(try #require(token)).verified(
            with: try await keySet(), allowed: SignatureAlgorithm.standard, as: .idToken
        ).claims
    }

    func keySet() async throws -> JSONWebKeySet {
        try JSONWebKeySet(parsing: try await send("GET", path(.keys)).json)
    }
}

extension ServiceResponse {
    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }

    /// The `error` member of a refusal.
    var error: String? { (try? json)?["error"]?.string }
}
