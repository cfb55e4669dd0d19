import Bytes
import Cryptography
import Formats
import HTTP
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

@Suite("AuthorizationCallback") struct AuthorizationCallbackTests {
    /// Brings the parameters that `change` makes of an honest answer, and counts the token requests that follow.
    private func problem(
        _ harness: ClientHarness, cookies change2: ([SetCookie]) -> [SetCookie] = { $0 },
        arrival: AuthorizationCallback.Arrival = .query,
        _ change: (inout [(name: String, value: String)]) -> Void
    ) async throws -> CallbackProblem? {
        let redirect = try await harness.begin()
        var answer = try harness.provider.authorize(redirect.location)
        change(&answer)
        defer { #expect(harness.provider.calls(to: .token).isEmpty, "zero token requests") }
        do {
            _ = try await harness.refusal(answer, change2([redirect.cookie]), arrival: arrival)
            return nil
        } catch OpenIDConnectError.callback(let problem) {
            return problem
        } catch let problem as CallbackProblem {
            return problem
        }
    }

    @Test("A42 K12 state is checked before any token request")
    func state() async throws {
        let harness = try ClientHarness()
        #expect(try await problem(harness) { _ in } == nil)
        #expect(try await problem(harness) { $0.removeAll { $0.name == "state" } } == .stateMissing)
        #expect(try await problem(harness) { $0[1].value = "" } == .stateMissing)
        #expect(try await problem(harness) { $0[1].value += "1" } == .stateUnknown)
        #expect(try await problem(harness) { $0[1].value = $0[1].value.lowercased() } == .stateUnknown)
        #expect(try await problem(harness, cookies: { _ in [] }) { _ in } == .stateUnknown)
        let other = try await harness.begin().cookie
        #expect(try await problem(harness, cookies: { _ in [other] }) { _ in } == .stateUnknown)
    }

    @Test("A42 a state ends after ten minutes")
    func expiry() async throws {
        let harness = try ClientHarness()
        let redirect = try await harness.begin()
        let answer = try harness.provider.authorize(redirect.location)
        harness.clock.advance(.minutes(10) + .milliseconds(1))
        await #expect(throws: OpenIDConnectError.callback(.expired)) {
            try await harness.refusal(answer, [redirect.cookie])
        }
        #expect(harness.provider.calls(to: .token).isEmpty)
    }

    @Test("A43 the same callback fifty times at once: one winner, one token request")
    func oneWinner() async throws {
        let harness = try ClientHarness()
        let redirect = try await harness.begin()
        let answer = try harness.provider.authorize(redirect.location)
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do {
                        switch try await harness.check(answer, [redirect.cookie]) {
                        case .code(let checked): return try await harness.client.redeem(checked).subject
                        case .refused: return "refused"
                        }
                    } catch {
                        return (error as? OpenIDConnectError)?.reason ?? "other"
                    }
                }
            }
            return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(outcomes == ["alice": 1, "login_replayed": 49])
        #expect(harness.provider.calls(to: .token).count == 1)
    }

    @Test("A43 a store that cannot note the state stops the login before the token request")
    func brokenLedger() async throws {
        struct Broken: Error {}
        let harness = try ClientHarness()
        let redirect = try await harness.begin()
        let answer = try harness.provider.authorize(redirect.location)
        let text = FormEncoding.encode(answer.map { ($0.name, $0.value) })
        let callback = try AuthorizationCallback(text.utf8Span.span, arrival: .query)
        await #expect(throws: OpenIDConnectError.storeUnavailable) {
            let cookies = [(name: redirect.cookie.name, value: redirect.cookie.value)]
            _ = try await harness.client.check(
                callback, cookies: cookies, sealed: harness.sealed, consume: { _, _ in throw Broken() })
        }
        #expect(harness.provider.calls(to: .token).isEmpty)
    }

    @Test("A12 what is noted is SHA-256(state), until the attempt would end")
    func consumption() async throws {
        let harness = try ClientHarness()
        let redirect = try await harness.begin()
        let answer = try harness.provider.authorize(redirect.location)
        let state = try #require(answer.value("state"))
        let text = FormEncoding.encode(answer.map { ($0.name, $0.value) })
        let noted = Locked<[(SHA256Digest, Timestamp)]>([])
        harness.clock.advance(.minutes(3))
        let callback = try AuthorizationCallback(text.utf8Span.span, arrival: .query)
        _ = try await harness.client.check(
            callback, cookies: [(redirect.cookie.name, redirect.cookie.value)], sealed: harness.sealed
        ) { digest, until in
            noted.withLock { $0.append((digest, until)) }
            return true
        }
        let only = noted.withLock { $0 }
        #expect(only.count == 1)
        #expect(only.first?.0 == SHA256Digest(hashing: Array(state.utf8)))
        #expect(only.first?.1 == harness.clock.now + .minutes(7))
    }

    @Test("A41 a repeated parameter is refused, an unknown one ignored")
    func repeated() async throws {
        let harness = try ClientHarness()
        for name in ["code", "state", "iss", "foo"] {
            let found = try await problem(harness) { parameters in
                for _ in 0..<2 { parameters.append((name, "x")) }
            }
            #expect(found == .repeatedParameter, "\(name)")
        }
        #expect(try await problem(harness) { $0 += [("foo", "bar"), ("session_state", "x")] } == nil)
    }

    @Test("A44 K16 iss must be the issuer, exactly, also in error responses")
    func issuer() async throws {
        let issuer = "https://idp.example.com"
        let bad = [
            issuer + "1", issuer + "/", issuer.uppercased(), "https%3A%2F%2Fidp.example.com", "https://evil.example",
        ]
        for announced in [true, false] {
            let harness = try ClientHarness()
            harness.provider.bend {
                $0.metadata = { $0["authorization_response_iss_parameter_supported"] = .bool(announced) }
            }
            for value in bad {
                #expect(try await problem(harness) { $0[2].value = value } == .issuerMismatch, "\(value)")
                let inError = try await problem(harness) { parameters in
                    parameters[2].value = value
                    parameters[0] = ("error", "access_denied")
                }
                #expect(inError == .issuerMismatch)
            }
            #expect(try await problem(harness) { $0.remove(at: 2) } == (announced ? .issuerMissing : nil))
            let inError = try await problem(harness) { parameters in
                parameters.remove(at: 2)
                parameters[0] = ("error", "access_denied")
            }
            #expect(inError == (announced ? .issuerMissing : nil))
        }
    }

    @Test("A45 a callback at another provider's redirect URI is refused, and its code goes nowhere")
    func mixUp() async throws {
        let honest = try ClientHarness { $0.name = "honest" }
        let attacker = try ClientHarness(issuer: "https://evil.example") { $0.name = "attacker" }
        // The login was started at the attacker; the honest provider's answer comes to the attacker's callback.
        let started = try await attacker.begin()
        let state = try #require(try parameters(of: started.location).value("state"))
        let other = try await honest.begin()
        var answer = try honest.provider.authorize(other.location)
        answer[1].value = state
        await #expect(throws: OpenIDConnectError.callback(.issuerMismatch)) {
            try await attacker.refusal(answer, [started.cookie])
        }
        // And brought to the honest provider's callback it belongs to another login.
        await #expect(throws: OpenIDConnectError.callback(.otherProvider)) {
            try await honest.refusal(answer, [started.cookie])
        }
        #expect(attacker.provider.calls(to: .token).isEmpty && honest.provider.calls(to: .token).isEmpty)
    }

    @Test("A46 an attempt whose issuer is configured no more ends without a token request")
    func issuerChanged() async throws {
        let before = try ClientHarness(issuer: "https://old.example")
        let after = try ClientHarness()
        let redirect = try await before.begin()
        let answer = try before.provider.authorize(redirect.location)
        await #expect(throws: OpenIDConnectError.callback(.otherProvider)) {
            try await after.refusal(answer, [redirect.cookie])
        }
        #expect(after.provider.calls(to: .token).isEmpty)
    }

    @Test("A40 the response comes in the mode that was asked for")
    func responseMode() async throws {
        let query = try ClientHarness()
        #expect(try await problem(query, arrival: .form) { _ in } == .wrongResponseMode)
        let form = try ClientHarness { $0.responseMode = .formPost }
        #expect(try await problem(form, arrival: .query) { _ in } == .wrongResponseMode)
        #expect(try await problem(form, arrival: .form) { _ in } == nil)
    }

    @Test("A48 code and error exclude each other, and tokens have no place in a response")
    func combinations() async throws {
        let harness = try ClientHarness()
        #expect(try await problem(harness) { $0.append(("error", "access_denied")) } == .codeAndError)
        #expect(try await problem(harness) { $0.remove(at: 0) } == .neitherCodeNorError)
        #expect(try await problem(harness) { $0[0].value = "" } == .neitherCodeNorError)
        for name in ["access_token", "id_token", "token_type"] {
            #expect(try await problem(harness) { $0.append((name, "x")) } == .tokenInResponse)
        }
    }

    @Test("A47 error responses: known codes, harmless text, the right kind of page")
    func errors() async throws {
        let harness = try ClientHarness()
        let kinds: [(String, ProviderRefusal.Code, OpenIDConnectError.Kind)] = [
            ("access_denied", .accessDenied, .denied), ("login_required", .loginRequired, .interactionRequired),
            ("consent_required", .consentRequired, .interactionRequired),
            ("temporarily_unavailable", .temporarilyUnavailable, .unavailable),
            ("server_error", .serverError, .unavailable),
            ("invalid_scope", .invalidScope, .badProvider), ("<script>", .other, .badProvider),
            (String(repeating: "x", count: 60_000), .other, .badProvider),
        ]
        for (error, code, kind) in kinds {
            let redirect = try await harness.begin()
            var answer = try harness.provider.authorize(redirect.location, error: error)
            answer.append(
                ("error_description", "<script>\"\\\r\nSet-Cookie: x=y\u{0}é" + String(repeating: "z", count: 2000)))
            answer.append(("error_uri", "https://evil.example"))
            let refusal = try #require(try await harness.refusal(answer, [redirect.cookie]))
            #expect(refusal.code == code && refusal.code.kind == kind)
            let text = try #require(refusal.description)
            #expect(text.hasPrefix("<script>Set-Cookie: x=yzz") && text.utf8.count == 300)
            #expect(refusal.attempt.returnTarget == "/page")
        }
        #expect(harness.provider.calls(to: .token).isEmpty)
    }

    @Test("A21 a silent login that needs the user is known as such")
    func silent() async throws {
        let harness = try ClientHarness()
        let redirect = try await harness.begin { $0.parameters = [("prompt", "none")] }
        let answer = try harness.provider.authorize(redirect.location, error: "login_required")
        let refusal = try #require(try await harness.refusal(answer, [redirect.cookie]))
        #expect(refusal.attempt.isSilent && refusal.code.kind == .interactionRequired)
    }

    @Test("A42 a code that is none is refused before its state is used up (RFC 6749, appendix A.11)")
    func notACode() async throws {
        let harness = try ClientHarness()
        let redirect = try await harness.begin()
        let answer = try harness.provider.authorize(redirect.location)
        for code in ["a\u{0}", "a\r\nb", "\u{1f}", "\u{7f}", "é", String(repeating: "x", count: 4097)] {
            var bent = answer
            bent[0].value = code
            await #expect(throws: CallbackProblem.malformedCode) {
                _ = try await harness.refusal(bent, [redirect.cookie])
            }
        }
        var longest = answer
        longest[0].value = " ~" + String(repeating: "x", count: 4094)
        let text = FormEncoding.encode(longest.map { ($0.name, $0.value) })
        #expect(throws: Never.self) { try AuthorizationCallback(text.utf8Span.span, arrival: .query) }
        // The state has stayed good for the code it belongs to.
        #expect(try await harness.refusal(answer, [redirect.cookie]) == nil)
    }

    @Test("A41 A47 no form, too many parameters and too long ones are refused")
    func malformed() {
        for text in [
            "code=%", "code=%zz", "code=%FF", String(repeating: "a=b&", count: 60),
            "code=" + String(repeating: "x", count: 70_000),
        ] {
            #expect(throws: CallbackProblem.self) {
                try AuthorizationCallback(text.utf8Span.span, arrival: .query)
            }
        }
    }
}
