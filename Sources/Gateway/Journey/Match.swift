import Bytes
import HTTP
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// Second stage: host, path and method lead to a route, to one of our endpoints, or nowhere.
extension RequestJourney {
    func match(_ exchange: Exchange) -> Step {
        let head = exchange.head
        switch worker.selector.select(site: site, path: head.path, method: head.methodBytes, in: snapshot.table) {
        case .refused(let refusal):
            return refuse(.badPath(refusal.reasonCode), exchange)
        case .notFound:
            return refuse(.notFound, exchange)
        case .methodNotAllowed(let group):
            return refuse(.methodNotAllowed(allow: snapshot.table.allow(group)), exchange)
        case .endpoint:
            guard let found = Endpoint.find(worker.selector, behind: snapshot.endpointsPrefix.count) else {
                return refuse(.notFound, exchange)
            }
            endpoint = found
            if isEarly(head) { return refuse(.tooEarly, exchange) }
            guard head.method == .get || head.method == .head && found.onlyTells else {
                return refuse(.methodNotAllowed(allow: found.onlyTells ? "GET, HEAD" : "GET"), exchange)
            }
            if mustBeTunnel(head) { return refuse(.noTunnel, exchange) }
            return .next(.recognize)
        case .route(let index):
            let plan = snapshot.plans[index]
            self.plan = plan
            // Tunnels are opened by GET, and are nothing to be opened twice.
            if isEarly(head), !head.method.isSafe || head.isUpgrade { return refuse(.tooEarly, exchange) }
            if plan.settings.bodyLimit > 0, case .length(let length) = head.framing, length > plan.settings.bodyLimit {
                return refuse(.bodyTooLarge, exchange)
            }
            if !wantsTunnel, mustBeTunnel(head) { return refuse(.noTunnel, exchange) }
            if wantsTunnel, let refusal = WebSocketHandshake.refusal(of: head) {
                return refuse(refusal == .version ? .webSocketVersion : .badRequest("websocket_key"), exchange)
            }
            return .next(.recognize)
        }
    }

    /// A terminator in front says that it had the request as early data, which whoever saw it can send again; the field
    /// means that however often it stands there and whatever it holds (RFC 8470, section 5.1).
    ///
    /// It stays where a request passes, for the upstream to judge by.
    private func isEarly(_ head: RequestHead) -> Bool { head.fields.contains(.earlyData) }
}
