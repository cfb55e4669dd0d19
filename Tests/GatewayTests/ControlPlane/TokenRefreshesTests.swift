import OpenIDConnect
import Sessions
import Synchronization
import TestSupport
import Testing
import Time

@testable import Gateway

struct TokenRefreshesTests {
    private func isEnded(_ result: RefreshResult) -> Bool {
        if case .ended(.revoked) = result { true } else { false }
    }

    @Test("B40 a logout that the store hears of after the new tokens wins all the same, and they are revoked")
    func logoutBehindTheRefresh() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        let old = try harness.refreshToken(live)
        harness.clock.advance(.seconds(290))
        harness.provider.bend {
            $0.intercept = { call, _ in
                // What a logout does first; its write waits behind the one of the refresh.
                if call.endpoint == .token { live.end(.revoked) }
                return nil
            }
        }
        #expect(isEnded(await harness.refreshes.refresh(live)))
        let new = try harness.refreshToken(live)
        #expect(new != old, "the refresh was written, and what a logout revokes is the new pair")
        try await eventually("revoked: \(harness.provider.revoked)") { () async -> Bool in
            harness.provider.revoked.contains(new)
        }
    }

    @Test("B40 who was logged out while the provider failed does not go on with the old token")
    func logoutBesideAFailure() async throws {
        for answer in [HostileProvider.Answer.empty(500), .error("invalid_client", status: 401), .error("other")] {
            let harness = try ControlHarness()
            let live = try await harness.signedIn()
            harness.clock.advance(.seconds(290))
            harness.provider.bend {
                $0.intercept = { call, _ in
                    guard call.endpoint == .token else { return nil }
                    live.end(.revoked)
                    return answer
                }
            }
            #expect(isEnded(await harness.refreshes.refresh(live)), "\(answer)")
        }
    }

    @Test("B40a a refusal ends nothing while the store cannot say whether somebody else was luckier")
    func refusalBesideALostStore() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        // Past the end of the access token.
        harness.clock.advance(.seconds(310))
        harness.provider.bend {
            $0.intercept = { call, _ in
                guard call.endpoint == .token else { return nil }
                harness.store.isLost.store(true, ordering: .relaxed)
                return .error("invalid_grant")
            }
        }
        guard case .unavailable = await harness.refreshes.refresh(live) else {
            Issue.record("not put off")
            return
        }
        #expect(live.ended == nil)
        harness.store.isLost.store(false, ordering: .relaxed)
        #expect(try await harness.isStored(live))
        // The store answers again, nobody was luckier, and the refusal counts.
        harness.provider.bend {
            $0.intercept = { call, _ in call.endpoint == .token ? .error("invalid_grant") : nil }
        }
        harness.clock.advance(.seconds(10))
        guard case .ended(.refreshFailed) = await harness.refreshes.refresh(live) else {
            Issue.record("not ended")
            return
        }
        #expect(try await !harness.isStored(live))
    }

    @Test("B36 who asks during a pause is told what is left of it, and does not make the next one longer")
    func askingDuringAPause() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        harness.clock.advance(.seconds(290))
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .empty(500) : nil } }
        var pauses: [Duration] = []
        for _ in 0..<3 {
            for _ in 0..<20 {
                guard case .unavailable(let pause) = await harness.refreshes.refresh(live) else {
                    Issue.record("not put off")
                    return
                }
                pauses.append(pause)
            }
            harness.clock.advance(.seconds(5))
        }
        #expect(pauses.max() ?? .zero <= .seconds(5), "\(pauses)")
    }

    @Test("B36 a provider that asks for a pause of decades gets five minutes")
    func longPause() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        harness.clock.advance(.seconds(290))
        harness.provider.bend {
            $0.intercept = { call, _ in
                call.endpoint == .token ? .empty(503, headers: [("retry-after", "2147483647")]) : nil
            }
        }
        guard case .unavailable(let wait) = await harness.refreshes.refresh(live) else {
            Issue.record("not put off")
            return
        }
        #expect(wait == .seconds(300))
        harness.provider.bend { $0.intercept = { _, _ in nil } }
        harness.clock.advance(.seconds(301))
        guard case .fresh = await harness.refreshes.refresh(live) else {
            Issue.record("not tried again")
            return
        }
    }
}
