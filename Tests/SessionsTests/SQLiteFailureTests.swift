import Bytes
import Cryptography
import Foundation
import TestSupport
import Testing
import Time

@testable import Sessions

/// Disks that are full, locked, damaged or gone: never "no session", never a user logged out (E49), and no restart
/// needed afterwards.
@Suite(.timeLimit(.minutes(3)))
struct SQLiteFailureTests {
    // MARK: locked

    @Test("E49 locked by another program: writes say so, look-ups go on, and so do writes once it lets go")
    func locked() async throws {
        let fixture = try await StoreFixture(busyTimeout: .milliseconds(50))
        let open = try await fixture.begin()
        let other = try fixture.rawConnection()
        try other.run("BEGIN IMMEDIATE")
        await #expect(throws: SessionStoreError.locked) { try await fixture.begin() }
        await #expect(throws: SessionStoreError.locked) { try await fixture.registry.end([open.digest], .deleted) }
        await #expect(throws: SessionStoreError.locked) {
            try await fixture.registry.consumeLogin(state: open.digest, lasting: .minutes(1))
        }
        fixture.clock.advance(.seconds(6))
        await #expect(throws: SessionStoreError.locked) { try await fixture.registry.check() }
        #expect(try await fixture.found(open)?.session == open.session)
        try other.run("COMMIT")
        try await fixture.registry.check()
        let next = try await fixture.begin()
        #expect(try await fixture.found(next) != nil)
    }

    @Test("a short lock is waited for")
    func shortLock() async throws {
        let fixture = try await StoreFixture()
        let other = try ChildProcess([
            "sqlite3", fixture.directory.path + "/sessions.db", "BEGIN IMMEDIATE;", ".print held", ".shell sleep 0.3",
            "COMMIT;",
        ])
        try eventually("the lock is held") { try String(contentsOfFile: other.log, encoding: .utf8).contains("held") }
        let open = try await fixture.begin()
        #expect(try await fixture.found(open) != nil)
    }

    // MARK: full

    @Test("E49 a full disk refuses new sessions, keeps the old ones, and is forgiven", .enabled(if: Mount.isPossible))
    func full() async throws {
        let mount = try Mount(size: "1536k")
        let fixture = try await StoreFixture(directory: TemporaryDirectory(keeping: mount.path))
        var kept: [OpenSession] = []
        let failure = await #expect(throws: SessionStoreError.self) {
            while kept.count < 5000 { kept.append(try await fixture.begin("user-\(kept.count)")) }
        }
        #expect(failure == .full)
        #expect(kept.count > 20)
        // Whatever was answered is there; endings may fail, but never half.
        for open in kept { #expect(try await fixture.found(open)?.session == open.session) }
        await #expect(throws: SessionStoreError.full) { for _ in 0..<100 { _ = try await fixture.begin() } }
        try mount.resize("8m")
        for number in 0..<100 { kept.append(try await fixture.begin("later-\(number)")) }
        try await fixture.registry.check()
        for open in kept.suffix(100) { #expect(try await fixture.found(open) != nil) }
        #expect(try fixture.rawConnection().first("PRAGMA integrity_check") { $0.text(0) } == "ok")
        await fixture.store.close()
    }

    @Test("a disk that is full from the start: an error that says so", .enabled(if: Mount.isPossible))
    func fullAtStart() async throws {
        let mount = try Mount(size: "64k")
        makeFile(atPath: mount.path + "/filler", size: 60 << 10)
        await #expect(throws: StoreOpenError.failed(path: mount.path + "/sessions.db", .full)) {
            try await StoreFixture(directory: TemporaryDirectory(keeping: mount.path))
        }
    }

    @Test("a limit on file sizes is an error like any other, and the process lives")
    func fileSizeLimit() async throws {
        await #expect(processExitsWith: .exitCode(0)) {
            signal(SIGXFSZ, SIG_IGN)
            let fixture = try await StoreFixture()
            var limit = rlimit(rlim_cur: 300 << 10, rlim_max: rlim_t.max)
            setrlimit(__rlimit_resource_t(1), &limit)
            var kept: [OpenSession] = []
            do {
                while kept.count < 5000 { kept.append(try await fixture.begin()) }
                exit(3)
            } catch is SessionStoreError {
                for open in kept where try await fixture.found(open) == nil { exit(4) }
                limit.rlim_cur = rlim_t.max
                setrlimit(__rlimit_resource_t(1), &limit)
                fixture.clock.advance(.seconds(1))
                let open = try await fixture.begin()
                exit(try await fixture.found(open) == nil ? 5 : 0)
            }
        }
    }

    // MARK: damaged, gone, replaced

    enum Damage: String, CaseIterable {
        case header, zeros, halved, emptied, replacedByEmpty, replacedByOther, deleted, moved
    }

    @Test(
        "E49 a database that is damaged or gone is an error, not an empty one; put back, it serves on",
        arguments: Damage.allCases)
    func damaged(damage: Damage) async throws {
        let fixture = try await StoreFixture(busyTimeout: .milliseconds(100))
        var opens: [OpenSession] = []
        for number in 0..<60 { opens.append(try await fixture.begin("user-\(number)")) }
        let path = fixture.directory.path + "/sessions.db"
        // All of it in the file, nothing in the log: the file is what matters now.
        try fixture.rawConnection().run("PRAGMA wal_checkpoint(TRUNCATE)")
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        try damage.apply(to: path, good)

        var refused = 0
        for open in opens {
            do {
                guard case .open = try await fixture.find(open) else {
                    Issue.record("a session is missing, and nobody says why")
                    continue
                }
            } catch {
                refused += 1
            }
        }
        // Some pages may still be in memory, and are right.
        #expect(refused > 0)
        await #expect(throws: SessionStoreError.self) {
            for _ in 0..<200 { _ = try await fixture.begin() }
        }

        try damage.undo(at: path, good)
        fixture.clock.advance(.seconds(1))
        for open in opens { #expect(try await fixture.found(open)?.session == open.session) }
        let next = try await fixture.begin()
        #expect(try await fixture.found(next) != nil)
    }

    @Test("a directory that goes away and comes back")
    func directoryMoved() async throws {
        let outer = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: outer.path + "/state", withIntermediateDirectories: false)
        let fixture = try await StoreFixture(directory: TemporaryDirectory(keeping: outer.path + "/state"))
        let open = try await fixture.begin()
        try FileManager.default.moveItem(atPath: outer.path + "/state", toPath: outer.path + "/elsewhere")
        await #expect(throws: SessionStoreError.unreachable) { try await fixture.find(open) }
        await #expect(throws: SessionStoreError.unreachable) { try await fixture.begin() }
        try FileManager.default.moveItem(atPath: outer.path + "/elsewhere", toPath: outer.path + "/state")
        fixture.clock.advance(.seconds(1))
        #expect(try await fixture.found(open) != nil)
        _ = try await fixture.begin()
    }

    @Test("while the database is lost, callers fail at once instead of one after another")
    func failsFast() async throws {
        let fixture = try await StoreFixture()
        let open = try await fixture.begin()
        let path = fixture.directory.path + "/sessions.db"
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        await #expect(throws: SessionStoreError.unreachable) { try await fixture.find(open) }
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        // The pause is not over.
        await #expect(throws: SessionStoreError.unreachable) { try await fixture.find(open) }
        fixture.clock.advance(DatabaseLink.pause)
        #expect(try await fixture.found(open) != nil)
    }

    // MARK: not writable

    @Test("not writable: the error names path, directory and user", arguments: ["directory", "file", "parent", "key"])
    func notWritable(what: String) async throws {
        let directory = TemporaryDirectory()
        let state = directory.path + "/state"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
        makeFile(atPath: state + "/sessions.db")
        chmod(directory.path, 0o755)
        chmod(state, what == "directory" || what == "key" ? 0o755 : 0o777)
        chmod(state + "/sessions.db", 0o600)
        if what == "parent" { chmod(state, 0o755) }
        await #expect(processExitsWith: .exitCode(0)) { [state = state as String, what = what as String] in
            // Root may write everywhere.
            if geteuid() == 0 {
                guard setgid(65534) == 0, setuid(65534) == 0 else { exit(9) }
            }
            let path = what == "parent" ? state + "/new/sessions.db" : state + "/sessions.db"
            do {
                if what == "key" {
                    _ = try SessionKeyFile(path: path).load()
                } else {
                    _ = try await SQLiteSessionStore(path: path, sites: ["https://a"]) { _ in }
                }
                exit(3)
            } catch StoreOpenError.notWritable(let facts) {
                let text = StoreOpenError.notWritable(facts).explanation
                let isRight =
                    facts.path == path && facts.user == NSUserName() && facts.errno == EACCES
                    && facts.directory == (what == "parent" ? state + "/new" : state)
                    && text.contains(facts.directory) && text.contains(facts.user) && text.contains("sqlite:///")
                exit(isRight ? 0 : 4)
            } catch {
                exit(5)
            }
        }
    }

    @Test("a path that leads through a file, or to a directory, is not writable")
    func oddPaths() async throws {
        let directory = TemporaryDirectory()
        makeFile(atPath: directory.path + "/file")
        try FileManager.default.createDirectory(atPath: directory.path + "/d", withIntermediateDirectories: false)
        for path in ["/file/sessions.db", "/d"] {
            let error = await #expect(throws: StoreOpenError.self) {
                try await SQLiteSessionStore(path: directory.path + path, sites: ["https://a"]) { _ in }
            }
            guard case .notWritable = error else {
                Issue.record("\(path): \(String(describing: error))")
                continue
            }
        }
    }
}

extension SQLiteFailureTests.Damage {
    func apply(to path: String, _ good: Data) throws {
        let files = FileManager.default
        switch self {
        case .header: try overwrite(path, at: 0, Data(repeating: 0x55, count: 4096))
        case .zeros: try overwrite(path, at: 4096, Data(count: good.count - 4096))
        case .halved: truncate(path, off_t(good.count / 2 / 4096 * 4096))
        case .emptied: truncate(path, 0)
        case .replacedByEmpty: try Data().write(to: URL(fileURLWithPath: path), options: .atomic)
        case .replacedByOther:
            let other = try SQLiteConnection.foreign(at: path + ".other")
            other.close()
            _ = rename(path + ".other", path)
        case .deleted: try files.removeItem(atPath: path)
        case .moved: try files.moveItem(atPath: path, toPath: path + ".away")
        }
    }

    func undo(at path: String, _ good: Data) throws {
        switch self {
        case .header, .zeros, .halved, .emptied: try overwrite(path, at: 0, good)
        case .replacedByEmpty, .replacedByOther, .deleted:
            for name in ["-wal", "-shm"] { unlink(path + name) }
            try good.write(to: URL(fileURLWithPath: path), options: .atomic)
        case .moved: _ = rename(path + ".away", path)
        }
    }

    private func overwrite(_ path: String, at offset: UInt64, _ content: Data) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: content)
        try file.close()
    }
}

func makeFile(atPath path: String, size: Int = 0) {
    #expect(FileManager.default.createFile(atPath: path, contents: Data(count: size)))
}

extension SQLiteConnection {
    /// A database of another program.
    static func foreign(at path: String) throws -> SQLiteConnection {
        makeFile(atPath: path)
        let other = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: .seconds(1))
        try other.run("CREATE TABLE recipes (name TEXT)")
        return other
    }
}
