import Bytes
import Cryptography
import Formats
import HTTP
import OpenIDConnect
import Sessions
import Telemetry
import TestSupport
import Testing
import Time

@testable import Gateway

/// The control plane without sockets: a provider, a store and a clock that a test turns.
final class ControlHarness: Sendable {
    let clock = FakeClock()
    let provider: HostileProvider
    let client: ProviderClient
    let store: StubbornStore
    let registry: SessionRegistry
    let keeper: SessionKeeper
    let refreshes: TokenRefreshes
    private let settings: SessionSettings
    private let log: Logger

    static let site = "https://app.example.com"
    static let otherSite = "https://other.example.com"

    init(_ change: (inout SessionSettings) -> Void = { _ in }) throws {
        provider = HostileProvider(clock: clock)
        var providerSettings = ProviderSettings(issuer: provider.issuer, clientID: provider.clientID)
        providerSettings.clientSecret = provider.secret.map { Secret($0) }
        client = try ProviderClient(
            providerSettings, siteIsSecure: true, backChannel: provider, time: clock.source, random: { 0.5 })
        var settings = SessionSettings()
        change(&settings)
        self.settings = settings
        store = StubbornStore(
            MemorySessionStore(sites: [Self.site, Self.otherSite], time: clock.source, observer: { _ in }))
        let vault = try SessionVault(
            keys: [Secret([UInt8](repeating: 7, count: 32))],
            clients: [
                SessionClient(
                    provider: providerSettings.name, issuer: provider.issuer, clientID: provider.clientID)
            ])
        registry = SessionRegistry(store: store, vault: vault, settings: settings, time: clock.source)
        log = Logger(
            writer: try LogWriter(format: .text) { _ in true }, level: .error, format: .text, time: clock.source)
        keeper = Self.keeper(registry, settings, clock, log, client)
        refreshes = TokenRefreshes(keeper: keeper, provider: client)
    }

    /// What another process on the same store has in memory.
    func another() -> SessionKeeper { Self.keeper(registry, settings, clock, log, client) }

    private static func keeper(
        _ registry: SessionRegistry, _ settings: SessionSettings, _ clock: FakeClock, _ log: Logger,
        _ client: ProviderClient
    ) -> SessionKeeper {
        SessionKeeper(
            registry: registry, cache: SessionCache(settings.cache), settings: settings, sites: [site, otherSite],
            clock: clock.source, log: log, metrics: GatewayMetrics(registry: MetricRegistry()),
            health: StoreHealth(grace: settings.storeGrace), render: { HeaderPlans([]).rendered(for: $0).headers },
            revoke: { await client.revokeForGood($0, log) })
    }

    /// A session with tokens that the provider has granted.
    func signedIn(replacing: [SHA256Digest] = []) async throws -> LiveSession {
        let sealed = SealedCookies(
            keys: [Secret([UInt8](repeating: 7, count: 32))], site: Self.site, isSecure: true)
        let start = LoginStart(redirectURI: Self.site + "/bff/callback", returnTarget: "/")
        let redirect = try await client.begin(start, cookies: sealed)
        let text = FormEncoding.encode(try provider.authorize(redirect.location).map { ($0.name, $0.value) })
        let callback = try AuthorizationCallback(text.utf8Span.span, arrival: .query)
        let verdict = try await client.check(
            callback, cookies: [(redirect.cookie.name, redirect.cookie.value)], sealed: sealed
        ) { _, _ in true }
        switch consume verdict {
        case .refused(let refusal): throw refusal
        case .code(let checked):
            let granted = try await client.redeem(checked)
            let login = NewSession(
                site: Self.site, provider: client.settings.name, issuer: granted.issuer, subject: granted.subject,
                providerSID: granted.sid, claims: granted.claims, authTime: granted.authTime, acr: granted.acr,
                scope: granted.scope, tokens: TokenSet(granted, now: clock.now), idTokenIssuedAt: granted.issuedAt,
                device: "", address: "")
            return try #require(try await keeper.begin(login, replacing: replacing))
        }
    }

    /// True while the store has a session of this cookie.
    func isStored(_ live: LiveSession) async throws -> Bool {
        if case .open = try await registry.find(live.id, site: Self.site) { true } else { false }
    }

    /// The refresh token that a session has now.
    func refreshToken(_ live: LiveSession) throws -> String {
        try #require(live.record.session.tokens?.refreshToken?.exposedText)
    }
}
