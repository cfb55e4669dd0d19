import Bytes
import Cryptography
import Formats
import HTTP
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

/// A client, its provider and a browser's cookies, in one thread of a test.
final class ClientHarness: Sendable {
    let clock = FakeClock()
    let provider: HostileProvider
    let settings: ProviderSettings
    let client: ProviderClient
    let events = Locked<[ProviderEvent]>([])
    let documents: MemoryDocuments?
    private let consumed = Locked<Set<SHA256Digest>>([])

    static let redirectURI = "https://app.example.com/bff/callback"
    static let sealed = SealedCookies(
        keys: [Secret([UInt8](repeating: 7, count: 32))], site: "https://app.example.com", isSecure: true)
    let sealed = ClientHarness.sealed

    init(
        issuer: String = "https://idp.example.com", secret: String? = "s3cret", neededClaims: [String] = [],
        siteIsSecure: Bool = true, documents: MemoryDocuments? = nil,
        _ change: (inout ProviderSettings) -> Void = { _ in }
    ) throws {
        provider = HostileProvider(issuer: issuer, secret: secret, clock: clock)
        var settings = ProviderSettings(issuer: issuer, clientID: "postern")
        settings.clientSecret = secret.map { Secret($0) }
        change(&settings)
        self.settings = settings
        self.documents = documents
        let events = events
        client = try ProviderClient(
            settings, siteIsSecure: siteIsSecure, neededClaims: neededClaims, backChannel: provider,
            documents: documents, time: clock.source, random: { 0.5 },
            observe: { event in events.withLock { $0.append(event) } })
    }

    /// The first half of a login.
    func begin(_ change: (inout LoginStart) -> Void = { _ in }) async throws -> LoginRedirect {
        var start = LoginStart(redirectURI: Self.redirectURI, returnTarget: "/page")
        change(&start)
        return try await client.begin(start, cookies: sealed)
    }

    func check(
        _ parameters: [(name: String, value: String)], _ cookies: [SetCookie],
        arrival: AuthorizationCallback.Arrival = .query
    ) async throws -> CallbackVerdict {
        let text = FormEncoding.encode(parameters.map { ($0.name, $0.value) })
        let callback = try AuthorizationCallback(text.utf8Span.span, arrival: arrival)
        return try await client.check(callback, cookies: cookies.map { ($0.name, $0.value) }, sealed: sealed) {
            state, _ in
            consumed.withLock { $0.insert(state).inserted }
        }
    }

    /// Brings a callback and drops its code: the provider's refusal, or nil.
    func refusal(
        _ parameters: [(name: String, value: String)], _ cookies: [SetCookie],
        arrival: AuthorizationCallback.Arrival = .query
    ) async throws -> ProviderRefusal? {
        switch try await check(parameters, cookies, arrival: arrival) {
        case .code: return nil
        case .refused(let refusal): return refusal
        }
    }

    /// A whole login.
    func login(
        subject: String = "alice", _ change: (inout LoginStart) -> Void = { _ in }
    ) async throws -> GrantedTokens {
        let redirect = try await begin(change)
        let answer = try provider.authorize(redirect.location, subject: subject)
        switch try await check(answer, [redirect.cookie]) {
        case .code(let checked): return try await client.redeem(checked)
        case .refused(let refusal): throw refusal
        }
    }

    /// The error that a login ends with.
    func loginError(_ change: (inout LoginStart) -> Void = { _ in }) async -> OpenIDConnectError? {
        do {
            _ = try await login(change)
            return nil
        } catch {
            return error as? OpenIDConnectError
        }
    }

    func refreshRequest(_ tokens: GrantedTokens) throws -> RefreshRequest {
        RefreshRequest(
            refreshToken: try #require(tokens.refreshToken), issuer: tokens.issuer, subject: tokens.subject,
            claims: tokens.claims, scope: tokens.scope)
    }
}

/// Documents that outlive a client.
final class MemoryDocuments: DocumentStore {
    private let kept = Locked<[ProviderDocument: StoredDocument]>([:])
    private let isBroken: Bool

    struct Broken: Error {}

    init(isBroken: Bool = false) { self.isBroken = isBroken }

    func load(_ document: ProviderDocument) async throws -> StoredDocument? {
        if isBroken { throw Broken() }
        return kept.withLock { $0[document] }
    }

    func save(_ content: StoredDocument, as document: ProviderDocument) async throws {
        if isBroken { throw Broken() }
        kept.withLock { $0[document] = content }
    }
}

/// The parameters of a URL's query, decoded.
func parameters(of url: String) throws -> [(name: String, value: String)] {
    let query = try #require(url.split(separator: "?", maxSplits: 1).last.map(String.init))
    return try FormEncoding.parse(query.utf8Span.span)
}

extension [(name: String, value: String)] {
    func values(_ name: String) -> [String] { filter { $0.name == name }.map(\.value) }
    func value(_ name: String) -> String? { values(name).first }
}
