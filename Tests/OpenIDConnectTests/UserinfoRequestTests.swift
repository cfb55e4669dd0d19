import Bytes
import Formats
import JOSE
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

@Suite("UserinfoRequest") struct UserinfoRequestTests {
    private func always(
        needed: [String] = [], _ bend: (inout HostileProvider.Script) -> Void = { _ in }
    ) throws -> ClientHarness {
        let harness = try ClientHarness(neededClaims: needed) { $0.userinfo = .always }
        harness.provider.bend(bend)
        return harness
    }

    @Test("C50 one GET, the token in the header and nowhere else")
    func request() async throws {
        let harness = try always()
        let tokens = try await harness.login()
        let call = try #require(harness.provider.calls(to: .userinfo).first)
        let token = try #require(tokens.accessToken.exposedText)
        #expect(call.method == "GET" && call.query.isEmpty && call.form.isEmpty)
        #expect(call.header("Authorization") == "Bearer " + token)
        #expect(!call.url.contains(token))
        #expect(harness.provider.calls(to: .userinfo).count == 1)
    }

    @Test("C51 another subject, or none, ends the login")
    func subject() async throws {
        for value in [JSONValue.string("aliceinvalid"), "Alice", 7, .null, ""] {
            let harness = try always { $0.userinfo = { $0["sub"] = value } }
            #expect(await harness.loginError() == .answer(.userinfoSubject))
        }
        let harness = try always { $0.userinfo = { $0["sub"] = nil } }
        #expect(await harness.loginError() == .answer(.userinfoSubject))
    }

    @Test("C51 userinfo adds claims; what the ID token says, and what logins depend on, stays")
    func merging() async throws {
        let harness = try always { script in
            script.userinfo = { claims in
                claims["department"] = "ops"
                claims["name"] = "Somebody Else"
                claims["iss"] = "https://evil.example"
                claims["acr"] = "gold"
                claims["sid"] = "forged"
                claims["_claim_names"] = ["credit": "src1"]
                claims["_claim_sources"] = ["src1": ["endpoint": "http://169.254.169.254/"]]
            }
        }
        let tokens = try await harness.login()
        #expect(tokens.claims["department"] == "ops" && tokens.claims["name"] == "Alice Example")
        #expect(tokens.claims["iss"] == "https://idp.example.com" && tokens.claims["acr"] == nil && tokens.acr == nil)
        #expect(
            tokens.sid != "forged" && tokens.claims["_claim_sources"] == nil && tokens.claims["_claim_names"] == nil)
        #expect(harness.provider.calls.allSatisfy { !$0.url.contains("169.254") })
    }

    private func signed(
        _ harness: ClientHarness, type: String = "application/jwt",
        header: JSONObject = ["alg": "ES256", "kid": "key-1"],
        _ change: @escaping @Sendable (inout JSONObject) -> Void = { _ in }
    ) {
        let key = harness.provider.signingKey
        harness.provider.bend { script in
            script.intercept = { call, _ in
                guard call.endpoint == .userinfo else { return nil }
                var claims: JSONObject = [
                    "iss": "https://idp.example.com", "aud": "postern", "sub": "alice", "department": "ops",
                ]
                change(&claims)
                return .text(HostileProvider.sign(header: header, claims: claims.encoded, key: key), type: type)
            }
        }
    }

    @Test("C52 a signed answer is verified: signature, issuer, audience")
    func signedAnswers() async throws {
        let good = try always()
        signed(good)
        #expect(try await good.login().claims["department"] == "ops")
        for change: @Sendable (inout JSONObject) -> Void in [
            { $0["iss"] = nil }, { $0["iss"] = "https://evil.example" }, { $0["aud"] = nil }, { $0["aud"] = "other" },
            { $0["exp"] = 1 },
        ] {
            let harness = try always()
            signed(harness, change)
            #expect(await harness.loginError() == .answer(.userinfoIssuer))
        }
        let unsigned = try always()
        signed(unsigned, header: ["alg": "none"])
        #expect(await unsigned.loginError() == .token(.algorithmNotAllowed))
        let access = try always()
        signed(access, header: ["alg": "ES256", "kid": "key-1", "typ": "at+jwt"])
        #expect(await access.loginError() == .token(.wrongType))
    }

    @Test("C52 the content type decides: a token labelled JSON and JSON labelled a token are refused")
    func labels() async throws {
        let harness = try always()
        signed(harness, type: "application/json")
        #expect(await harness.loginError() == .answer(.userinfoForm))
        for (text, type) in [
            (#"{"sub":"alice"}"#, "application/jwt"), (#"{"sub":"alice"}"#, "text/plain"), ("[]", "application/json"),
            (#"{"sub":"alice","sub":"bob"}"#, "application/json"),
        ] {
            let harness = try always {
                $0.intercept = { call, _ in call.endpoint == .userinfo ? .text(text, type: type) : nil }
            }
            #expect(await harness.loginError()?.kind == .badProvider)
        }
    }

    @Test("C53 refused: the login ends; in trouble: 503 where the claims are a must, else the login goes on")
    func failures() async throws {
        let trouble: [HostileProvider.Answer] = [
            .empty(500), .empty(429, headers: [("retry-after", "9")]), .lost, .unreachable,
        ]
        for answer in trouble + [.empty(401)] {
            let must = try always { $0.intercept = { call, _ in call.endpoint == .userinfo ? answer : nil } }
            let error = await must.loginError()
            if case .response(401, _, _) = answer {
                #expect(error == .answer(.userinfoRefused))
            } else {
                #expect(error?.kind == .unavailable && error?.retryAfter != nil)
            }
            #expect(must.provider.calls(to: .userinfo).count == 1)
        }
        for answer in trouble {
            let should = try ClientHarness()
            should.provider.bend { script in
                script.claims = [:]
                script.intercept = { call, _ in call.endpoint == .userinfo ? answer : nil }
            }
            #expect(try await should.login().claims["name"] == nil)
            #expect(should.provider.calls(to: .userinfo).count == 1)
        }
        let refused = try ClientHarness()
        refused.provider.bend { script in
            script.claims = [:]
            script.intercept = { call, _ in call.endpoint == .userinfo ? .empty(401) : nil }
        }
        #expect(await refused.loginError() == .answer(.userinfoRefused))
    }

    @Test("userinfo is asked when a needed claim, or one that a granted scope promises, is missing")
    func needed() async throws {
        func calls(_ needed: [String], _ change: (inout ProviderSettings) -> Void = { _ in }) async throws -> Int {
            let harness = try ClientHarness(neededClaims: needed, change)
            harness.provider.bend { $0.userinfo = { $0["realm_access"] = ["roles": ["admin"]] } }
            let tokens = try await harness.login()
            #expect(harness.provider.calls(to: .userinfo).isEmpty || tokens.claims["realm_access"] != nil)
            return harness.provider.calls(to: .userinfo).count
        }
        #expect(try await calls([]) == 0)
        #expect(try await calls(["sub", "name"]) == 0)
        #expect(try await calls(["realm_access.roles"]) == 1)
        #expect(try await calls(["realm_access.roles"]) { $0.userinfo = .never } == 0)
        #expect(try await calls(["name"]) { $0.userinfo = .always } == 1)

        let scoped = try ClientHarness()
        scoped.provider.bend { script in
            script.idTokenClaims = { $0["email"] = nil }
        }
        _ = try await scoped.login()
        #expect(scoped.provider.calls(to: .userinfo).count == 1)
        scoped.provider.bend { $0.tokenResponse = { $0["scope"] = "openid profile" } }
        _ = try await scoped.login()
        #expect(scoped.provider.calls(to: .userinfo).count == 1, "the scope was not granted")
    }

    @Test("C53 too much is too much")
    func size() async throws {
        let harness = try always { script in
            script.userinfo = { $0["huge"] = .string(String(repeating: "x", count: 200_000)) }
        }
        #expect(await harness.loginError()?.reason == "unavailable_userinfo_too_large")
        let both = try always { script in
            script.userinfo = { $0["huge"] = .string(String(repeating: "x", count: 100_000)) }
            script.idTokenClaims = { $0["large"] = .string(String(repeating: "y", count: 40_000)) }
        }
        #expect(await both.loginError() == .answer(.claimsTooLarge))
    }
}
