import Bytes
package import Cryptography
import JOSE
package import Time

/// One identity provider, as the flows of the gateway use it.
///
/// All of it is in order when called from many tasks at once: metadata and keys are asked for once for all, everything
/// else is a value. It never logs; what an operator wants to know goes to the observer.
package final class ProviderClient: Sendable {
    package let settings: ProviderSettings
    private let calls: ProviderCalls
    private let discovery: Discovery
    private let keys: ProviderKeys
    private let authentication: ClientAuthentication
    /// Two gates, since anybody may bring a code: what becomes of those holds up no session's refresh (B28, B36).
    private let redemptionGate: CallGate
    private let refreshGate: CallGate
    let places = RedemptionPlaces()
    private let neededClaims: [String]
    private let observe: @Sendable (ProviderEvent) -> Void

    /// - Parameters:
    ///   - siteIsSecure: true when a `public_url` is https; a development provider is refused there (H1).
    ///   - neededClaims: what routes and headers need, as dotted paths (`userinfo: when_needed`).
    ///   - documents: where last good documents survive restarts; nil for nowhere.
    ///   - random: for jitter, from 0 to 1.
    package init(
        _ settings: ProviderSettings, siteIsSecure: Bool, neededClaims: [String] = [], backChannel: any BackChannel,
        documents: (any DocumentStore)? = nil, time: TimeSource = .system,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        observe: @escaping @Sendable (ProviderEvent) -> Void = { _ in }
    ) throws(OpenIDConnectError) {
        guard let address = ProviderAddress(settings), let authentication = ClientAuthentication(settings) else {
            throw .settings
        }
        let calls = ProviderCalls(settings: settings, address: address, backChannel: backChannel, time: time)
        self.settings = settings
        self.calls = calls
        self.authentication = authentication
        self.neededClaims = neededClaims
        self.observe = observe
        redemptionGate = CallGate(ignoresLimits: true, random: random)
        refreshGate = CallGate(random: random)
        discovery = Discovery(
            calls: calls, documents: documents, siteIsSecure: siteIsSecure, random: random, observe: observe)
        keys = ProviderKeys(calls: calls, documents: documents, random: random, observe: observe)
    }

    // MARK: What the provider says of itself

    /// The metadata in use; asks for it when there is none.
    package func metadata() async throws(OpenIDConnectError) -> ProviderMetadata { try await discovery.metadata() }

    /// Keeps metadata and keys fresh until the task is cancelled; asks at once, and never gives up (D8, D9).
    package func run() async {
        while !Task.isCancelled {
            let wait = await refreshDocuments()
            try? await Task.sleep(for: wait)
        }
    }

    /// Refreshes what is due; how long until something will be.
    package func refreshDocuments() async -> Duration {
        let wait = await discovery.refreshIfDue()
        guard let metadata = await discovery.state.metadata else { return wait }
        return min(wait, await keys.refreshIfDue(metadata))
    }

    /// What is known now, without asking anybody.
    package func status() async -> ProviderStatus {
        let known = await discovery.state
        let now = calls.time.instant()
        let isHeldBack = redemptionGate.isClosed(now: now) || refreshGate.isClosed(now: now)
        return ProviderStatus(
            isUp: known.metadata != nil && known.problem == nil && !isHeldBack, metadata: known.metadata,
            metadataAge: known.fetchedAt.map { calls.time.now().since($0) }, problem: known.problem,
            keysAge: await keys.age, clockSkew: calls.clock.skew)
    }

    // MARK: Login

    /// Makes the authorization request of a new login (A1–A25).
    package func begin(_ start: LoginStart, cookies: SealedCookies) async throws(OpenIDConnectError) -> LoginRedirect {
        let request = AuthorizationRequest(settings: settings, metadata: try await discovery.metadata())
        return try request.make(start, now: calls.time.now(), cookies: AttemptCookies(cookies))
    }

    /// Checks a callback that came to this provider's redirect URI, and uses its state up (A40–A48).
    ///
    /// - Parameters:
    ///   - cookies: those of the request.
    ///   - consume: notes a state's digest until the given time; false when it was noted before.
    package func check(
        _ callback: AuthorizationCallback, cookies: [(name: String, value: String)], sealed: SealedCookies,
        consume: (SHA256Digest, Timestamp) async throws -> Bool
    ) async throws(OpenIDConnectError) -> CallbackVerdict {
        try await callback.checked(
            cookies: cookies, jar: AttemptCookies(sealed), provider: settings, metadata: try await discovery.metadata(),
            now: calls.time.now(), places: places, consume: consume)
    }

    /// Redeems a checked callback: token request, ID token, userinfo (B3, B20–B27, C1–C53).
    ///
    /// Sends the code at most once.
    package func redeem(_ callback: consuming CheckedCallback) async throws(OpenIDConnectError) -> GrantedTokens {
        let metadata = try await discovery.metadata()
        let redemption = CodeRedemption(
            endpoint: tokenEndpoint(metadata, redemptionGate), idTokens: idTokens(metadata),
            userinfo: userinfo(metadata), observe: observe)
        return try await redemption.redeem(callback)
    }

    // MARK: Tokens

    /// Trades a refresh token for new tokens.
    ///
    /// One call at a time for one session; that is the caller's to see to (B32).
    package func refresh(_ request: RefreshRequest) async -> RefreshOutcome {
        let metadata: ProviderMetadata
        do throws(OpenIDConnectError) {
            metadata = try await discovery.metadata()
        } catch {
            return .transient(reason: error.reason, retryAfter: error.retryAfter ?? .seconds(5))
        }
        let refresh = TokenRefresh(
            endpoint: tokenEndpoint(metadata, refreshGate), idTokens: idTokens(metadata), userinfo: userinfo(metadata),
            observe: observe)
        return await refresh.refresh(request)
    }

    /// Revokes tokens; what is left over is to be sent again as ``RevocationRetry`` says (B63, B64).
    package func revoke(_ request: RevocationRequest) async -> RevocationOutcome {
        guard settings.logout.revoke, !request.isEmpty else {
            return RevocationOutcome(remaining: .nothing, retryAfter: nil, problem: nil)
        }
        do throws(OpenIDConnectError) {
            let metadata = try await discovery.metadata()
            return await TokenRevocation(calls: calls, metadata: metadata, authentication: authentication).revoke(
                request)
        } catch {
            return RevocationOutcome(
                remaining: request, retryAfter: error.retryAfter ?? .seconds(5), problem: error.reason)
        }
    }

    // MARK: Logout

    /// The way to the provider's own logout; nil when there is none, or the provider's address is not known yet: a logout
    /// never waits for a provider (F2, F6).
    package func endSession(_ logout: ProviderLogout) async -> ProviderLogout.Way? {
        guard let metadata = await discovery.state.metadata else { return nil }
        return logout.way(metadata, settings)
    }

    // MARK: Parts

    private func tokenEndpoint(_ metadata: ProviderMetadata, _ gate: CallGate) -> TokenEndpoint {
        TokenEndpoint(calls: calls, metadata: metadata, authentication: authentication, gate: gate, observe: observe)
    }

    private func idTokens(_ metadata: ProviderMetadata) -> IDTokenCheck {
        IDTokenCheck(settings: settings, metadata: metadata, keys: keys, time: calls.time)
    }

    private func userinfo(_ metadata: ProviderMetadata) -> UserinfoRequest {
        UserinfoRequest(calls: calls, metadata: metadata, idTokens: idTokens(metadata), needed: neededClaims)
    }
}
