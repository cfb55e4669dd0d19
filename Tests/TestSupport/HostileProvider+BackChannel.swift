import Bytes
internal import Formats
package import OpenIDConnect
import Threads

/// The provider without sockets.
extension HostileProvider: BackChannel {
    package func send(_ request: BackChannelRequest) async throws(BackChannelFailure) -> BackChannelResponse {
        let scope = state.withLock { $0.script.scope }
        // What the fetcher would do: the address is judged before anything is sent (D5).
        let found = URLParts(request.url).flatMap { AddressScope(host: $0.host) } ?? scope
        guard request.reach.contains(found) else {
            throw BackChannelFailure(reason: "address_refused", mayHaveArrived: false)
        }
        guard let call = Self.call(for: request) else {
            throw BackChannelFailure(reason: "dns", mayHaveArrived: false)
        }
        switch await answer(call) {
        case .response(let status, let headers, let body):
            guard body.count <= request.maximumBytes else {
                throw BackChannelFailure(reason: "too_large", mayHaveArrived: true)
            }
            return BackChannelResponse(status: status, headers: headers, body: body, scope: found)
        case .lost: throw BackChannelFailure(reason: "timeout", mayHaveArrived: true)
        case .unreachable: throw BackChannelFailure(reason: "refused", mayHaveArrived: false)
        }
    }

    /// Nil for a URL that leads nowhere here.
    private static func call(for request: BackChannelRequest) -> Call? {
        guard let url = URLParts(request.url),
            let endpoint = Endpoint.allCases.first(where: { url.path.hasSuffix($0.rawValue) })
        else { return nil }
        var headers = request.headers
        headers.append(("Host", request.host ?? url.authority))
        return Call(
            endpoint: endpoint, method: request.body == nil ? "GET" : "POST", url: request.url, headers: headers,
            query: url.query.flatMap { try? FormEncoding.parse($0.utf8Span.span) } ?? [],
            form: request.body.flatMap { try? FormEncoding.parse($0.span) } ?? [])
    }
}
