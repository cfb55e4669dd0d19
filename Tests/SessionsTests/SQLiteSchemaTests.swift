import Bytes
import Cryptography
import Foundation
import TestSupport
import Testing
import Time

@testable import Sessions

struct SQLiteSchemaTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.path + "/sessions.db" }

    private func open() async throws -> SQLiteSessionStore {
        try await SQLiteSessionStore(path: path, sites: [StoreFixture.site]) { _ in }
    }

    private func refusal() async -> StoreOpenError? {
        do {
            _ = try await open()
            return nil
        } catch {
            return error as? StoreOpenError
        }
    }

    @Test("a new database is of the present version, marked as ours, and opens again")
    func fresh() async throws {
        await (try open()).close()
        let raw = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: .seconds(1))
        #expect(try raw.integer("PRAGMA user_version") == SQLiteSchema.version)
        #expect(try raw.integer("PRAGMA application_id") == SQLiteSchema.applicationID)
        #expect(try raw.first("PRAGMA journal_mode") { $0.text(0) } == "wal")
        #expect(try raw.integer("PRAGMA auto_vacuum") == 2)
        raw.close()
        await (try open()).close()
    }

    @Test("a database of a newer version is refused and left as it is")
    func newer() async throws {
        await (try open()).close()
        let raw = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: .seconds(1))
        try raw.run("PRAGMA user_version = 99")
        raw.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(await refusal() == .newerSchema(path: path, found: 99, known: SQLiteSchema.version))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("a database of another program is refused and left as it is")
    func foreign() async throws {
        try SQLiteConnection.foreign(at: path).close()
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(await refusal() == .foreignDatabase(path: path))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("a file that is no database is refused and left as it is")
    func garbage() async throws {
        let garbage = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
        try garbage.write(to: URL(fileURLWithPath: path))
        #expect(await refusal() == .failed(path: path, .corrupt))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
    }

    @Test("many processes that start together on nothing make one database")
    func together() async throws {
        let stores = try await withThrowingTaskGroup(of: SQLiteSessionStore.self) { group in
            for _ in 0..<8 { group.addTask { try await open() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for store in stores { try await store.check() }
        let raw = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: .seconds(1))
        #expect(try raw.integer("SELECT count(*) FROM sites") == 1)
        for store in stores { await store.close() }
    }

    @Test("no statement reads a whole table, but the few that count or list everything")
    func plans() async throws {
        let fixture = try await StoreFixture(directory: directory)
        let open = try await fixture.begin("alice", sid: "sid")
        guard case .live(let row, _) = try await fixture.store.find(open.digest) else { return }
        let listing = try #require(row.listing)
        let raw = try fixture.rawConnection()
        let tables = try SessionTables(of: [StoreFixture.site], raw)
        let now = fixture.clock.now
        let judge: RefreshJudge = { _, since, until in
            RefreshMark(startedAt: since, until: until, holderIsAlive: true, now: now)
        }
        let lease = RefreshLease(digest: open.digest, version: 1, holder: 1, number: 1)
        let grant = GrantTerms(users: [listing.user], providerSIDs: [listing.user], issuedAt: now)
        let selections: [SessionSelection] = [
            .digests([open.digest]), .publicID([listing.publicID]), .user([listing.user]),
            .providerSID([listing.user]),
        ]
        for selection in selections {
            _ = try tables.list(selection, after: 0, limit: 10, raw)
            _ = try tables.end(selection, .tombstone, before: Timestamp(seconds: 0), limit: 10, now: now, raw)
        }
        _ = try tables.find(open.digest, raw, mark: judge)
        _ = try tables.beginRefresh(lease, now: now, until: now, raw, mark: judge)
        _ = try tables.replaceTokens(row, lease, grant, raw)
        try tables.relist(1, listing, now + .hours(1), raw)
        _ = try tables.endOldest(of: [listing.user], keeping: 0, now: now, raw)
        try tables.insert(row.with(digest: SHA256Digest(hashing: [1])), raw)
        try tables.removeTombstone(open.digest, raw)
        _ = try tables.consumeLogin(open.digest, until: now, raw)
        _ = try tables.document([open.digest], raw)
        _ = try tables.endings(after: 0, raw)
        _ = try tables.end(.digests([open.digest]), .deleted, limit: 1, now: now, raw)
        _ = try tables.sweep(now: Timestamp(seconds: 0), limit: 10, raw)

        var looked = 0
        for statement in raw.preparedStatements {
            let verb = statement.prefix(6)
            guard ["SELECT", "UPDATE", "DELETE"].contains(verb) else { continue }
            let plan = try raw.rows("EXPLAIN QUERY PLAN " + statement) { $0.text(3) }
            looked += 1
            for step in plan {
                let isFine =
                    !step.hasPrefix("SCAN") || statement.contains("sqlite_sequence")
                    // The oldest few, by their number.
                    || statement.contains("FROM endings ORDER BY number LIMIT")
                #expect(isFine, "\(statement): \(step)")
            }
        }
        #expect(looked > 25)
    }
}

struct SessionKeyFileTests {
    private let directory = TemporaryDirectory()
    private var file: SessionKeyFile { SessionKeyFile(path: directory.path + "/sessions.db") }
    private var path: String { directory.path + "/sessions.db.key" }

    @Test("a key is made once, base64 of 32 bytes, and read ever after")
    func made() throws {
        let key = try file.load()
        #expect(key.count == 32)
        #expect(try file.load() == key)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text == Data(key.exposed).base64EncodedString() + "\n")
        // Nothing else is left behind.
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
                == ["sessions.db", "sessions.db.key"])
    }

    @Test("processes that start together use one key")
    func together() async throws {
        let keys = try await withThrowingTaskGroup(of: Secret.self) { group in
            for _ in 0..<16 { group.addTask { try file.load() } }
            return try await group.reduce(into: Set<Secret>()) { $0.insert($1) }
        }
        #expect(keys.count == 1)
    }

    @Test("a key file that others may read is refused, with its mode", arguments: [0o640, 0o604, 0o660] as [mode_t])
    func exposed(mode: mode_t) throws {
        _ = try file.load()
        chmod(path, mode)
        #expect(throws: StoreOpenError.keyFileExposed(path: path, mode: UInt32(mode))) { try file.load() }
    }

    @Test(
        "anything but 32 bytes in base64 is refused, never replaced", arguments: ["", "\n", "AAAA\n", "not base64!\n"])
    func malformed(content: String) throws {
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        #expect(throws: StoreOpenError.keyFileMalformed(path: path)) { try file.load() }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    }

    @Test("a key with a second line is refused; a symbolic link is not followed")
    func odd() throws {
        let line = Data(repeating: 7, count: 32).base64EncodedString()
        try Data("\(line)\n\(line)\n".utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        #expect(throws: StoreOpenError.keyFileMalformed(path: path)) { try file.load() }
        try FileManager.default.removeItem(atPath: path)
        try Data(line.utf8).write(to: URL(fileURLWithPath: path + ".real"))
        symlink(path + ".real", path)
        #expect(throws: StoreOpenError.self) { try file.load() }
    }
}
