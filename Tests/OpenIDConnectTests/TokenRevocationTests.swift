import Bytes
import Formats
import TestSupport
import Testing
import Time

@testable import OpenIDConnect

@Suite("TokenRevocation") struct TokenRevocationTests {
    private let both = RevocationRequest(refreshToken: Secret("rt"), accessToken: Secret("at"))
    private let nothing = RevocationRequest(refreshToken: nil, accessToken: nil)

    @Test("B63 the refresh token first, then the access token, as the client")
    func order() async throws {
        for secret in ["s3cret", nil] {
            let harness = try ClientHarness(secret: secret)
            let outcome = await harness.client.revoke(both)
            #expect(outcome == RevocationOutcome(remaining: nothing, retryAfter: nil, problem: nil))
            #expect(harness.provider.revoked == ["rt", "at"])
            let calls = harness.provider.calls(to: .revoke)
            #expect(calls.map { $0.value("token_type_hint") } == ["refresh_token", "access_token"])
            #expect(calls.allSatisfy { $0.method == "POST" && !$0.url.contains("rt") })
            #expect(calls.allSatisfy { ($0.header("Authorization") != nil) == (secret != nil) })
        }
    }

    @Test("B64 503 leaves the rest for later; it is done in the end")
    func later() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { script in
            script.intercept = { call, earlier in
                call.endpoint == .revoke && earlier < 3 ? .empty(503, headers: [("retry-after", "4")]) : nil
            }
        }
        var request = both
        var attempt = 1
        var waits: [Duration] = []
        while !request.isEmpty {
            let outcome = await harness.client.revoke(request)
            request = outcome.remaining
            if request.isEmpty { break }
            attempt += 1
            waits.append(try #require(RevocationRetry.delay(beforeAttempt: attempt, retryAfter: outcome.retryAfter)))
        }
        #expect(waits == [.seconds(4), .seconds(16), .seconds(64)])
        #expect(harness.provider.revoked == ["rt", "at"])
    }

    @Test("B64 what went through is not sent again")
    func half() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { script in
            script.intercept = { call, _ in call.value("token") == "at" ? .lost : nil }
        }
        let outcome = await harness.client.revoke(both)
        #expect(outcome.remaining == RevocationRequest(refreshToken: nil, accessToken: Secret("at")))
        #expect(outcome.problem == "timeout" && outcome.retryAfter != nil)
    }

    @Test("B64 retries are bounded, and patience has an end")
    func bounded() {
        #expect(RevocationRetry.delay(beforeAttempt: 5, retryAfter: nil) != nil)
        #expect(RevocationRetry.delay(beforeAttempt: 6, retryAfter: nil) == nil)
        #expect(RevocationRetry.delay(beforeAttempt: 1, retryAfter: nil) == nil)
        #expect(RevocationRetry.delay(beforeAttempt: 2, retryAfter: .hours(5)) == .minutes(10))
    }

    @Test("B64 unsupported_token_type is no problem for an access token; other refusals are told and not repeated")
    func refusals() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { script in
            script.intercept = { call, _ in call.value("token") == "at" ? .error("unsupported_token_type") : nil }
        }
        #expect(
            await harness.client.revoke(both) == RevocationOutcome(remaining: nothing, retryAfter: nil, problem: nil))
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .revoke ? .empty(401) : nil } }
        #expect(
            await harness.client.revoke(both)
                == RevocationOutcome(remaining: nothing, retryAfter: nil, problem: "unreadable"))
    }

    @Test("B63 no endpoint, or nothing to revoke, or nobody wants it: no call")
    func nothingToDo() async throws {
        let none = try ClientHarness()
        none.provider.bend { $0.metadata = { $0["revocation_endpoint"] = nil } }
        #expect(await none.client.revoke(both).remaining.isEmpty)
        let off = try ClientHarness { $0.logout.revoke = false }
        #expect(await off.client.revoke(both).remaining.isEmpty)
        let idle = try ClientHarness()
        #expect(await idle.client.revoke(nothing).remaining.isEmpty)
        for harness in [none, off, idle] { #expect(harness.provider.calls(to: .revoke).isEmpty) }
    }

    @Test("B64 a provider that is down keeps the tokens for later")
    func down() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.intercept = { _, _ in .unreachable } }
        let outcome = await harness.client.revoke(both)
        #expect(outcome.remaining == both && outcome.retryAfter != nil && outcome.problem != nil)
    }
}
