import Bytes
import Cryptography
import TestSupport
import Testing
import Time

@testable import Sessions

struct SessionLifetimeTests {
    private let clock = FakeClock()

    private func lifetime(createdAgo: Duration = .zero) -> SessionLifetime {
        let created = clock.now - createdAgo
        return SessionLifetime(
            createdAt: created, absoluteEnd: created + .hours(12), idleTimeout: .minutes(30), now: clock.now,
            instant: clock.instant)
    }

    private func verdict(_ lifetime: SessionLifetime, _ use: LastUse) -> SessionLifetime.Verdict {
        lifetime.verdict(use, now: clock.now, instant: clock.instant)
    }

    @Test("E42 idle: alive to the last millisecond of 30 minutes, over at the next")
    func idle() {
        let (lifetime, use) = (lifetime(), LastUse(now: clock.now, instant: clock.instant))
        clock.advance(.seconds(1800) - .milliseconds(1))
        #expect(verdict(lifetime, use) == .alive)
        #expect(lifetime.idleRemaining(use, now: clock.now, instant: clock.instant) == .milliseconds(1))
        clock.advance(.milliseconds(1))
        #expect(verdict(lifetime, use) == .idle)
        #expect(lifetime.idleRemaining(use, now: clock.now, instant: clock.instant) == .zero)
    }

    @Test("E42 each use moves the idle end, E43 nothing moves the absolute one")
    func absolute() {
        let lifetime = lifetime()
        for _ in 0..<35 {
            clock.advance(.minutes(20))
            #expect(verdict(lifetime, LastUse(now: clock.now, instant: clock.instant)) == .alive)
        }
        clock.advance(.minutes(20))
        let use = LastUse(now: clock.now, instant: clock.instant)
        #expect(verdict(lifetime, use) == .over)
        #expect(lifetime.idleRemaining(use, now: clock.now, instant: clock.instant) == .zero)
    }

    @Test("what is left never reaches beyond the absolute end")
    func remaining() {
        let lifetime = lifetime(createdAgo: .hours(12) - .minutes(5))
        let use = LastUse(now: clock.now, instant: clock.instant)
        #expect(lifetime.idleRemaining(use, now: clock.now, instant: clock.instant) == .minutes(5))
    }

    @Test("a wall clock set back prolongs nothing that is in memory")
    func setBack() {
        let (lifetime, use) = (lifetime(), LastUse(now: clock.now, instant: clock.instant))
        clock.setWallClock(by: .seconds(-7200))
        clock.advance(.minutes(29))
        #expect(verdict(lifetime, use) == .alive)
        clock.advance(.minutes(1))
        #expect(verdict(lifetime, use) == .idle)
        clock.advance(.hours(12) - .minutes(30))
        #expect(verdict(lifetime, LastUse(now: clock.now, instant: clock.instant)) == .over)
    }

    @Test("a session read before its own beginning lives no longer than it was meant to")
    func readBeforeBeginning() {
        let created = clock.now
        clock.setWallClock(by: .seconds(-86400))
        let lifetime = SessionLifetime(
            createdAt: created, absoluteEnd: created + .hours(12), idleTimeout: .minutes(30), now: clock.now,
            instant: clock.instant)
        let use = LastUse(stored: created, now: clock.now, instant: clock.instant)
        #expect(use.wall == clock.now && use.steady == clock.instant)
        clock.advance(.minutes(30))
        #expect(verdict(lifetime, use) == .idle)
        clock.advance(.hours(12) - .minutes(30))
        #expect(verdict(lifetime, LastUse(now: clock.now, instant: clock.instant)) == .over)
    }

    @Test("a wall clock set forward counts: a clock that was wrong is believed once it is right")
    func setForward() {
        let (lifetime, use) = (lifetime(), LastUse(now: clock.now, instant: clock.instant))
        clock.setWallClock(by: .seconds(1799))
        #expect(verdict(lifetime, use) == .alive)
        clock.setWallClock(by: .seconds(1))
        #expect(verdict(lifetime, use) == .idle)
        clock.setWallClock(by: .seconds(12 * 3600))
        #expect(verdict(lifetime, use) == .over)
    }

    @Test("a stored use keeps its age on both clocks")
    func storedUse() {
        let use = LastUse(stored: clock.now - .minutes(10), now: clock.now, instant: clock.instant)
        let lifetime = lifetime()
        clock.setWallClock(by: .seconds(-3600))
        clock.advance(.minutes(20))
        #expect(verdict(lifetime, use) == .idle)
    }

    @Test("times beyond any calendar do not trap")
    func extremes() {
        let lifetime = SessionLifetime(
            createdAt: Timestamp(milliseconds: .min), absoluteEnd: Timestamp(milliseconds: .max),
            idleTimeout: .seconds(Int64.max), now: clock.now, instant: clock.instant)
        let use = LastUse(stored: Timestamp(milliseconds: .min), now: clock.now, instant: clock.instant)
        _ = verdict(lifetime, use)
        let over = Deadline(
            end: Timestamp(milliseconds: .min), start: Timestamp(milliseconds: .max), now: clock.now,
            instant: clock.instant)
        #expect(over.hasPassed(now: clock.now, instant: clock.instant))
        #expect(over.remaining(now: clock.now, instant: clock.instant) == .zero)
    }
}

struct RefreshTimeTests {
    private let clock = FakeClock()

    private func refreshTime(_ lifetime: Duration, before: Duration = .seconds(60), digest: UInt8 = 0) -> RefreshTime? {
        let tokens = TokenSet(
            accessToken: Secret("a"), tokenType: "Bearer", obtainedAt: clock.now, expiresAt: clock.now + lifetime)
        return RefreshTime(
            tokens, refreshBefore: before, digest: SHA256Digest(hashing: [digest]), now: clock.now,
            instant: clock.instant)
    }

    @Test(
        "B30 the margin is min(refresh_before, a fifth of the lifetime)",
        arguments: [(3600, 60), (300, 60), (299, 59.8), (60, 12), (10, 2), (1, 0.2), (0, 0)] as [(Int, Double)])
    func margin(lifetime: Int, expected: Double) {
        let margin = RefreshTime.margin(lifetime: .seconds(lifetime), refreshBefore: .seconds(60))
        #expect(margin == .milliseconds(Int64(expected * 1000)))
    }

    @Test("B30 a refresh is due within the margin, at a time of its own for each session")
    func jitter() throws {
        var due = Set<Timestamp>()
        for digest in 0..<200 as Range<UInt8> {
            let time = try #require(refreshTime(.seconds(3600), digest: digest))
            let early = time.end.wall.since(time.due.wall)
            #expect(early <= .seconds(60) && early >= .seconds(48) - .milliseconds(1))
            due.insert(time.due.wall)
        }
        #expect(due.count > 150)
    }

    @Test("B22 a token without an end is never due")
    func noEnd() {
        let tokens = TokenSet(accessToken: Secret("a"), tokenType: "Bearer", obtainedAt: clock.now)
        let time = RefreshTime(
            tokens, refreshBefore: .seconds(60), digest: SHA256Digest(hashing: [1]), now: clock.now,
            instant: clock.instant)
        #expect(time == nil)
    }

    @Test("a wall clock set back keeps no token beyond its life")
    func setBack() throws {
        let time = try #require(refreshTime(.seconds(300)))
        clock.setWallClock(by: .seconds(-3600))
        clock.advance(.seconds(239))
        #expect(!time.due.hasPassed(now: clock.now, instant: clock.instant))
        clock.advance(.seconds(61))
        #expect(time.due.hasPassed(now: clock.now, instant: clock.instant))
        #expect(time.end.hasPassed(now: clock.now, instant: clock.instant))
    }
}
