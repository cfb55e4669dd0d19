import Bytes
import Formats
import Foundation
import TestSupport
import Testing
import Time

@testable import Sessions

struct OpenedStoreTests {
    private let directory = TemporaryDirectory()

    private func open(
        _ settings: SessionSettings, allowingUnreadable: Bool = false
    ) async throws -> SessionRegistry {
        var settings = settings
        settings.store = settings.store ?? .standard(stateDirectory: directory.path)
        return try await OpenedStore(
            settings, sites: [StoreFixture.site], clients: [StoreFixture.client],
            allowingUnreadable: allowingUnreadable, observer: { _ in }
        ).registry
    }

    private func login() -> NewSession {
        NewSession(
            site: StoreFixture.site, provider: "default", issuer: StoreFixture.issuer, subject: "alice",
            providerSID: nil, claims: [:], authTime: nil, acr: nil, scope: nil,
            tokens: TokenSet(accessToken: Secret("a"), tokenType: "Bearer", obtainedAt: .read()), idTokenIssuedAt: nil,
            device: "", address: "")
    }

    @Test("without settings: a database and its key in the state directory, and sessions outlive a restart")
    func standard() async throws {
        let first = try await open(SessionSettings())
        guard case .begun(let session, _) = try await first.begin(login(), replacing: [], .deleted) else { return }
        await first.close()
        #expect(FileManager.default.fileExists(atPath: directory.path + "/sessions.db.key"))
        let second = try await open(SessionSettings())
        guard case .open = try await second.find(session.id, site: StoreFixture.site) else {
            Issue.record("lost")
            return
        }
        await second.close()
    }

    @Test("B42 a lost key stops the start, by its name, until its rows are pruned")
    func lostKey() async throws {
        let first = try await open(SessionSettings())
        _ = try await first.begin(login(), replacing: [], .deleted)
        let lost = try #require(first.vault.keyIDs.first)
        await first.close()
        try FileManager.default.removeItem(atPath: directory.path + "/sessions.db.key")
        let path = directory.path + "/sessions.db"
        let error = await #expect(throws: StoreOpenError.self) { try await open(SessionSettings()) }
        #expect(error == .missingKeys(path: path, rows: [lost: 1]))
        let text = try #require(error).explanation
        #expect(text.contains(lost.text) && text.contains("mv \(path) ") && text.contains(path))
        let pruning = try await open(SessionSettings(), allowingUnreadable: true)
        #expect(try await pruning.pruneUnreadable() == 1)
        await pruning.close()
        await (try open(SessionSettings())).close()
    }

    @Test("keys of the configuration leave no key file; a bad one is named by its place")
    func configuredKeys() async throws {
        var settings = SessionSettings()
        settings.keys = [StoreFixture.key(1), Secret([1, 2])]
        await #expect(throws: StoreOpenError.keyLength(position: 1)) { try await open(settings) }
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/sessions.db"))
        settings.keys = [StoreFixture.key(1)]
        await (try open(settings)).close()
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/sessions.db.key"))
    }

    @Test("memory needs nothing; postgres is not in this build")
    func others() async throws {
        var settings = SessionSettings()
        settings.store = .memory
        let memory = try await open(settings)
        guard case .begun = try await memory.begin(login(), replacing: [], .deleted) else {
            Issue.record("not begun")
            return
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        settings.store = .postgres(url: Secret("postgres://db/x"))
        await #expect(throws: StoreOpenError.unsupported(store: "postgres")) { try await open(settings) }
    }

    @Test("every refusal says what is wrong and what to write")
    func explanations() {
        let errors: [StoreOpenError] = [
            .notWritable(.init(path: "/s/x.db", directory: "/s", user: "nobody", errno: EACCES)),
            .keyFileExposed(path: "/s/x.db.key", mode: 0o644), .keyFileMalformed(path: "/s/x.db.key"),
            .newerSchema(path: "/s/x.db", found: 9, known: 1), .foreignDatabase(path: "/s/x.db"),
            .noWriteAheadLog(path: "/s/x.db"), .keyLength(position: 0),
            .missingKeys(path: "/s/x.db", rows: [SessionKeyID(text: "00"): 2]), .unsupported(store: "postgres"),
        ]
        for error in errors {
            let lines = error.explanation.split(separator: "\n")
            #expect(lines.count >= 2 && lines.dropFirst().allSatisfy { $0.hasPrefix("  ") }, "\(error.explanation)")
        }
        #expect(errors[0].explanation.contains("user nobody") && errors[1].explanation.contains("mode 0644"))
    }
}
