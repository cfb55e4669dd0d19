import Bytes
import Cryptography
import Formats
import JOSE
import Threads
import Time

/// Decides whether an access token is to be believed: a JWT by the provider's keys, anything else by asking the provider.
actor TokenIntake {
    private let settings: DemoAPISettings
    private let line: any ProviderLine
    private let time: TimeSource
    private var endpoints: Endpoints?
    private var keys = JSONWebKeySet([])
    private var lastFetch: Instant?
    private var fetching: Task<Void, Never>?

    private struct Endpoints: Sendable {
        let keys: String
        let introspection: String?
    }

    /// Tokens with made-up key identifiers must not make us hammer the provider (C40).
    private static let fetchPause = Duration.seconds(30)
    /// While nothing was ever fetched the provider may just be starting.
    private static let firstFetchPause = Duration.seconds(1)

    init(_ settings: DemoAPISettings, line: any ProviderLine, time: TimeSource) {
        self.settings = settings
        self.line = line
        self.time = time
    }

    func judge(_ token: String) async throws(AccessRefusal) -> AccessToken {
        // Three parts: it wants to be a JWT. What claims to be one and is none is never asked about (C61).
        if token.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2 { return try await judgeSigned(token) }
        return try await introspect(token)
    }

    private func judgeSigned(_ token: String) async throws(AccessRefusal) -> AccessToken {
        let check = SignedTokenCheck(issuer: settings.issuer, audience: settings.audience)
        if endpoints == nil { await fetchKeys() }
        do throws(JOSEError) {
            return try check.judge(token, keys: keys, now: time.now())
        } catch {
            guard error.suggestsNewKeys else { throw .invalid }
        }
        await fetchKeys()
        guard !keys.keys.isEmpty else { throw .providerUnreachable }
        do throws(JOSEError) {
            return try check.judge(token, keys: keys, now: time.now())
        } catch {
            throw .invalid
        }
    }

    // MARK: Keys

    /// Fetches metadata and keys once for everybody who waits, and not again at once.
    private func fetchKeys() async {
        if let fetching { return await fetching.value }
        let pause = endpoints == nil ? Self.firstFetchPause : Self.fetchPause
        if let lastFetch, time.instant().since(lastFetch) < pause { return }
        lastFetch = time.instant()
        let task = Task { await self.fetchNow() }
        fetching = task
        await task.value
        fetching = nil
    }

    private func fetchNow() async {
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        guard let body = await line.get(base + "/.well-known/openid-configuration"),
            let metadata = try? JSONValue(parsing: body),
            // Discovery 1.0, section 4.3: a document about somebody else is none.
            metadata["issuer"]?.string?.isExactly(settings.issuer) == true,
            let keysURL = metadata["jwks_uri"]?.string
        else { return }
        endpoints = Endpoints(keys: keysURL, introspection: metadata["introspection_endpoint"]?.string)
        guard let body = await line.get(keysURL), let value = try? JSONValue(parsing: body),
            let found = try? JSONWebKeySet(parsing: value), !found.keys.isEmpty
        else { return }
        keys = found
    }

    // MARK: Introspection

    /// RFC 7662, section 2.2.
    ///
    /// Only `true` is true (B65).
    private func introspect(_ token: String) async throws(AccessRefusal) -> AccessToken {
        guard let client = settings.introspectionClient else { throw .invalid }
        if endpoints == nil { await fetchKeys() }
        guard let url = endpoints?.introspection,
            let body = await line.post(
                url, form: [("token", token), ("token_type_hint", "access_token")], client: client),
            let answer = try? JSONValue(parsing: body)
        else { throw .providerUnreachable }
        let now = time.now()
        guard answer["active"] == .bool(true), let subject = answer["sub"]?.string,
            let clientID = answer["client_id"]?.string, let ends = answer["exp"]?.integer.map(Timestamp.init(seconds:)),
            now < ends, answer["cnf"] == nil, let claims = answer.object, isForUs(claims)
        else { throw .invalid }
        return AccessToken(
            format: .opaque, subject: subject, clientID: clientID, scope: SignedTokenCheck.words(answer["scope"]),
            endsAt: ends)
    }

    private func isForUs(_ claims: JSONObject) -> Bool {
        if let issuer = claims["iss"], issuer != .string(settings.issuer) { return false }
        return (try? ClaimCheck.audience(claims, contains: settings.audience)) != nil
    }
}
