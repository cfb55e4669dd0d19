import Bytes
import Formats
import JOSE
import Time

/// The keys of one issuer, and of no other (C40–C44).
actor ProviderKeys {
    /// A key set and which one it is, so that a caller can tell whether there is a newer one.
    struct Snapshot: Sendable {
        let keys: JSONWebKeySet
        let generation: Int
    }

    private let calls: ProviderCalls
    private let documents: (any DocumentStore)?
    private let random: @Sendable () -> Double
    private let observe: @Sendable (ProviderEvent) -> Void

    private var keys: JSONWebKeySet?
    /// The URL that ``keys`` came from; nil for a stored copy.
    private var source: String?
    private var fetchedAt = Timestamp(milliseconds: .min)
    /// ``fetchedAt`` on the monotonic clock.
    private var fetchedInstant = Instant(nanoseconds: .min)
    private var generation = 0
    private var freshUntil = Instant(nanoseconds: .min)
    private var backOff = BackOff()
    private var problem: DocumentProblem?
    private var flight: Task<Void, Never>?
    private var loading: Task<Void, Never>?

    /// When the next fetch for the sake of an unknown key is allowed.
    private var nextAsked = Instant(nanoseconds: .min)
    /// Key identifiers that the provider did not have, until when they are not asked for again.
    private var unknown: [String: Instant] = [:]

    static let freshness = Duration.seconds(60)...Duration.hours(24)
    /// Between two fetches for unknown keys.
    static let askInterval = Duration.seconds(30)
    static let unknownFor = Duration.seconds(60)
    static let unknownLimit = 1000
    static let longestKid = 256
    /// How long keys are used that cannot be refreshed.
    static let longestStale = Duration.hours(24)

    init(
        calls: ProviderCalls, documents: (any DocumentStore)?, random: @escaping @Sendable () -> Double,
        observe: @escaping @Sendable (ProviderEvent) -> Void
    ) {
        self.calls = calls
        self.documents = documents
        self.random = random
        self.observe = observe
    }

    /// The keys in use; never an empty set.
    func current(_ metadata: ProviderMetadata) async throws(OpenIDConnectError) -> Snapshot {
        await loadStored()
        if isDue || source.map({ !$0.isExactly(metadata.jwksURI) }) ?? false { await fetch(metadata) }
        if let keys, !isTooOld {
            return Snapshot(keys: keys, generation: generation)
        }
        let wait = backOff.remaining(now: calls.time.instant()) ?? .seconds(1)
        throw .unavailable(reason: "jwks_" + (problem?.reason ?? "stale"), retryAfter: wait)
    }

    /// Keys newer than `seen`, asked for because a token was signed with one that `seen` lacks (C10).
    ///
    /// Nil when there are none: at most one fetch every ``askInterval``, however many tokens come, and none for a `kid`
    /// that the provider did not have a moment ago. Each unknown kid that drives a fetch of its own is how a stranger
    /// makes a gateway storm its provider.
    func newer(than seen: Snapshot, kid: String?, _ metadata: ProviderMetadata) async -> Snapshot? {
        let now = calls.time.instant()
        if seen.generation == generation {
            if flight == nil {
                guard mayAsk(for: kid, now: now) else { return nil }
                nextAsked = now + Self.askInterval
            }
            await fetch(metadata)
        }
        guard let keys, generation != seen.generation else { return nil }
        if let kid, !keys.keys.contains(where: { $0.kid?.isExactly(kid) ?? false }) {
            if unknown.count >= Self.unknownLimit { unknown = unknown.filter { now < $0.value } }
            if unknown.count < Self.unknownLimit { unknown[kid] = now + Self.unknownFor }
            return nil
        }
        return Snapshot(keys: keys, generation: generation)
    }

    private func mayAsk(for kid: String?, now: Instant) -> Bool {
        if now < nextAsked || backOff.remaining(now: now) != nil { return false }
        guard let kid else { return true }
        // A real identifier is short; a long one is not worth a call, nor the memory to remember it.
        return kid.utf8.count <= Self.longestKid && unknown[kid].map { now >= $0 } ?? true
    }

    /// Refreshes when it is time, and says how long until it will be again.
    func refreshIfDue(_ metadata: ProviderMetadata) async -> Duration {
        await loadStored()
        if isDue { await fetch(metadata) }
        let now = calls.time.instant()
        return max(backOff.remaining(now: now) ?? freshUntil.since(now), .seconds(1))
    }

    /// When the keys in use were fetched; nil without keys.
    var age: Duration? { keys == nil ? nil : calls.time.now().since(fetchedAt) }

    /// Also due when too old: a wall clock that was set forward, or a machine that slept, makes keys too old that are
    /// fresh by the monotonic clock.
    private var isDue: Bool {
        let now = calls.time.instant()
        return (now >= freshUntil || isTooOld) && backOff.remaining(now: now) == nil
    }

    /// True when either clock says that the keys may not be used any more (C41).
    private var isTooOld: Bool {
        calls.time.now() >= fetchedAt + Self.longestStale
            || calls.time.instant() >= fetchedInstant + Self.longestStale
    }

    private func fetch(_ metadata: ProviderMetadata) async {
        let task = flight ?? Task { await self.fetchOnce(metadata) }
        flight = task
        await task.value
    }

    private func fetchOnce(_ metadata: ProviderMetadata) async {
        defer { flight = nil }
        do throws(DocumentProblem) {
            try await fetchDocument(metadata)
            backOff.succeeded()
            problem = nil
        } catch {
            let now = calls.time.instant()
            backOff.failed(now: now, random: random())
            problem = error
            observe(.keysFailed(error, hasCopy: keys != nil, retryIn: backOff.remaining(now: now) ?? .zero))
        }
    }

    private func fetchDocument(_ metadata: ProviderMetadata) async throws(DocumentProblem) {
        let response: BackChannelResponse
        do throws(BackChannelFailure) {
            response = try await calls.call(
                .keys, metadata.jwksURI, reach: metadata.reach, accept: "application/jwk-set+json, application/json")
        } catch {
            throw .noAnswer(error)
        }
        let document = try response.document(alsoAs: "application/jwk-set+json")
        let fetched = try Self.checked(document)
        let isNews = fetched != keys
        // The whole set is replaced: a key that is no longer published is no longer believed (C41).
        keys = fetched
        source = metadata.jwksURI
        generation += 1
        fetchedAt = calls.time.now()
        fetchedInstant = calls.time.instant()
        freshUntil = calls.time.instant() + CacheLifetime.of(response, in: Self.freshness)
        unknown = [:]
        if isNews { observe(.keysChanged(fetched)) }
        await store(document, fetchedAt: fetchedAt)
    }

    private static func checked(_ document: JSONObject) throws(DocumentProblem) -> JSONWebKeySet {
        let keys: JSONWebKeySet
        do throws(JOSEError) {
            keys = try JSONWebKeySet(parsing: .object(document))
        } catch {
            throw .keys(error)
        }
        guard !keys.keys.isEmpty else { throw .noUsableKey }
        return keys
    }

    private func loadStored() async {
        guard let documents, keys == nil else { return }
        let task = loading ?? Task { await self.load(from: documents) }
        loading = task
        await task.value
    }

    private func load(from documents: any DocumentStore) async {
        do {
            let name = ProviderDocument(.keys, issuer: calls.settings.issuer)
            // A key set does not say whose it is, so the issuer is kept with it: keys of one must never verify tokens of
            // another that was given the same name (C43).
            guard let stored = try await documents.load(name),
                let object = try JSONValue(parsing: stored.content).object,
                object["issuer"]?.string?.isExactly(calls.settings.issuer) ?? false,
                let document = object["document"]?.object
            else { return }
            let loaded = try Self.checked(document)
            guard keys == nil else { return }
            keys = loaded
            generation += 1
            fetchedAt = stored.fetchedAt
            fetchedInstant = calls.time.instant() + min(.zero, stored.fetchedAt.since(calls.time.now()))
        } catch {
            observe(.documentNotLoaded(.keys))
        }
    }

    private func store(_ document: JSONObject, fetchedAt: Timestamp) async {
        guard let documents else { return }
        let object: JSONObject = ["issuer": .string(calls.settings.issuer), "document": .object(document)]
        do {
            try await documents.save(
                StoredDocument(content: object.encoded, fetchedAt: fetchedAt),
                as: ProviderDocument(.keys, issuer: calls.settings.issuer))
        } catch {
            observe(.documentNotSaved(.keys))
        }
    }
}
