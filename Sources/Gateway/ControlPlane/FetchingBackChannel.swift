import Fetching
import Formats
import OpenIDConnect
import Sessions
import Time

/// Calls to providers, through libcurl.
struct FetchingBackChannel: BackChannel {
    let fetcher: Fetcher
    let settings: ProviderSettings

    func send(_ request: BackChannelRequest) async throws(BackChannelFailure) -> BackChannelResponse {
        var fetch = FetchRequest(url: request.url)
        fetch.headers = request.headers
        fetch.host = request.host
        // The settings were judged: http leads to loopback, or somebody wrote `tolerate: [plain_http]` (B1).
        fetch.allowsPlainHTTP = request.url.hasPrefix("http://")
        fetch.reach = request.reach
        fetch.timeout = request.timeout
        fetch.connectTimeout = min(request.timeout, .seconds(5))
        fetch.maximumBytes = request.maximumBytes
        fetch.trust = FetchTrust(ca: request.ca)
        if let body = request.body { fetch.method = .post(body) }
        do throws(FetchFailure) {
            let response = try await fetcher.fetch(fetch)
            return BackChannelResponse(
                status: response.status, headers: response.headers, body: response.body, scope: response.scope)
        } catch {
            throw BackChannelFailure(
                reason: error.word, mayHaveArrived: error.mayHaveArrived, isLocal: error.isLocal)
        }
    }
}

/// The last good documents of the provider, in the session store (D8).
struct StoredDocuments: DocumentStore {
    let registry: SessionRegistry
    let provider: String

    func load(_ document: ProviderDocument) async throws -> StoredDocument? {
        guard let found = try await registry.document(kind: document.kind.rawValue, provider: provider) else {
            return nil
        }
        return StoredDocument(content: found.content, fetchedAt: found.fetchedAt)
    }

    func save(_ content: StoredDocument, as document: ProviderDocument) async throws {
        try await registry.save(
            document: content.content, kind: document.kind.rawValue, provider: provider, fetchedAt: content.fetchedAt)
    }
}

extension FetchFailure {
    /// A stable word for logs and metrics.
    fileprivate var word: String {
        switch self {
        case .dns: "dns"
        case .refused: "refused"
        case .tls(let reason): "tls_\(reason.rawValue)"
        case .connectTimeout: "connect_timeout"
        case .timeout: "timeout"
        case .lost: "lost"
        case .tooLarge: "too_large"
        case .addressRefused: "address_refused"
        case .protocolViolation: "protocol"
        case .proxy: "proxy"
        case .badRequest: "bad_request"
        case .overloaded: "overloaded"
        case .cancelled: "cancelled"
        }
    }
}
