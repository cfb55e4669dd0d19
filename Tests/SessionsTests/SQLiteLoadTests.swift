import Cryptography
import Foundation
import TestSupport
import Testing
import Threads
import Time

@testable import Sessions

/// Many at once, and very many in all.
@Suite(.timeLimit(.minutes(30)))
struct SQLiteLoadTests {
    @Test("a thousand writes that arrive together share their commits, and each is there")
    func groupCommit() async throws {
        let fixture = try await StoreFixture()
        let before = await fixture.sqlite.writer.commits
        let opens = try await withThrowingTaskGroup(of: OpenSession.self) { group in
            for number in 0..<1000 { group.addTask { try await fixture.begin("user-\(number)") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let commits = await fixture.sqlite.writer.commits - before
        #expect(commits < 500, "\(commits) commits")
        for open in opens { #expect(try await fixture.found(open)?.session == open.session) }
        #expect(try await fixture.registry.counts().live == 1000)
    }

    @Test("a write is found by a look-up that begins after it was answered", arguments: [1, 8])
    func readYourWrites(workers: Int) async throws {
        let fixture = try await StoreFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    for number in 0..<100 {
                        let open = try await fixture.begin("user-\(worker)-\(number)")
                        #expect(try await fixture.found(open) != nil)
                        _ = try await fixture.registry.end([open.digest], .deleted)
                        #expect(try await fixture.store.find(open.digest) == nil)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("everything at once, a thousand times: no error, no session lost, none left over")
    func mixed() async throws {
        let fixture = try await StoreFixture(clock: FakeClock(wall: .read(), steady: .read()))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                group.addTask {
                    let open = try await fixture.begin("user-\(number % 200)", sid: "sid-\(number)")
                    switch number % 5 {
                    case 0:
                        guard
                            case .granted(let lease, _) = try await fixture.registry.beginRefresh(
                                open, lasting: .seconds(10)),
                            case .renewed = try await fixture.registry.renew(
                                open.withAccessToken("second"), lease, idTokenIssuedAt: nil)
                        else { throw Unexpected() }
                    case 1: _ = try await fixture.registry.end([open.digest], .deleted)
                    case 2: _ = try await fixture.registry.end(.publicID(open.session.publicID))
                    case 3: try await fixture.registry.touch([fixture.use(open, seen: fixture.clock.now)])
                    default: _ = try await fixture.registry.list(.user(issuer: StoreFixture.issuer, subject: "user-1"))
                    }
                }
            }
            try await group.waitForAll()
        }
        let counts = try await fixture.registry.counts()
        #expect(counts.live == 600 && counts.tombstones == 200)
        #expect(try fixture.rawConnection().first("PRAGMA integrity_check") { $0.text(0) } == "ok")
        #expect(try fixture.rawConnection().rows("PRAGMA foreign_key_check") { $0.text(0) }.isEmpty)
    }

    @Test("a write that cannot be made spoils no other write of its transaction")
    func isolated() async throws {
        let fixture = try await StoreFixture()
        let open = try await fixture.begin()
        let duplicate = try fixture.vault.seal(
            open.session, open.listing, id: open.id, sweepAfter: open.session.absoluteEnd)
        let terms = InsertionTerms(
            grant: GrantTerms(users: [], providerSIDs: [], issuedAt: nil), replacing: [], replaced: .deleted,
            perUser: 0)
        let (good, bad) = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    do {
                        if number % 10 == 0 {
                            _ = try await fixture.store.insert(duplicate, terms)
                        } else {
                            _ = try await fixture.begin("user-\(number)")
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: (0, 0)) { if $1 { $0.0 += 1 } else { $0.1 += 1 } }
        }
        #expect(good == 90 && bad == 10)
        #expect(try await fixture.registry.counts().live == 91)
    }

    /// A million with `POSTERN_LONG_TESTS=1`.
    private static let many =
        ProcessInfo.processInfo.environment["POSTERN_LONG_TESTS"] == nil ? Rounds.of(50_000) : 1_000_000

    @Test("E45 a mountain of expired rows goes while others read and write")
    func sweepMany() async throws {
        var settings = SessionSettings()
        settings.perUser = 0
        let fixture = try await StoreFixture(settings: settings)
        let open = try await fixture.begin()
        try fixture.fill(Self.many, with: open)
        #expect(try await fixture.registry.counts().live == Self.many + 1)
        let size = try fixture.fileSize()

        let clock = ContinuousClock()
        let isOver = Locked(false)
        let begun = clock.now
        let (swept, longestWrite, longestRead) = try await withThrowingTaskGroup(
            of: (removed: Int, write: Duration, read: Duration).self
        ) { group in
            group.addTask {
                defer { isOver.withLock { $0 = true } }
                let sweeper = SessionSweeper(store: fixture.store)
                var removed = 0
                while true {
                    let part = try await sweeper.sweep()
                    removed += part.removed
                    if part.isDone { return (removed, .zero, .zero) }
                }
            }
            group.addTask {
                var (write, read) = (Duration.zero, Duration.zero)
                while !isOver.withLock({ $0 }) {
                    write = max(write, try await clock.measure { _ = try await fixture.begin() })
                    for _ in 0..<20 {
                        read = max(read, try await clock.measure { _ = try await fixture.found(open) })
                    }
                }
                return (0, write, read)
            }
            return try await group.reduce(into: (0, .zero, .zero)) { sum, part in
                sum = (sum.0 + part.removed, max(sum.1, part.write), max(sum.2, part.read))
            }
        }
        let took = begun.duration(to: clock.now)
        #expect(swept == Self.many)
        #expect(try await fixture.found(open) != nil)
        // Generous for a loaded machine; on a quiet one a write waits for one step: some 20 ms.
        #expect(longestWrite < .seconds(3) && longestRead < .seconds(3), "\(longestWrite) \(longestRead)")
        // The file gives its free pages back, a little at each idle sweep.
        for _ in 0..<(size >> 20) { _ = try await fixture.store.sweep(limit: 10) }
        try fixture.rawConnection().run("PRAGMA wal_checkpoint(TRUNCATE)")
        let rest = try fixture.fileSize()
        #expect(rest <= 4096 * 4096 + (8 << 20) || rest < size / 2, "\(size) -> \(rest)")
        print(
            "swept \(swept) rows in \(took); longest write \(longestWrite), longest look-up \(longestRead); \(size) -> \(rest) bytes"
        )
    }
}

extension StoreFixture {
    /// Adds `count` expired sessions, much as a busy day leaves them.
    func fill(_ count: Int, with open: OpenSession) throws {
        let raw = try rawConnection()
        try raw.run("PRAGMA synchronous = OFF")
        let long = clock.now - .hours(24)
        try raw.run("BEGIN IMMEDIATE")
        try raw.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            INSERT INTO sessions (id, digest, site, provider, created, absolute_end, token_version, body_key, body)
            SELECT 1000 + i, randomblob(32), 1, 'default', ?2, ?3, 1, ?4, randomblob(700) FROM n
            """,
            [
                .integer(Int64(count)), .time(long), .time(long + .hours(12)),
                .text(vault.keyIDs.first?.text ?? ""),
            ])
        try raw.run(
            """
            INSERT INTO listings (id, site, sweep_after, record_key, public_id, user, record)
            SELECT id, 1, ?1 + id, body_key, randomblob(32), randomblob(32), randomblob(250) FROM sessions
            WHERE id > 1000
            """, [.time(long + .hours(1))])
        try raw.run("COMMIT")
        raw.close()
    }

    func fileSize() throws -> Int {
        var status = stat()
        guard stat(directory.path + "/sessions.db", &status) == 0 else { throw Unexpected() }
        return Int(status.st_size)
    }
}
