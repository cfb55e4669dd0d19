import Bytes
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

/// Callbacks that anybody may bring, beside the refreshes of those who are signed in (B28, B36).
@Suite("CrowdedProvider") struct CrowdedProviderTests {
    private static func isRedemption(_ call: HostileProvider.Call) -> Bool {
        call.value("grant_type") == "authorization_code"
    }

    private func isRenewed(_ outcome: RefreshOutcome) -> Bool {
        if case .renewed = outcome { true } else { false }
    }

    @Test(
        "B28, B36 redemptions that meet 429 or 5xx close no gate for refreshes, nor these for logins",
        arguments: [429, 503])
    func gates(status: Int) async throws {
        let harness = try ClientHarness()
        let tokens = try await harness.login()
        harness.provider.bend {
            $0.intercept = { call, _ in Self.isRedemption(call) ? .empty(status) : nil }
        }
        for _ in 0..<8 { #expect(await harness.loginError() != nil) }
        // "Too many" holds nobody back: whoever brings junk must not shut others out.
        let reason = status == 429 ? "unavailable_status_429" : "unavailable_held_back"
        #expect(await harness.loginError()?.reason == reason)
        let outcome = await harness.client.refresh(try harness.refreshRequest(tokens))
        #expect(isRenewed(outcome), "\(outcome)")

        let other = try ClientHarness()
        let session = try await other.login()
        other.provider.bend {
            $0.intercept = { call, _ in call.value("grant_type") == "refresh_token" ? .empty(status) : nil }
        }
        for _ in 0..<8 { _ = await other.client.refresh(try other.refreshRequest(session)) }
        #expect(try await other.login().subject == "alice")
    }

    /// The way to a provider that has no room for calls to the token endpoint.
    private struct FullChannel: BackChannel {
        let provider: HostileProvider
        let isFull: Locked<Bool>
        let isLocal: Bool

        func send(_ request: BackChannelRequest) async throws(BackChannelFailure) -> BackChannelResponse {
            if request.purpose == .token, isFull.withLock({ $0 }) {
                throw BackChannelFailure(reason: "overloaded", mayHaveArrived: false, isLocal: isLocal)
            }
            return try await provider.send(request)
        }
    }

    @Test("B28 calls that never left for want of room are no failures of the provider", arguments: [true, false])
    func ownQueue(isLocal: Bool) async throws {
        let harness = try ClientHarness()
        let tokens = try await harness.login()
        let isFull = Locked(true)
        let client = try ProviderClient(
            harness.settings, siteIsSecure: true,
            backChannel: FullChannel(provider: harness.provider, isFull: isFull, isLocal: isLocal),
            time: harness.clock.source, random: { 0.5 })
        let request = try harness.refreshRequest(tokens)
        for _ in 0..<8 { #expect(!isRenewed(await client.refresh(request))) }
        isFull.withLock { $0 = false }
        #expect(isRenewed(await client.refresh(request)) == isLocal)
    }

    @Test("B28 redemptions take eight places; others wait, then are refused with their state unused; refreshes go on")
    func places() async throws {
        let harness = try ClientHarness { $0.timeout = .minutes(5) }
        let tokens = try await harness.login()
        harness.provider.forgetCalls()
        let isHeld = Locked(true)
        harness.provider.bend {
            $0.intercept = { call, _ in
                while Self.isRedemption(call), isHeld.withLock({ $0 }) {
                    try? await Task.sleep(for: .milliseconds(2))
                }
                return nil
            }
        }
        let count = RedemptionPlaces.most + RedemptionPlaces.mostWaiting
        let logins = (0..<count).map { _ in Task { try await harness.login().subject } }
        let places = harness.client.places
        try await eventually("all are there: \(places.waiting)") { () async -> Bool in
            places.waiting == RedemptionPlaces.mostWaiting
                && harness.provider.calls(to: .token).count == RedemptionPlaces.most
        }
        // One more: refused, and not used up.
        let redirect = try await harness.begin()
        let answer = try harness.provider.authorize(redirect.location)
        await #expect(throws: OpenIDConnectError.crowded) {
            try await harness.refusal(answer, [redirect.cookie])
        }
        #expect(OpenIDConnectError.crowded.kind == .unavailable)
        #expect(isRenewed(await harness.client.refresh(try harness.refreshRequest(tokens))))
        #expect(harness.provider.calls(to: .token).count(where: Self.isRedemption) == RedemptionPlaces.most)

        isHeld.withLock { $0 = false }
        for login in logins { #expect(try await login.value == "alice") }
        switch try await harness.check(answer, [redirect.cookie]) {
        case .code(let checked): #expect(try await harness.client.redeem(checked).subject == "alice")
        case .refused: Issue.record("refused")
        }
        // A callback that came to nothing keeps no place.
        for _ in 0..<20 {
            await #expect(throws: OpenIDConnectError.callback(.replayed)) {
                try await harness.refusal(answer, [redirect.cookie])
            }
        }
        #expect(try await harness.login().subject == "alice")
    }

    @Test("B28 who waits too long for a place is told so", .timeLimit(.minutes(1)))
    func patience() async throws {
        let places = RedemptionPlaces()
        var taken: [RedemptionPlace] = []
        for _ in 0..<RedemptionPlaces.most { taken.append(try await places.enter(patience: .seconds(60))) }
        await #expect(throws: OpenIDConnectError.crowded) {
            _ = try await places.enter(patience: .milliseconds(5))
        }
        #expect(places.waiting == 0)
        // Dropped, left, left twice: one place each.
        taken.removeLast()
        taken[0].leave()
        taken[0].leave()
        var again = [try await places.enter(patience: .milliseconds(5))]
        again.append(try await places.enter(patience: .milliseconds(5)))
        await #expect(throws: OpenIDConnectError.crowded) {
            _ = try await places.enter(patience: .milliseconds(5))
        }
        withExtendedLifetime(taken) {}
        withExtendedLifetime(again) {}
    }
}
