import Bytes
import Cryptography
import Formats
import Foundation
import TestSupport
import Testing
import Threads
import Time

@testable import Sessions

/// Every store is put to the same questions.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case sqlite, memory
    var testDescription: String { rawValue }
}

/// A store of its own for one test, with a clock, keys and somebody who hears of endings.
final class StoreFixture: Sendable {
    static let site = "https://app.example.com"
    static let otherSite = "https://other.example.com"
    static let issuer = "https://idp.example.com"
    static let client = SessionClient(provider: "default", issuer: issuer, clientID: "client-1")

    let clock: FakeClock
    let directory: TemporaryDirectory
    let store: any SessionStore
    let vault: SessionVault
    let registry: SessionRegistry
    let heard: Heard
    let settings: SessionSettings

    /// Collects what the observer is told.
    final class Heard: Sendable {
        private let state = Locked<[EndedSessions]>([])
        var all: [EndedSessions] { state.withLock { $0 } }
        var digests: [SHA256Digest] {
            all.flatMap { ended -> [SHA256Digest] in
                if case .these(let digests) = ended { digests } else { [] }
            }
        }
        func append(_ ended: EndedSessions) { state.withLock { $0.append(ended) } }
    }

    init(
        _ kind: StoreKind = .sqlite, clock: FakeClock = FakeClock(),
        directory: TemporaryDirectory = TemporaryDirectory(),
        sites: [String] = [site], keys: [Secret] = [key(1)], clients: [SessionClient] = [client],
        settings: SessionSettings = SessionSettings(), busyTimeout: Duration = .seconds(3)
    ) async throws {
        self.clock = clock
        self.directory = directory
        self.settings = settings
        let heard = Heard()
        self.heard = heard
        switch kind {
        case .sqlite:
            store = try await SQLiteSessionStore(
                path: directory.path + "/sessions.db", sites: sites, time: clock.source, busyTimeout: busyTimeout,
                observer: { heard.append($0) })
        case .memory:
            store = MemorySessionStore(sites: sites, time: clock.source, observer: { heard.append($0) })
        }
        vault = try SessionVault(keys: keys, clients: clients)
        registry = SessionRegistry(store: store, vault: vault, settings: settings, time: clock.source)
    }

    var sqlite: SQLiteSessionStore {
        guard let store = store as? SQLiteSessionStore else { fatalError("not an SQLite store") }
        return store
    }

    static func key(_ number: UInt8) -> Secret { Secret([UInt8](repeating: number, count: 32)) }

    /// A login of `subject`, with recognizable tokens.
    func login(
        _ subject: String = "alice", sid: String? = nil, site: String = StoreFixture.site,
        refreshToken: String? = "canary-refresh-token", idTokenIssuedAt: Timestamp? = nil
    ) -> NewSession {
        NewSession(
            site: site, provider: "default", issuer: Self.issuer, subject: subject, providerSID: sid,
            claims: ["sub": .string(subject), "email": "canary-claim@example.com", "groups": ["a", "b"]],
            authTime: clock.now, acr: "gold", scope: "openid profile",
            tokens: TokenSet(
                accessToken: Secret("canary-access-token"), tokenType: "Bearer", obtainedAt: clock.now,
                expiresAt: clock.now + .seconds(3600), refreshToken: refreshToken.map { Secret($0) },
                idToken: Secret("canary-id-token")),
            idTokenIssuedAt: idTokenIssuedAt ?? clock.now, device: "canary-device", address: "203.0.113.0/24")
    }

    /// Begins a session that must begin.
    func begin(_ login: NewSession, replacing: [SHA256Digest] = []) async throws -> OpenSession {
        guard case .begun(let open, _) = try await registry.begin(login, replacing: replacing, .deleted) else {
            throw Unexpected()
        }
        return open
    }

    func begin(_ subject: String = "alice", sid: String? = nil) async throws -> OpenSession {
        try await begin(login(subject, sid: sid))
    }

    func find(_ open: OpenSession) async throws -> SessionFinding {
        try await registry.find(open.id, site: open.session.site)
    }

    /// The session that a cookie opens, or nil when it opens none.
    func found(_ open: OpenSession) async throws -> OpenSession? {
        if case .open(let found) = try await find(open) { found } else { nil }
    }
}

struct Unexpected: Error {}

/// A directory that goes with its last user.
final class TemporaryDirectory: Sendable {
    let path: String
    private let isKept: Bool

    init() {
        isKept = false
        var template = Array("/tmp/postern-sessions-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no temporary directory") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// One that somebody else removes.
    init(keeping path: String) {
        self.path = path
        isKept = true
    }

    deinit { if !isKept { try? FileManager.default.removeItem(atPath: path) } }
}
