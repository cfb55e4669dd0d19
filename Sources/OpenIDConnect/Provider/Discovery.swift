import Formats
import Time

/// The provider's metadata: asked for once for all, kept fresh, and kept at all costs once it was good (D8, D9).
actor Discovery {
    private struct Copy {
        let metadata: ProviderMetadata
        let fetchedAt: Timestamp
        /// True for a copy from before this process started.
        let isStored: Bool
    }

    private let calls: ProviderCalls
    private let documents: (any DocumentStore)?
    private let siteIsSecure: Bool
    private let random: @Sendable () -> Double
    private let observe: @Sendable (ProviderEvent) -> Void

    private var copy: Copy?
    private var freshUntil = Instant(nanoseconds: .min)
    private var backOff = BackOff()
    private var problem: DocumentProblem?
    private var flight: Task<Void, Never>?
    private var loading: Task<Void, Never>?

    static let freshness = Duration.minutes(5)...Duration.hours(24)

    init(
        calls: ProviderCalls, documents: (any DocumentStore)?, siteIsSecure: Bool,
        random: @escaping @Sendable () -> Double, observe: @escaping @Sendable (ProviderEvent) -> Void
    ) {
        self.calls = calls
        self.documents = documents
        self.siteIsSecure = siteIsSecure
        self.random = random
        self.observe = observe
    }

    /// The metadata in use; asks for it when there is none yet and no try failed just before.
    ///
    /// A copy past its freshness is good enough for this caller; a refresh begins behind its back.
    func metadata() async throws(OpenIDConnectError) -> ProviderMetadata {
        await loadStored()
        if copy == nil, backOff.remaining(now: calls.time.instant()) == nil { await fetch() }
        if let copy {
            if isDue { begin() }
            return copy.metadata
        }
        if case .metadata(let problem)? = problem { throw .metadata(problem) }
        let wait = backOff.remaining(now: calls.time.instant()) ?? .seconds(1)
        throw .unavailable(reason: problem?.reason ?? "no_metadata", retryAfter: wait)
    }

    /// Refreshes when it is time, and says how long until it will be again.
    func refreshIfDue() async -> Duration {
        await loadStored()
        if isDue { await fetch() }
        let now = calls.time.instant()
        return max(backOff.remaining(now: now) ?? freshUntil.since(now), .seconds(1))
    }

    /// What is known now, without asking anybody.
    var state: (metadata: ProviderMetadata?, fetchedAt: Timestamp?, problem: DocumentProblem?) {
        (copy?.metadata, copy?.fetchedAt, problem)
    }

    private var isDue: Bool {
        let now = calls.time.instant()
        return now >= freshUntil && backOff.remaining(now: now) == nil
    }

    /// Starts a fetch unless one is under way; all who wait, wait for the same.
    @discardableResult private func begin() -> Task<Void, Never> {
        if let flight { return flight }
        let task = Task { await self.fetchOnce() }
        flight = task
        return task
    }

    private func fetch() async { await begin().value }

    private func fetchOnce() async {
        defer { flight = nil }
        do throws(DocumentProblem) {
            try await fetchDocument()
            backOff.succeeded()
            problem = nil
        } catch {
            let now = calls.time.instant()
            backOff.failed(now: now, random: random())
            // A copy in use makes a failure less urgent: no need to ask again before its shortest freshness.
            problem = error
            observe(.discoveryFailed(error, hasCopy: copy != nil, retryIn: backOff.remaining(now: now) ?? .zero))
        }
    }

    private func fetchDocument() async throws(DocumentProblem) {
        let response: BackChannelResponse
        do throws(BackChannelFailure) {
            // The issuer itself was chosen by a person: it may be anywhere.
            response = try await calls.call(
                .discovery, calls.address.discoveryURL, reach: Set(AddressScope.allCases), accept: "application/json")
        } catch {
            throw .noAnswer(error)
        }
        let document = try response.document()
        let metadata = try checked(document, issuerScope: response.scope)
        if let copy, !copy.isStored {
            let vanished = copy.metadata.vanished(in: metadata)
            guard vanished.isEmpty else { throw .vanished(vanished) }
        }
        let isNews = copy?.metadata != metadata || copy?.isStored == true
        let now = calls.time.now()
        copy = Copy(metadata: metadata, fetchedAt: now, isStored: false)
        freshUntil = calls.time.instant() + CacheLifetime.of(response, in: Self.freshness)
        if isNews { observe(.discovered(metadata)) }
        await store(document, scope: response.scope, fetchedAt: now)
    }

    private func checked(_ document: JSONObject, issuerScope: AddressScope?) throws(DocumentProblem) -> ProviderMetadata
    {
        do throws(MetadataProblem) {
            let metadata = try ProviderMetadata(
                document, settings: calls.settings, address: calls.address, issuerScope: issuerScope)
            // H1: it signs in anybody as anybody; behind a public https site never, elsewhere only when named.
            if metadata.isDevelopmentProvider,
                siteIsSecure || !calls.settings.tolerate.contains(.developmentProvider)
            {
                throw .developmentProvider
            }
            return metadata
        } catch {
            throw .metadata(error)
        }
    }

    private func loadStored() async {
        guard let documents, copy == nil else { return }
        let task = loading ?? Task { await self.load(from: documents) }
        loading = task
        await task.value
    }

    /// A stored copy serves at once and is due at once; settings may have changed, so it is judged again.
    private func load(from documents: any DocumentStore) async {
        do {
            let name = ProviderDocument(.metadata, issuer: calls.settings.issuer)
            guard let stored = try await documents.load(name),
                let object = try JSONValue(parsing: stored.content).object, let document = object["document"]?.object
            else { return }
            let scope = object["scope"]?.string.flatMap { AddressScope(rawValue: $0) }
            let metadata = try checked(document, issuerScope: scope)
            if copy == nil { copy = Copy(metadata: metadata, fetchedAt: stored.fetchedAt, isStored: true) }
        } catch {
            observe(.documentNotLoaded(.metadata))
        }
    }

    private func store(_ document: JSONObject, scope: AddressScope?, fetchedAt: Timestamp) async {
        guard let documents else { return }
        var object: JSONObject = ["document": .object(document)]
        if let scope { object["scope"] = .string(scope.rawValue) }
        do {
            try await documents.save(
                StoredDocument(content: object.encoded, fetchedAt: fetchedAt),
                as: ProviderDocument(.metadata, issuer: calls.settings.issuer))
        } catch {
            observe(.documentNotSaved(.metadata))
        }
    }
}
