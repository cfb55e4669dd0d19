import Bytes
import Cryptography
import Foundation
import TestSupport
import Testing
import Time

@testable import Sessions

/// What a stolen disk tells, and who may read it (B41, B42).
struct SQLiteAtRestTests {
    @Test("B41 no token, claim, user, device or cookie stands in database, log, index or key file")
    func canaries() async throws {
        let fixture = try await StoreFixture()
        var opens: [OpenSession] = []
        for number in 0..<20 {
            opens.append(try await fixture.begin("canary-user-\(number)", sid: "canary-sid-\(number)"))
        }
        guard case .granted(let lease, _) = try await fixture.registry.beginRefresh(opens[0], lasting: .seconds(9))
        else {
            Issue.record("not granted")
            return
        }
        _ = try await fixture.registry.renew(opens[0].withAccessToken("canary-new-token"), lease, idTokenIssuedAt: nil)
        try await fixture.registry.touch(opens.map { fixture.use($0, seen: fixture.clock.now) })
        _ = try await fixture.registry.end(.publicID(opens[1].session.publicID))
        _ = try await fixture.registry.recordLogout(
            issuer: StoreFixture.issuer, identifier: "canary-jti", subject: "canary-user-2", sid: nil,
            issuedAt: fixture.clock.now, tolerance: .seconds(60), lasting: .minutes(5))
        try await fixture.registry.save(
            document: Array("canary-document".utf8), kind: "keys", provider: "default", fetchedAt: fixture.clock.now)

        func scan() throws -> Int {
            var bytes = 0
            for name in try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path) {
                let content = try Data(contentsOf: URL(fileURLWithPath: fixture.directory.path + "/" + name))
                bytes += content.count
                #expect(content.range(of: Data("canary".utf8)) == nil, "\(name)")
                #expect(content.range(of: Data("203.0.113".utf8)) == nil, "\(name)")
                for open in opens {
                    #expect(content.range(of: Data(open.id.cookieValue.exposed)) == nil, "\(name)")
                    #expect(content.range(of: Data(open.session.publicID.utf8)) == nil, "\(name)")
                    #expect(content.range(of: Data(open.session.logoutID.utf8)) == nil, "\(name)")
                }
            }
            return bytes
        }
        #expect(try scan() > 40_000)
        await fixture.store.close()
        #expect(try scan() > 20_000)
    }

    @Test("B41 the directory is 0700, database, log, index and key are 0600, whatever the umask")
    func modes() async throws {
        let outer = TemporaryDirectory()
        let before = umask(0)
        defer { umask(before) }
        let path = outer.path + "/deep/er/sessions.db"
        let store = try await SQLiteSessionStore(path: path, sites: ["https://a"], observer: { _ in })
        _ = try SessionKeyFile(path: path).load()
        try await store.check()
        #expect(mode(outer.path + "/deep") == 0o700 && mode(outer.path + "/deep/er") == 0o700)
        var names: [String] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: outer.path + "/deep/er") {
            #expect(mode(outer.path + "/deep/er/" + name) == 0o600, "\(name)")
            names.append(name)
        }
        #expect(
            names.sorted() == [
                "sessions.db", "sessions.db-shared", "sessions.db-shm", "sessions.db-wal", "sessions.db.key",
            ])
        await store.close()
    }

    @Test("B41 a database that others could read is narrowed at the next start")
    func narrowed() async throws {
        let fixture = try await StoreFixture()
        await fixture.store.close()
        let path = fixture.directory.path + "/sessions.db"
        chmod(path, 0o644)
        let again = try await StoreFixture(directory: fixture.directory)
        #expect(mode(path) == 0o600)
        await again.store.close()
    }

    @Test("B41 rows swapped, moved and edited in the database do not open")
    func tampered() async throws {
        let fixture = try await StoreFixture()
        let (alice, bob) = (try await fixture.begin("alice"), try await fixture.begin("bob"))
        let database = try fixture.rawConnection()
        func unreadable(_ open: OpenSession, sourceLocation: SourceLocation = #_sourceLocation) async throws {
            guard case .unreadable = try await fixture.find(open) else {
                Issue.record("opened", sourceLocation: sourceLocation)
                return
            }
        }
        let edits = [
            "UPDATE sessions SET body = (SELECT body FROM sessions WHERE digest = ?2) WHERE digest = ?1",
            "UPDATE sessions SET body = (SELECT record FROM listings l WHERE l.id = sessions.id) WHERE digest = ?1",
            "UPDATE sessions SET absolute_end = absolute_end + 86400000 WHERE digest = ?1",
            "UPDATE sessions SET created = created + 1 WHERE digest = ?1",
            "UPDATE sessions SET token_version = token_version + 1 WHERE digest = ?1",
            "UPDATE sessions SET provider = 'other' WHERE digest = ?1",
            "UPDATE sessions SET body = x'00' WHERE digest = ?1",
            """
            UPDATE listings SET record = (SELECT l.record FROM listings l JOIN sessions s ON s.id = l.id
              WHERE s.digest = ?2) WHERE id = (SELECT id FROM sessions WHERE digest = ?1)
            """,
            """
            UPDATE listings SET user = (SELECT l.user FROM listings l JOIN sessions s ON s.id = l.id
              WHERE s.digest = ?2) WHERE id = (SELECT id FROM sessions WHERE digest = ?1)
            """,
        ]
        for edit in edits {
            try database.run("BEGIN")
            // ?2 is named first where an edit does not use it, so that both values can always be bound.
            try database.run(
                edit, edit.contains("?2") ? [.digest(alice.digest), .digest(bob.digest)] : [.digest(alice.digest)])
            #expect(database.changes == 1)
            try database.run("COMMIT")
            try await unreadable(alice)
            try await fixture.restore(alice, database)
            #expect(try await fixture.found(alice)?.session == alice.session)
        }
        // Two rows under each other's digests.
        try database.run("UPDATE sessions SET digest = x'00' WHERE digest = ?1", [.digest(alice.digest)])
        try database.run(
            "UPDATE sessions SET digest = ?1 WHERE digest = ?2", [.digest(alice.digest), .digest(bob.digest)])
        try database.run("UPDATE sessions SET digest = ?1 WHERE digest = x'00'", [.digest(bob.digest)])
        try await unreadable(alice)
        try await unreadable(bob)
        // Unreadable rows are ended by their digest; then they are absent.
        #expect(try await fixture.registry.end([alice.digest], .deleted) == [alice.digest])
        guard case .absent = try await fixture.find(alice) else {
            Issue.record("still there")
            return
        }
    }

    @Test("B41 B42 two sites on one database: neither sees nor opens the other's rows, even with the same key")
    func twoSites() async throws {
        let here = try await StoreFixture()
        let there = try await StoreFixture(directory: here.directory, sites: [StoreFixture.otherSite])
        let mine = try await here.begin(here.login("alice"))
        let theirs = try await there.begin(there.login("alice", site: StoreFixture.otherSite))
        #expect(try await here.store.find(theirs.digest) == nil)
        #expect(try await there.store.find(mine.digest) == nil)
        #expect(try await here.registry.list(.everybody).entries.map(\.digest) == [mine.digest])
        #expect(try await there.registry.counts().live == 1)
        #expect(try await here.registry.end(.user(issuer: StoreFixture.issuer, subject: "alice")) == [mine.digest])
        #expect(try await there.found(theirs) != nil)
        // A row of the other site, renamed to ours, is a row of ours that does not open.
        let database = try here.rawConnection()
        try database.run(
            "UPDATE sessions SET site = (SELECT id FROM sites WHERE origin = ?1)", [.text(StoreFixture.site)])
        try database.run(
            "UPDATE listings SET site = (SELECT id FROM sites WHERE origin = ?1)", [.text(StoreFixture.site)])
        guard case .unreadable(.doesNotOpen) = try await here.registry.find(theirs.id, site: StoreFixture.site) else {
            Issue.record("opened on another site")
            return
        }
    }

    @Test("B42 a session of one of our origins is none on another of them")
    func twoOrigins() async throws {
        let fixture = try await StoreFixture(sites: [StoreFixture.site, StoreFixture.otherSite])
        let open = try await fixture.begin(fixture.login(site: StoreFixture.otherSite))
        guard case .absent = try await fixture.registry.find(open.id, site: StoreFixture.site) else {
            Issue.record("found on another origin")
            return
        }
        #expect(try await fixture.found(open) != nil)
        // Lists and logouts by user span them: it is one client.
        #expect(try await fixture.registry.end(.user(issuer: StoreFixture.issuer, subject: "alice")).count == 1)
    }

    @Test(
        "B42 rows that need a missing key are counted by its name, and pruned; what they need is resealed when written")
    func missingKey() async throws {
        let old = try await StoreFixture(keys: [StoreFixture.key(1)])
        var opens: [OpenSession] = []
        for number in 0..<5 { opens.append(try await old.begin("user-\(number)")) }
        _ = try await old.registry.end(.publicID(opens[4].session.publicID))
        await old.store.close()

        // A new first key: all open; one is refreshed and one is only used.
        let both = try await StoreFixture(
            clock: old.clock, directory: old.directory, keys: [StoreFixture.key(2), StoreFixture.key(1)])
        #expect(try await both.registry.unreadable().isEmpty)
        for open in opens.dropLast() { #expect(try await both.found(open)?.session == open.session) }
        guard case .granted(let lease, _) = try await both.registry.beginRefresh(opens[0], lasting: .seconds(9)) else {
            Issue.record("not granted")
            return
        }
        _ = try await both.registry.renew(opens[0], lease, idTokenIssuedAt: nil)
        try await both.registry.touch([both.use(opens[1], seen: both.clock.now)])
        // Both are still found by user, whichever key their look-up columns need.
        for number in 0..<4 {
            let user = SessionRegistry.Whose.user(issuer: StoreFixture.issuer, subject: "user-\(number)")
            #expect(try await both.registry.list(user).entries.map(\.digest) == [opens[number].digest])
        }
        await both.store.close()

        let new = try await StoreFixture(clock: old.clock, directory: old.directory, keys: [StoreFixture.key(2)])
        let missing = try await new.registry.unreadable()
        let oldKey = try #require(old.vault.keyIDs.first)
        #expect(missing == [oldKey: 4])
        guard case .unreadable(.unknownKey(oldKey)) = try await new.find(opens[1]) else {
            Issue.record("opened without its key")
            return
        }
        #expect(try await new.registry.pruneUnreadable() == 4)
        #expect(try await new.registry.unreadable().isEmpty)
        #expect(try await new.found(opens[0])?.session.tokenVersion == 2)
        #expect(try await new.registry.counts().live == 1)
    }

    @Test("E44 what was deleted is overwritten in the database file")
    func overwritten() async throws {
        let fixture = try await StoreFixture()
        let open = try await fixture.begin()
        guard case .live(let row, _) = try await fixture.store.find(open.digest) else {
            Issue.record("not there")
            return
        }
        _ = try await fixture.registry.end([open.digest], .deleted)
        await fixture.store.close()
        let content = try Data(contentsOf: URL(fileURLWithPath: fixture.directory.path + "/sessions.db"))
        #expect(content.range(of: Data(row.body.box.suffix(64))) == nil)
    }

    @Test("a backup is a private copy that the same key opens")
    func backup() async throws {
        let fixture = try await StoreFixture()
        let open = try await fixture.begin()
        let copy = TemporaryDirectory()
        try await fixture.sqlite.backUp(to: copy.path + "/sessions.db")
        #expect(mode(copy.path + "/sessions.db") == 0o600)
        await #expect(throws: (any Error).self) { try await fixture.sqlite.backUp(to: copy.path + "/sessions.db") }
        let restored = try await StoreFixture(clock: fixture.clock, directory: copy)
        #expect(try await restored.found(open)?.session == open.session)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }
}

extension StoreFixture {
    /// Another program on the same database.
    func rawConnection() throws -> SQLiteConnection {
        try SQLiteConnection(path: directory.path + "/sessions.db", access: .readWrite, busyTimeout: .seconds(1))
    }

    /// Puts the row back as it was.
    func restore(_ open: OpenSession, _ database: SQLiteConnection) async throws {
        let row = try vault.seal(
            open.session, open.listing, id: open.id, sweepAfter: open.session.absoluteEnd)
        let listing = try #require(row.listing)
        try database.run(
            """
            UPDATE sessions SET provider = ?2, created = ?3, absolute_end = ?4, token_version = ?5, body = ?6
            WHERE digest = ?1
            """,
            [
                .digest(row.digest), .text(row.provider), .time(row.createdAt), .time(row.absoluteEnd),
                .integer(row.tokenVersion), .blob(row.body.box),
            ])
        try database.run(
            "UPDATE listings SET record = ?2, user = ?3 WHERE id = (SELECT id FROM sessions WHERE digest = ?1)",
            [.digest(row.digest), .blob(listing.record.box), .digest(listing.user)])
    }
}
