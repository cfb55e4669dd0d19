import Bytes
import Cryptography
import Formats
import JOSE
import TestSupport
import Testing
import Time

@testable import OpenIDConnect

/// Every refusal here is one in which the access token was used for nothing (the conformance suite's "ExpectingNothing").
@Suite("IDTokenCheck") struct IDTokenCheckTests {
    /// The error of a login whose ID token was bent; `userinfo: always` would show any use of the access token.
    private func refusal(
        settings: (inout ProviderSettings) -> Void = { _ in }, start: (inout LoginStart) -> Void = { _ in },
        _ bend: @escaping (inout HostileProvider.Script) -> Void
    ) async throws -> JOSEError? {
        let harness = try ClientHarness {
            $0.userinfo = .always
            settings(&$0)
        }
        harness.provider.bend(bend)
        switch await harness.loginError(start) {
        case nil: return nil
        case .token(let error)?:
            #expect(harness.provider.calls(to: .userinfo).isEmpty, "no userinfo call")
            #expect(harness.provider.calls(to: .token).count == 1)
            return error
        case let other?:
            Issue.record("\(other)")
            return nil
        }
    }

    private func claims(
        settings: (inout ProviderSettings) -> Void = { _ in }, start: (inout LoginStart) -> Void = { _ in },
        _ change: @escaping @Sendable (inout JSONObject) -> Void
    ) async throws -> JOSEError? {
        try await refusal(settings: settings, start: start) { $0.idTokenClaims = change }
    }

    private static let now = FakeClock().now.seconds

    @Test("C1–C28 an honest token is believed")
    func honest() async throws { #expect(try await claims { _ in } == nil) }

    @Test("C1 C2 the form: three parts of strict base64url")
    func form() async throws {
        let bends: [(@Sendable (String) -> String, JOSEError)] = [
            ({ $0 + "=" }, .notCompact), ({ $0 + "." }, .notCompact), ({ $0.replacing(".", with: "") }, .notCompact),
            ({ "\($0).a.b" }, .encrypted), ({ "+" + $0.dropFirst() }, .notCompact),
        ]
        for (bend, error) in bends { #expect(try await refusal { $0.idToken = bend } == error) }
        let long: @Sendable (String) -> String = { $0 + String(repeating: "A", count: 60 * 1024) }
        #expect(try await refusal { $0.idToken = long } != nil)
    }

    @Test("C1 payloads with duplicate members or trailing data are refused")
    func payloads() async throws {
        for text in [#"{"sub":"a","sub":"b"}"#, #"{"sub":"a"}x"#, "[]", #""x""#, "\u{FEFF}{}"] {
            let error = try await refusal { script in
                script.idToken = { _ in
                    HostileProvider.sign(
                        header: ["alg": "ES256", "kid": "key-1"], claims: Array(text.utf8),
                        key: HostileProvider.makeKey())
                }
            }
            #expect(error == .malformedClaims, "\(text)")
        }
    }

    @Test(
        "C3 algorithms off the list are refused before any key is fetched",
        arguments: ["none", "None", "nOnE", "", "RS256 ", "rs256", "HS256", "A128KW", "RS384"])
    func algorithms(name: String) async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.idTokenHeader = { $0["alg"] = .string(name) } }
        #expect(await harness.loginError() == .token(.algorithmNotAllowed))
        #expect(harness.provider.calls(to: .keys).isEmpty)
        harness.provider.bend { script in
            script.idToken = { token in token.split(separator: ".").prefix(2).joined(separator: ".") + "." }
        }
        #expect(await harness.loginError() == .token(.notCompact), "no signature at all")
    }

    @Test("C3 a header without alg, or with one that is no text, is malformed")
    func noAlgorithm() async throws {
        for value in [JSONValue.null, 7, ["ES256"]] {
            #expect(try await refusal { $0.idTokenHeader = { $0["alg"] = value } } == .malformedHeader)
        }
        #expect(try await refusal { $0.idTokenHeader = { $0["alg"] = nil } } == .malformedHeader)
    }

    @Test("C4 C8 an algorithm of another family finds no key")
    func families() async throws {
        #expect(try await refusal { $0.idTokenHeader = { $0["alg"] = "RS256" } } == .noKey)
        #expect(try await refusal { $0.idTokenHeader = { $0["alg"] = "EdDSA" } } == .noKey)
    }

    @Test("C5 critical headers are not understood", arguments: [["b64"], [], ["exp"], ["alg"]] as [[String]])
    func critical(names: [String]) async throws {
        let list = JSONValue.array(names.map { .string($0) })
        #expect(try await refusal { $0.idTokenHeader = { $0["crit"] = list } } == .criticalHeader)
    }

    @Test("C6 a key in the header convinces nobody and causes no call")
    func keyInHeader() async throws {
        let attacker = HostileProvider.makeKey()
        let jwk = JSONValue.object(JSONWebKey(publicKey: attacker.publicKey, kid: "key-1", algorithm: .ES256).object)
        let error = try await refusal { script in
            script.idToken = { token in
                let payload = Base64URL.decode(String(token.split(separator: ".")[1])) ?? []
                return HostileProvider.sign(
                    header: ["alg": "ES256", "kid": "key-1", "jwk": jwk, "jku": "https://evil.example/keys"],
                    claims: payload,
                    key: attacker)
            }
        }
        #expect(error == .badSignature)
    }

    @Test(
        "C7 tokens of other kinds are no ID tokens",
        arguments: [
            "at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "oauth-authz-req+jwt", "x",
        ])
    func kinds(type: String) async throws {
        #expect(try await refusal { $0.idTokenHeader = { $0["typ"] = .string(type) } } == .wrongType)
    }

    @Test("C7 typ JWT in any case is fine, a security event is not")
    func plainKind() async throws {
        for type in ["JWT", "jwt", "application/jwt"] {
            #expect(try await refusal { $0.idTokenHeader = { $0["typ"] = .string(type) } } == nil)
        }
        #expect(try await claims { $0["events"] = [:] } == .unexpectedEvents)
    }

    @Test("C9 no kid: one key is taken, several are tried")
    func withoutKid() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.idTokenHeader = { $0["kid"] = nil } }
        #expect(try await harness.login().subject == "alice")
        harness.provider.rotateKey(kid: "key-2")
        #expect(try await harness.login().subject == "alice")
    }

    @Test("C11 K10 a changed signature or payload is refused")
    func signatures() async throws {
        let flips: [@Sendable (String) -> String] = [
            { token in
                var parts = token.split(separator: ".").map(String.init)
                let bytes = (Base64URL.decode(parts[2]) ?? []).map { $0 ^ 0x5A }
                parts[2] = Base64URL.encode(bytes)
                return parts.joined(separator: ".")
            },
            { token in
                var parts = token.split(separator: ".").map(String.init)
                let text = String(decoding: Base64URL.decode(parts[1]) ?? [], as: UTF8.self)
                parts[1] = Base64URL.encode(Array(text.replacing("alice", with: "admin").utf8))
                return parts.joined(separator: ".")
            },
        ]
        for flip in flips { #expect(try await refusal { $0.idToken = flip } == .badSignature) }
    }

    @Test("C13 the issuer is exact")
    func issuer() async throws {
        let issuer = "https://idp.example.com"
        let values: [JSONValue] = [
            .string(issuer + "1"), .string(issuer + "/"), .string("https://IDP.example.com"), [.string(issuer)],
            "https://evil.example", 7,
        ]
        for value in values { #expect(try await claims { $0["iss"] = value } == .issuer) }
        #expect(try await claims { $0["iss"] = nil } == .issuer)
    }

    @Test("C14 C15 K4 the audience is this client alone")
    func audience() async throws {
        for value in [JSONValue.string("postern1"), [], 7, "postern other", .null] {
            #expect(try await claims { $0["aud"] = value } == .audience)
        }
        #expect(try await claims { $0["aud"] = ["postern"] } == nil)
        #expect(try await claims { $0["aud"] = ["postern", "other"] } == .extraAudience)
        let tolerant: (inout ProviderSettings) -> Void = { $0.tolerate = [.extraAudience] }
        #expect(try await claims(settings: tolerant) { $0["aud"] = ["postern", "other"] } == .authorizedParty)
        let named: @Sendable (inout JSONObject) -> Void = {
            $0["aud"] = ["postern", "other"]
            $0["azp"] = "postern"
        }
        #expect(try await claims(settings: tolerant, named) == nil)
        #expect(try await claims { $0["azp"] = "other" } == .authorizedParty)
        #expect(try await claims { $0["azp"] = "postern" } == nil)
    }

    @Test("C16 C25 exp is there and lies ahead, give or take the skew")
    func expiry() async throws {
        let now = Self.now
        #expect(try await claims { $0["exp"] = nil } == .expiry)
        for value in [JSONValue.string("\(now + 300)"), -1, .integer((now + 300) * 1000), .null] {
            #expect(try await claims { $0["exp"] = value } == .expiry)
        }
        #expect(try await claims { $0["exp"] = .integer(now - 360) } == .expired)
        #expect(try await claims { $0["exp"] = .integer(now - 60) } == .expired)
        #expect(try await claims { $0["exp"] = .integer(now - 59) } == nil)
    }

    @Test("C17 K18 iat is there, not in the future and not older than the login")
    func issuedAt() async throws {
        let now = Self.now
        #expect(try await claims { $0["iat"] = nil } == .issuedAt)
        #expect(try await claims { $0["iat"] = "now" } == .issuedAt)
        #expect(try await claims { $0["iat"] = .integer(now + 61) } == .issuedInFuture)
        #expect(try await claims { $0["iat"] = .integer(now + 10) } == nil)
        #expect(try await claims { $0["iat"] = .integer(now - 3600) } == .issuedTooLongAgo)
        #expect(try await claims { $0["iat"] = .integer(now - 60) } == nil)
        #expect(try await claims { $0["iat"] = .integer(now - 61) } == .issuedTooLongAgo)
    }

    @Test("C18 nbf, when present, has come")
    func notBefore() async throws {
        let now = Self.now
        #expect(try await claims { $0["nbf"] = .integer(now + 61) } == .notYetValid)
        #expect(try await claims { $0["nbf"] = .integer(now + 59) } == nil)
        #expect(try await claims { $0["nbf"] = "0" } == .notYetValid)
    }

    @Test("C19 sub is a short, visible text")
    func subject() async throws {
        for value in [JSONValue.string(""), 7, .null, .string(String(repeating: "a", count: 256)), "a\u{1}b", "é"] {
            #expect(try await claims { $0["sub"] = value } == .subject)
        }
        #expect(try await claims { $0["sub"] = nil } == .subject)
        let harness = try ClientHarness()
        let longest = String(repeating: "a", count: 255)
        #expect(try await harness.login(subject: longest).subject == longest)
    }

    @Test("C20 the nonce is the one of this login")
    func nonce() async throws {
        #expect(try await claims { $0["nonce"] = .string(($0["nonce"]?.string ?? "") + "1") } == .nonce)
        #expect(try await claims { $0["nonce"] = nil } == .nonce)
        #expect(try await claims { $0["nonce"] = .null } == .nonce)
        // The whole ID token of another login of the same browser.
        let harness = try ClientHarness()
        let first = try #require(try await harness.login().idToken?.exposedText)
        harness.provider.bend { $0.idToken = { _ in first } }
        #expect(await harness.loginError() == .token(.nonce))
    }

    @Test("C21 A22 auth_time is required and checked when max_age was sent")
    func authenticationTime() async throws {
        let now = Self.now
        let asked: (inout LoginStart) -> Void = { $0.parameters = [("max_age", "300")] }
        #expect(try await claims(start: asked) { $0["auth_time"] = nil } == .authenticationTime)
        #expect(try await claims(start: asked) { $0["auth_time"] = "x" } == .authenticationTime)
        #expect(try await claims(start: asked) { $0["auth_time"] = .integer(now - 361) } == .authenticationTooOld)
        #expect(try await claims(start: asked) { $0["auth_time"] = .integer(now - 360) } == nil)
        #expect(try await claims(start: asked) { $0["auth_time"] = .integer(now + 61) } == .authenticationTime)
        #expect(try await claims { $0["auth_time"] = nil } == nil)
        #expect(try await claims { $0["auth_time"] = 0 } == nil, "glewlwyd, when nobody asked")
    }

    @Test("A22 A23 max_age=0 and a demanded login need an authentication after the start")
    func reauthentication() async throws {
        let now = Self.now
        for start: (inout LoginStart) -> Void in [{ $0.parameters = [("max_age", "0")] }, { $0.reauthenticate = true }]
        {
            #expect(try await claims(start: start) { _ in } == nil)
            #expect(try await claims(start: start) { $0["auth_time"] = nil } == .authenticationTime)
            #expect(try await claims(start: start) { $0["auth_time"] = .integer(now - 61) } == .authenticationTooOld)
            #expect(try await claims(start: start) { $0["auth_time"] = .integer(now - 60) } == nil)
        }
        let asked: (inout LoginStart) -> Void = { $0.parameters = [("prompt", "login")] }
        #expect(try await claims(start: asked) { $0["auth_time"] = nil } == nil)
        #expect(try await claims(start: asked) { $0["auth_time"] = .integer(now - 3600) } == .authenticationTooOld)
    }

    @Test("C22 A24 acr is one of those that a rule demands")
    func authenticationContext() async throws {
        let gold: (inout LoginStart) -> Void = { $0.acrValues = ["gold", "platinum"] }
        #expect(try await claims(start: gold) { $0["acr"] = "gold" } == nil)
        for value in [JSONValue.string("silver"), "GOLD", "0", ["gold"], .null] {
            #expect(try await claims(start: gold) { $0["acr"] = value } == .authenticationContext)
        }
        #expect(try await claims(start: gold) { _ in } == .authenticationContext)
        let zero: (inout LoginStart) -> Void = { $0.acrValues = ["0"] }
        #expect(try await claims(start: zero) { $0["acr"] = "0" } == .authenticationContext)
    }

    @Test("C23 C24 at_hash and c_hash, when present, fit")
    func hashes() async throws {
        #expect(try await claims { $0["at_hash"] = .string(($0["at_hash"]?.string ?? "") + "1") } == .accessTokenHash)
        #expect(try await claims { $0["at_hash"] = 7 } == .accessTokenHash)
        #expect(try await claims { $0["at_hash"] = nil } == nil)
        #expect(try await claims { $0["c_hash"] = "wrong" } == .codeHash)
    }

    @Test("C26 unknown claims are kept as they are, and huge ones end the login")
    func unknownClaims() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.idTokenClaims = { $0["__proto__"] = ["admin": true] } }
        #expect(try await harness.login().claims["__proto__"] == ["admin": true])
        for (count, reason) in [(100_000, "answer_member_type"), (1 << 20, "unavailable_too_large")] {
            let huge = String(repeating: "x", count: count)
            harness.provider.bend { $0.idTokenClaims = { $0["huge"] = .string(huge) } }
            #expect(await harness.loginError()?.reason == reason)
        }
    }

    @Test("C29 every refusal is of one kind")
    func oneKind() {
        #expect(Set(JOSEError.allCases.map { OpenIDConnectError.token($0).kind }) == [.badProvider])
    }
}
