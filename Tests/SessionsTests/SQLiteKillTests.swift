import Bytes
import Cryptography
import Foundation
import TestSupport
import Testing
import Threads
import Time

@testable import Sessions

/// kill -9, and what other processes make of it.
@Suite(.timeLimit(.minutes(5)))
struct SQLiteKillTests {
    @Test(
        "B33 kill -9 under load: nothing that was acknowledged is lost, and lost answers are noticed", arguments: 0..<6)
    func killed(round: Int) async throws {
        let directory = TemporaryDirectory()
        // The moment of death: in the middle of whatever the other writers are doing after this many answers.
        let answers = 30 + round * 157
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = directory.path as String, answers = answers as Int] in
            try await WriterUnderLoad(directory: path, answers: answers).run()
        }
        let diary = try String(contentsOfFile: directory.path + "/diary", encoding: .utf8)
        let lines = diary.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.count >= answers)
        var last: [String: String] = [:]
        for line in lines where line.count == 2 { last[line[1]] = line[0] }

        let fixture = try await StoreFixture(directory: directory)
        var seen: [String: Int] = [:]
        for (cookie, state) in last {
            let id = SessionID(cookieValue: Array(cookie.utf8).span)
            let finding = try await fixture.registry.find(try #require(id), site: StoreFixture.site)
            seen[state, default: 0] += 1
            switch (state, finding) {
            case ("began", .open(let open)):
                #expect(open.session.tokenVersion == 1)
            case ("refreshing", .open(let open)):
                // Either the answer came to disk unacknowledged, or the mark tells that it may be lost.
                #expect(open.session.tokenVersion == 2 || open.refreshWasInterrupted)
            case ("renewed", .open(let open)):
                #expect(open.session.tokenVersion == 2 && open.session.tokens?.accessToken.exposedText == "second")
            case ("ended", .absent): break
            // The write after the last one noted may have come to disk.
            case ("renewed", .absent): break
            default: Issue.record("\(state): \(finding)")
            }
        }
        #expect(seen["began", default: 0] + seen["refreshing", default: 0] + seen["renewed", default: 0] > 0)
        let check = try fixture.rawConnection().first("PRAGMA integrity_check") { $0.text(0) }
        #expect(check == "ok")
        await fixture.store.close()
    }

    @Test("B34 a process that died in a refresh is noticed at once, not when its time is over")
    func holderDied() async throws {
        let fixture = try await StoreFixture(clock: FakeClock(wall: .read(), steady: .read()))
        let open = try await fixture.begin()
        let cookie = try #require(open.id.cookieValue.exposedText)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = fixture.directory.path as String, cookie = cookie as String] in
            let store = try await SQLiteSessionStore(path: path + "/sessions.db", sites: [StoreFixture.site]) { _ in }
            guard let id = SessionID(cookieValue: Array(cookie.utf8).span) else { exit(3) }
            guard
                case .granted = try await store.beginRefresh(id.digest, version: 1, until: .read() + .hours(1))
            else { exit(4) }
            kill(getpid(), SIGKILL)
        }
        let mark = try #require(try await fixture.found(open)?.refresh)
        #expect(mark.until > fixture.clock.now + .minutes(50) && mark.isInterrupted)
        guard
            case .granted(_, afterInterruption: true) = try await fixture.registry.beginRefresh(
                open, lasting: .seconds(9))
        else {
            Issue.record("still held by the dead")
            return
        }
    }

    @Test("B32 a living process's refresh is respected by another")
    func holderLives() async throws {
        let here = try await StoreFixture()
        let there = try await StoreFixture(clock: here.clock, directory: here.directory)
        let open = try await here.begin()
        guard case .granted(let lease, _) = try await here.registry.beginRefresh(open, lasting: .seconds(10)) else {
            Issue.record("not granted")
            return
        }
        #expect(
            try await there.registry.beginRefresh(open, lasting: .seconds(10))
                == .held(until: here.clock.now + .seconds(10)))
        guard case .renewed = try await here.registry.renew(open.withAccessToken("second"), lease, idTokenIssuedAt: nil)
        else {
            Issue.record("not renewed")
            return
        }
        #expect(try await there.registry.beginRefresh(open, lasting: .seconds(10)) == .superseded)
        #expect(try await there.found(open)?.session.tokens?.accessToken.exposedText == "second")
        // A store that was closed in good order holds nothing either.
        let renewed = try #require(try await here.found(open))
        _ = try await here.registry.beginRefresh(renewed, lasting: .seconds(10))
        #expect(try await there.found(open)?.refreshWasInterrupted == false)
    }

    @Test("F23 E40 a logout in one process is known in the other at once")
    func endingElsewhere() async throws {
        let here = try await StoreFixture()
        let there = try await StoreFixture(clock: here.clock, directory: here.directory)
        let (first, second) = (try await here.begin("alice"), try await here.begin("bob"))
        #expect(here.store.isCurrent && there.store.isCurrent)
        _ = try await here.registry.end([first.digest], .deleted)
        #expect(here.store.isCurrent && !there.store.isCurrent)
        #expect(there.heard.all.isEmpty)
        try await there.registry.catchUp()
        #expect(there.store.isCurrent && there.heard.digests == [first.digest])
        // The other way round, and both at once.
        _ = try await there.registry.end([second.digest], .tombstone)
        #expect(!here.store.isCurrent && there.store.isCurrent)
        let third = try await here.begin("carol")
        _ = try await here.registry.end([third.digest], .deleted)
        #expect(!here.store.isCurrent && !there.store.isCurrent)
        try await here.registry.catchUp()
        try await there.registry.catchUp()
        #expect(here.store.isCurrent && there.store.isCurrent)
        #expect(here.heard.digests.contains(second.digest) && there.heard.digests.contains(third.digest))
        // Beginning a session that ends no other says nothing.
        _ = try await here.begin("dora")
        #expect(there.store.isCurrent)
    }

    @Test("F23 who was away too long to follow is told that anything may have ended")
    func tooLongAway() async throws {
        let here = try await StoreFixture()
        let there = try await StoreFixture(clock: here.clock, directory: here.directory)
        _ = try await here.registry.end([try await here.begin().digest], .deleted)
        here.clock.advance(.minutes(11))
        _ = try await here.store.sweep(limit: 100)
        _ = try await here.registry.end([try await here.begin().digest], .deleted)
        try await there.registry.catchUp()
        #expect(there.heard.all == [.unknown] && there.store.isCurrent)
        // From here on it follows again.
        let last = try await here.begin()
        _ = try await here.registry.end([last.digest], .deleted)
        try await there.registry.catchUp()
        #expect(there.heard.all.last == .these([last.digest]))
    }

    @Test("A43 of two processes with one state, one wins")
    func consumedElsewhere() async throws {
        let here = try await StoreFixture()
        let there = try await StoreFixture(clock: here.clock, directory: here.directory)
        let state = SHA256Digest(hashing: [1])
        async let first = here.registry.consumeLogin(state: state, lasting: .minutes(10))
        async let second = there.registry.consumeLogin(state: state, lasting: .minutes(10))
        #expect(Set([try await first, try await second]) == [.won, .replayed])
    }
}

/// Writes until it is killed, and keeps a diary of what was answered.
private struct WriterUnderLoad {
    let directory: String
    let answers: Int

    func run() async throws {
        let fixture = try await StoreFixture(directory: TemporaryDirectory(keeping: directory))
        let diary = open(directory + "/diary", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let count = Locked(0)
        @Sendable func note(_ state: String, _ open: OpenSession) {
            let line = Array("\(state) \(open.id.cookieValue.exposedText ?? "")\n".utf8)
            // One write a line: what the kernel has taken survives the process.
            _ = line.withUnsafeBytes { write(diary, $0.baseAddress, $0.count) }
            if count.withLock({
                $0 += 1; return $0
            }) >= answers {
                kill(getpid(), SIGKILL)
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    while true {
                        let open = try await fixture.begin("user-\(worker)-\(UInt32.random(in: 0 ... .max))")
                        note("began", open)
                        guard
                            case .granted(let lease, _) = try await fixture.registry.beginRefresh(
                                open, lasting: .seconds(10))
                        else { exit(5) }
                        note("refreshing", open)
                        guard
                            case .renewed(let renewed) = try await fixture.registry.renew(
                                open.withAccessToken("second"), lease, idTokenIssuedAt: nil)
                        else { exit(6) }
                        note("renewed", renewed)
                        if worker % 2 == 0 {
                            _ = try await fixture.registry.end([open.digest], .deleted)
                            note("ended", open)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
