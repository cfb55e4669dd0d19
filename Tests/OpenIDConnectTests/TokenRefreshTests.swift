import Bytes
import Formats
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

@Suite("TokenRefresh") struct TokenRefreshTests {
    /// A refresh right after a login, with the provider bent in between.
    private func refresh(
        _ harness: ClientHarness? = nil, _ bend: (inout HostileProvider.Script) -> Void = { _ in }
    ) async throws -> (outcome: RefreshOutcome, harness: ClientHarness, before: GrantedTokens) {
        let harness = try harness ?? ClientHarness()
        let before = try await harness.login()
        harness.provider.forgetCalls()
        harness.provider.bend(bend)
        harness.clock.advance(.seconds(120))
        let outcome = await harness.client.refresh(try harness.refreshRequest(before))
        return (outcome, harness, before)
    }

    private func renewed(_ outcome: RefreshOutcome) -> GrantedTokens? {
        if case .renewed(let tokens) = outcome { tokens } else { nil }
    }

    @Test("B30 B38 the request: as the client, to the token endpoint, without a scope")
    func request() async throws {
        let (outcome, harness, before) = try await refresh()
        #expect(renewed(outcome) != nil)
        let call = try #require(harness.provider.calls(to: .token).first)
        #expect(call.form.map(\.name) == ["grant_type", "refresh_token"])
        #expect(call.value("refresh_token") == before.refreshToken?.exposedText)
        #expect(call.header("Authorization")?.hasPrefix("Basic ") == true)
        #expect(harness.provider.calls.count == 1)
    }

    @Test("B30 a token of one provider never reaches another")
    func otherIssuer() async throws {
        let harness = try ClientHarness()
        let request = RefreshRequest(
            refreshToken: Secret("rt"), issuer: "https://evil.example", subject: "a", claims: [:], scope: nil)
        #expect(await harness.client.refresh(request) == .fatal(reason: "other_issuer", endsNow: true))
        #expect(harness.provider.calls(to: .token).isEmpty)
    }

    @Test("B33 a rotated refresh token replaces the old one; without rotation the old one stays")
    func rotation() async throws {
        let (rotated, _, before) = try await refresh()
        let tokens = try #require(renewed(rotated))
        #expect(tokens.refreshToken != before.refreshToken && tokens.accessToken != before.accessToken)
        #expect(tokens.idToken != nil && tokens.claims["name"] == "Alice Example")
        let (kept, _, first) = try await refresh { $0.rotatesRefreshTokens = false }
        #expect(renewed(kept)?.refreshToken == first.refreshToken)
    }

    @Test("B33 an answer without an ID token keeps the claims")
    func withoutIDToken() async throws {
        let (outcome, _, before) = try await refresh { $0.refreshBringsIDToken = false }
        let tokens = try #require(renewed(outcome))
        #expect(tokens.claims == before.claims && tokens.subject == before.subject && tokens.sid == before.sid)
        #expect(tokens.idToken == nil && tokens.authTime == before.authTime)
    }

    @Test("Changed claims take effect with the refresh that brings them")
    func newClaims() async throws {
        let (outcome, _, _) = try await refresh { $0.claims = ["name": "Alice", "groups": ["admins"]] }
        #expect(renewed(outcome)?.claims["groups"] == ["admins"])
    }

    @Test("B35 invalid_grant ends the session at once")
    func invalidGrant() async throws {
        for status in [400, 401, 403] {
            let (outcome, harness, _) = try await refresh {
                $0.intercept = { _, _ in .error("invalid_grant", status: status) }
            }
            #expect(outcome == .fatal(reason: "invalid_grant", endsNow: true))
            #expect(harness.provider.calls(to: .token).count == 1)
        }
    }

    @Test("B35 any other refusal is final, but the session lives until its access token ends")
    func otherRefusals() async throws {
        for (answer, reason) in [
            (HostileProvider.Answer.empty(400), "unreadable"), (.empty(403), "unreadable"),
            (.text("<html>", status: 404), "unreadable"),
            (.error("invalid_request"), "invalid_request"), (.error("invalid_code", status: 403), "other"),
            (.error("invalid_scope"), "invalid_scope"), (.error("unsupported_grant_type"), "unsupported_grant_type"),
            (.json(["token_type": "Bearer"]), "answer_access_token"),
            (.json(["access_token": "a", "token_type": "mac"]), "answer_token_type"),
            (.json(["access_token": "a", "token_type": "DPoP"]), "answer_token_type"),
        ] {
            let (outcome, harness, _) = try await refresh { $0.intercept = { _, _ in answer } }
            #expect(outcome == .fatal(reason: reason, endsNow: false))
            #expect(harness.provider.calls(to: .token).count == 1)
        }
    }

    @Test("B36 a refused client is the operator's matter, not the user's")
    func operatorError() async throws {
        for code in ["invalid_client", "unauthorized_client"] {
            let (outcome, _, _) = try await refresh { $0.intercept = { _, _ in .error(code, status: 401) } }
            #expect(outcome == .operatorError(reason: code))
        }
    }

    @Test("B36 a provider in trouble costs nobody the session")
    func transient() async throws {
        for (answer, reason, wait) in [
            (HostileProvider.Answer.empty(500), "status_500", Duration.seconds(5)),
            (.empty(503, headers: [("retry-after", "30")]), "status_503", .seconds(30)),
            (.empty(429, headers: [("retry-after", "2")]), "status_429", .seconds(2)),
            (.error("temporarily_unavailable", status: 400), "temporarily_unavailable", .seconds(5)),
            (.unreachable, "refused", .seconds(5)), (.text("<html>maintenance"), "answer_not_json", .seconds(10)),
            (.empty(302, headers: [("location", "https://evil.example")]), "answer_status", .seconds(10)),
        ] {
            let (outcome, harness, _) = try await refresh { $0.intercept = { _, _ in answer } }
            #expect(outcome == .transient(reason: reason, retryAfter: wait))
            #expect(harness.provider.calls(to: .token).count == 1)
        }
    }

    @Test("B34 a lost answer is asked for once more, with the same token")
    func lostAnswer() async throws {
        let (outcome, harness, before) = try await refresh {
            $0.rotatesRefreshTokens = false
            $0.intercept = { _, earlier in earlier == 0 ? .lost : nil }
        }
        #expect(renewed(outcome) != nil)
        #expect(
            harness.provider.calls(to: .token).map { $0.value("refresh_token") } == [
                before.refreshToken?.exposedText, before.refreshToken?.exposedText,
            ])
        let (twice, other, _) = try await refresh { $0.intercept = { _, _ in .lost } }
        #expect(twice == .transient(reason: "timeout", retryAfter: .seconds(5)))
        #expect(other.provider.calls(to: .token).count == 2)
        let (revoked, _, _) = try await refresh {
            $0.intercept = { _, earlier in earlier == 0 ? .lost : .error("invalid_grant") }
        }
        #expect(revoked == .fatal(reason: "invalid_grant", endsNow: true))
    }

    @Test("B37 an ID token of another login discards all of the answer")
    func otherLogin() async throws {
        let changes: [@Sendable (inout JSONObject) -> Void] = [
            { $0["iss"] = "https://evil.example" }, { $0["sub"] = "bob" }, { $0["aud"] = "other" },
            { $0["aud"] = ["postern", "other"] }, { $0["nonce"] = "other" }, { $0["auth_time"] = 1_767_000_000 },
            { $0["iat"] = 1_767_268_000 }, { $0["exp"] = 1_767_268_000 }, { $0["sub"] = nil }, { $0["at_hash"] = "x" },
        ]
        for change in changes {
            let harness = try ClientHarness { $0.userinfo = .always }
            let (outcome, _, _) = try await refresh(harness) { $0.idTokenClaims = change }
            guard case .fatal(_, endsNow: true) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(harness.provider.calls(to: .userinfo).isEmpty, "the new token is used for nothing")
        }
    }

    @Test("B37 a nonce that repeats the first one, and the same auth_time, are fine")
    func sameLogin() async throws {
        let harness = try ClientHarness()
        let before = try await harness.login()
        let nonce = try #require(before.claims["nonce"])
        harness.provider.bend { $0.idTokenClaims = { $0["nonce"] = nonce } }
        #expect(renewed(await harness.client.refresh(try harness.refreshRequest(before))) != nil)
    }

    @Test("B33 a key that cannot be had yet does not cost the rotated refresh token")
    func keyLag() async throws {
        let (outcome, harness, before) = try await refresh { $0.idTokenHeader = { $0["kid"] = "not-yet-published" } }
        let tokens = try #require(renewed(outcome))
        #expect(tokens.claims == before.claims && tokens.idToken == nil && tokens.refreshToken != before.refreshToken)
        #expect(
            harness.events.withLock { $0 }.contains { if case .refreshedIDTokenIgnored = $0 { true } else { false } })
        let (other, _, _) = try await refresh { script in
            script.idTokenHeader = { $0["kid"] = "not-yet-published" }
            script.idTokenClaims = { $0["sub"] = "bob" }
        }
        #expect(other == .fatal(reason: "token_key_unknown", endsNow: true))
    }

    @Test("Where userinfo does not answer at a refresh, what it said before stays")
    func userinfoTrouble() async throws {
        let harness = try ClientHarness { $0.userinfo = .always }
        harness.provider.bend { $0.userinfo = { $0["department"] = "ops" } }
        let before = try await harness.login()
        #expect(before.claims["department"] == "ops")
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .userinfo ? .empty(503) : nil } }
        let tokens = renewed(await harness.client.refresh(try harness.refreshRequest(before)))
        #expect(tokens?.claims["department"] == "ops")
    }

    @Test("C51, C53 an answer of userinfo that is wrong ends the session at a refresh as it fails a login")
    func userinfoWrong() async throws {
        typealias Bend = @Sendable (inout HostileProvider.Script) -> Void
        func answers(_ answer: HostileProvider.Answer) -> Bend {
            { $0.intercept = { call, _ in call.endpoint == .userinfo ? answer : nil } }
        }
        let cases: [(Bend, AnswerProblem)] = [
            ({ $0.userinfo = { $0["sub"] = "mallory" } }, .userinfoSubject),
            ({ $0.userinfo = { $0["sub"] = nil } }, .userinfoSubject),
            ({ $0.userinfo = { $0["sub"] = "Alice" } }, .userinfoSubject),
            (answers(.empty(401)), .userinfoRefused), (answers(.text("<html>")), .userinfoForm),
        ]
        for (bend, problem) in cases {
            let (outcome, _, _) = try await refresh(try ClientHarness { $0.userinfo = .always }, bend)
            #expect(outcome == .fatal(reason: problem.rawValue, endsNow: true))
        }
        // An endpoint in trouble is none of these.
        for answer in [HostileProvider.Answer.empty(404), .empty(500), .lost, .unreachable] {
            let (outcome, _, _) = try await refresh(try ClientHarness { $0.userinfo = .always }, answers(answer))
            #expect(renewed(outcome) != nil, "\(answer)")
        }
    }

    @Test("B36 without metadata a refresh is transient")
    func noMetadata() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.intercept = { _, _ in .unreachable } }
        let request = RefreshRequest(
            refreshToken: Secret("rt"), issuer: "https://idp.example.com", subject: "a", claims: [:], scope: nil)
        guard case .transient = await harness.client.refresh(request) else {
            Issue.record("not transient")
            return
        }
    }
}
