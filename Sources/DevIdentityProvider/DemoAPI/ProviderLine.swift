import Bytes
package import Fetching
import Formats

/// How a resource server reaches its provider.
package protocol ProviderLine: Sendable {
    /// The body of a 200 answer, or nil.
    func get(_ url: String) async -> [UInt8]?
    /// The body of a 200 answer to a form sent with Basic client authentication, or nil.
    func post(_ url: String, form: [(String, String)], client: DemoAPISettings.IntrospectionClient) async -> [UInt8]?
}

/// The line through libcurl.
package struct FetchedProviderLine: ProviderLine {
    private let fetcher: Fetcher
    private let issuerOrigin: String?
    private let issuerAuthority: String?
    private let backChannelOrigin: String?

    package init(_ settings: DemoAPISettings, fetcher: Fetcher) {
        self.fetcher = fetcher
        let parts = URLParts(settings.issuer)
        issuerOrigin = parts?.origin
        issuerAuthority = parts?.authority
        backChannelOrigin = settings.backChannelURL.flatMap { URLParts($0)?.origin }
    }

    package func get(_ url: String) async -> [UInt8]? { await send(request(url)) }

    package func post(
        _ url: String, form: [(String, String)], client: DemoAPISettings.IntrospectionClient
    ) async -> [UInt8]? {
        var request = request(url)
        request.method = .post(Array(FormEncoding.encode(form).utf8))
        // RFC 6749, section 2.3.1: each half form-encoded, then joined.
        let credentials =
            FormEncoding.encode(one: client.id) + ":" + FormEncoding.encode(one: client.secret.exposedText ?? "")
        request.headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Authorization", "Basic " + Base64.encode(Array(credentials.utf8))),
        ]
        return await send(request)
    }

    private func request(_ url: String) -> FetchRequest {
        var target = url
        var host: String?
        // D5a: another address, the same name.
        if let backChannelOrigin, let issuerOrigin, let parts = URLParts(url), parts.origin == issuerOrigin {
            target = backChannelOrigin + parts.path + (parts.query.map { "?" + $0 } ?? "")
            host = issuerAuthority
        }
        var request = FetchRequest(url: target)
        request.host = host
        // A development API speaks to a development provider, as a rule on the same machine.
        request.allowsPlainHTTP = true
        request.timeout = .seconds(5)
        return request
    }

    private func send(_ request: FetchRequest) async -> [UInt8]? {
        guard let response = try? await fetcher.fetch(request), response.status == 200 else { return nil }
        return response.body
    }
}
