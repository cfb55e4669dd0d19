import Cryptography
import OpenIDConnect
import Sessions
import Sockets
import Synchronization
import TestSupport
import Testing
import Time

@testable import Gateway

struct SessionKeeperTests {
    @Test("E44, E49 an ending that the store does not take is one all the same, and is asked about until it is written")
    func untold() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        harness.store.refuse(3)
        #expect(await harness.keeper.end(live, .revoked) == false)
        #expect(live.ended == .revoked)
        guard case .ending(.revoked) = await harness.keeper.resolve(live.id, site: 0) else {
            Issue.record("the cookie opens something")
            return
        }
        #expect(harness.keeper.unconfirmed(live.digest) === live)
        #expect(await harness.keeper.writeEndings() == false)
        // A process that is asked to stop tries until its last chance.
        await harness.keeper.writeEndings(until: harness.clock.instant + .seconds(10))
        #expect(try await harness.isStored(live) == false)
        // The user may still ask whether it is done, and is told.
        #expect(harness.keeper.unconfirmed(live.digest) === live)
        #expect(await harness.keeper.end(live, .revoked))
        #expect(harness.keeper.unconfirmed(live.digest) == nil)
    }

    @Test("E44 a store that never listens does not hold up the end of the process")
    func lastChance() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        harness.store.refuse(.max)
        #expect(await harness.keeper.end(live, .revoked) == false)
        await harness.keeper.writeEndings(until: harness.clock.instant)
        #expect(try await harness.isStored(live))
    }

    @Test("F2 a sign-out that nobody comes back for is forgotten after a while")
    func forgotten() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        harness.store.refuse(1)
        #expect(await harness.keeper.end(live, .revoked) == false)
        harness.clock.advance(.hours(1))
        #expect(await harness.keeper.writeEndings(), "never before the store knows")
        #expect(harness.keeper.unconfirmed(live.digest) === live)
        harness.clock.advance(UntoldEndings.memory + .seconds(1))
        #expect(await harness.keeper.writeEndings())
        #expect(harness.keeper.unconfirmed(live.digest) == nil)
    }

    @Test("A50, B63 the tokens of a session that a login replaces are revoked, the newest ones")
    func replaced() async throws {
        let harness = try ControlHarness()
        let old = try await harness.signedIn()
        let token = try harness.refreshToken(old)
        let new = try await harness.signedIn(replacing: [old.digest])
        try await eventually("revoked: \(harness.provider.revoked)") { () async -> Bool in
            harness.provider.revoked.contains(token)
        }
        #expect(old.ended == .revoked && new.ended == nil)
        #expect(!harness.provider.revoked.contains(try harness.refreshToken(new)))
    }

    @Test("E47 every end is announced to whoever has something under way, also of what memory has let go of")
    func announced() async throws {
        let harness = try ControlHarness()
        let mailbox = try Mailbox<WorkerMessage>()
        harness.keeper.announce(to: mailbox)
        let (ended, evicted, replaced) = (
            try await harness.signedIn(), try await harness.signedIn(), try await harness.signedIn()
        )
        await harness.keeper.end(ended, .refreshFailed)
        harness.keeper.cache.removeAll()
        harness.keeper.observed(.these([evicted.digest]))
        _ = try await harness.signedIn(replacing: [replaced.digest])
        harness.keeper.observed(.unknown)
        let heard = try heard(mailbox)
        #expect(heard.contains { $0 == ([ended.digest], .refreshFailed) })
        #expect(heard.contains { $0 == ([evicted.digest], .revoked) })
        #expect(heard.contains { $0 == ([replaced.digest], .revoked) })
        #expect(heard.last ?? ([], .expired) == ([], .revoked), "nobody knows which")
    }

    @Test("E42, E47 the store says whether a session of what is under way still is one")
    func reviewed() async throws {
        let harness = try ControlHarness()
        let (alive, idle, gone) = (
            try await harness.signedIn(), try await harness.signedIn(), try await harness.signedIn()
        )
        await harness.keeper.review(alive)
        #expect(alive.ended == nil)
        // Another process has ended it, and its announcement was lost.
        _ = try await harness.registry.end([gone.digest], .deleted)
        #expect(gone.ended == nil)
        await harness.keeper.review(gone)
        #expect(gone.ended == .revoked)
        harness.clock.advance(.hours(1))
        harness.store.isLost.store(true, ordering: .relaxed)
        await harness.keeper.review(idle)
        #expect(idle.ended == nil, "a store that does not answer ends nothing")
        harness.store.isLost.store(false, ordering: .relaxed)
        await harness.keeper.review(idle)
        #expect(idle.ended == .expired)
    }

    /// What a worker finds in its mailbox; nothing but a reason where nobody knows which.
    private func heard(_ mailbox: Mailbox<WorkerMessage>) throws -> [(Set<SHA256Digest>, SessionEnd)] {
        let loop = try EventLoop()
        var heard: [(Set<SHA256Digest>, SessionEnd)] = []
        try mailbox.deliver(on: loop) { message in
            switch message {
            case .sessionsEnded(let digests, let reason): heard.append((digests, reason))
            case .sessionsUncertain: heard.append(([], .revoked))
            default: break
            }
        }
        loop.turn(waiting: .zero)
        return heard
    }

    @Test("E40 memory knows, too, on which site a session began")
    func otherSite() async throws {
        let harness = try ControlHarness()
        let live = try await harness.signedIn()
        guard case .found = await harness.keeper.resolve(live.id, site: 0) else {
            Issue.record("not found where it began")
            return
        }
        guard case .absent = await harness.keeper.resolve(live.id, site: 1) else {
            Issue.record("found on another site")
            return
        }
    }

    @Test("E42, E40 a session that is idle here and in use in another process lives; idle in both it ends")
    func idleElsewhere() async throws {
        let harness = try ControlHarness { $0.idleTimeout = .minutes(10) }
        let live = try await harness.signedIn()
        let (here, there) = (harness.keeper, harness.another())
        guard case .found(let copy) = await there.resolve(live.id, site: 0) else {
            Issue.record("not found in the other process")
            return
        }
        harness.clock.advance(.minutes(9))
        _ = copy.touch(harness.clock.now, harness.clock.instant, storedEvery: Delay(.seconds(1)))
        there.touch(copy)
        await there.writeUses()
        harness.clock.advance(.minutes(2))
        guard case .found(let again) = await here.resolve(live.id, site: 0) else {
            Issue.record("ended although in use")
            return
        }
        #expect(again === live, "whoever holds it hears of its end")
        #expect(live.ended == nil && live.lastUse.wall == copy.lastUse.wall)
        #expect(try await harness.isStored(live))

        harness.clock.advance(.minutes(9))
        guard case .ended(.expired) = await here.resolve(live.id, site: 0) else {
            Issue.record("idle for too long everywhere")
            return
        }
        #expect(try await harness.isStored(live) == false)
    }

    @Test("E42 a wall clock that is set back makes no idle session a used one")
    func idleAndSetBack() async throws {
        let harness = try ControlHarness { $0.idleTimeout = .minutes(10) }
        let live = try await harness.signedIn()
        harness.clock.advance(.minutes(11))
        harness.clock.setWallClock(by: .hours(-5))
        guard case .ended(.expired) = await harness.keeper.resolve(live.id, site: 0) else {
            Issue.record("idle by the steady clock")
            return
        }
        #expect(live.ended == .expired)
    }

    @Test("E42, E49 an idle session is not ended while the store cannot say whether it is")
    func idleAndLost() async throws {
        let harness = try ControlHarness { $0.idleTimeout = .minutes(10) }
        let live = try await harness.signedIn()
        harness.clock.advance(.minutes(11))
        harness.store.isLost.store(true, ordering: .relaxed)
        guard case .unavailable = await harness.keeper.resolve(live.id, site: 0) else {
            Issue.record("the store was not asked")
            return
        }
        #expect(live.ended == nil)
    }
}
