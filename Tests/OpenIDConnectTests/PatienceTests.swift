import Formats
import TestSupport
import Testing
import Time

@testable import OpenIDConnect

@Suite("Patience") struct PatienceTests {
    @Test("D9 waits double up to a minute, half of each at random")
    func backOff() {
        let now = Instant(nanoseconds: 0)
        for (random, factor) in [(0.0, 0.5), (0.999, 1.0)] {
            var backOff = BackOff()
            #expect(backOff.remaining(now: now) == nil)
            for full in [1.0, 2, 4, 8, 16, 32, 60, 60, 60] {
                backOff.failed(now: now, random: random)
                let wait = Double(backOff.remaining(now: now)?.milliseconds ?? 0) / 1000
                #expect(abs(wait - full * factor) < 0.1, "\(wait)")
            }
            backOff.succeeded()
            #expect(backOff.remaining(now: now) == nil && backOff.failures == 0)
        }
        var asked = BackOff()
        asked.failed(now: now, retryAfter: .seconds(42), random: 0)
        #expect(asked.remaining(now: now) == .seconds(42))
        asked.failed(now: now, retryAfter: .days(9), random: 0)
        #expect(asked.remaining(now: now) == .seconds(300))
    }

    @Test(
        "C40 D8 Cache-Control, between limits",
        arguments: [
            (["max-age=600"], nil, 600), (["public, max-age=\"600\", must-revalidate"], nil, 600),
            (["max-age=1"], nil, 60),
            (["max-age=999999999999999999999"], nil, 60), (["max-age=9999999999"], nil, 86400), ([], nil, 3600),
            (["no-store"], nil, 60), (["no-cache, max-age=600"], nil, 60), (["max-age=600, no-store"], nil, 60),
            (["max-age"], nil, 60), (["max-age=-5"], nil, 60), (["max-age=600"], "500", 100),
            (["max-age=600"], "9999", 60),
            (["private", "Max-Age = 600"], nil, 600), (["x"], nil, 3600),
        ] as [([String], String?, Int64)])
    func cacheControl(values: [String], age: String?, seconds: Int64) {
        var headers = values.map { (name: "cache-control", value: $0) }
        if let age { headers.append(("age", age)) }
        let response = BackChannelResponse(status: 200, headers: headers, body: [])
        #expect(CacheLifetime.of(response, in: .seconds(60) ... .hours(24)) == .seconds(seconds))
    }

    @Test("B28 the gate closes after five failures, lets one through after the pause, and opens with a success")
    func gate() {
        let clock = FakeClock()
        let gate = CallGate(random: { 1 })
        func admit() -> Duration? { gate.admit(now: clock.instant, budget: .seconds(10)) }
        for _ in 0..<4 { #expect(gate.failed(now: clock.instant) == nil && admit() == nil) }
        #expect(gate.failed(now: clock.instant) == .seconds(1))
        #expect(admit() == .seconds(1) && gate.isClosed(now: clock.instant))
        clock.advance(.seconds(1))
        #expect(admit() == nil, "one may try")
        #expect(admit() == .seconds(10), "the others wait for it")
        #expect(gate.failed(now: clock.instant) == .seconds(2))
        clock.advance(.seconds(2))
        #expect(admit() == nil)
        gate.succeeded()
        #expect(admit() == nil && admit() == nil && !gate.isClosed(now: clock.instant))
        for _ in 0..<30 { _ = gate.failed(now: clock.instant) }
        #expect(gate.failed(now: clock.instant) == CallGate.longestPause)
    }

    @Test("The provider's clock: within the time of a call there is no skew")
    func clock() {
        let meter = ClockSkewMeter()
        let sent = Timestamp(milliseconds: 1_767_268_800_900)
        let received = sent + .milliseconds(500)
        func note(_ date: String) -> Duration? {
            meter.note(
                BackChannelResponse(status: 200, headers: [("date", date)], body: []), sent: sent, received: received)
            return meter.skew
        }
        #expect(note("nonsense") == nil)
        #expect(note(HTTPDate.string(Timestamp(seconds: 1_767_268_800))) == .zero)
        #expect(note(HTTPDate.string(Timestamp(seconds: 1_767_268_801))) == .zero)
        #expect(note(HTTPDate.string(Timestamp(seconds: 1_767_268_863))) == .seconds(61))
        #expect(note(HTTPDate.string(Timestamp(seconds: 1_767_268_740))) == .seconds(-59))
    }
}
