import Formats
import Gateway
import HTTPServer
import Telemetry

/// `/healthz`, `/readyz` and `/metrics`; everything else needs a token, and is 404 while there is none (contract, section 5).
struct AdministrationService: HTTPService {
    let gateway: GatewayProcess
    let registry: MetricRegistry

    func respond(to request: ServiceRequest) async -> ServiceResponse {
        guard ["/healthz", "/readyz", "/metrics"].contains(request.path) else { return Self.problem(404, "Not found") }
        guard request.method == "GET" || request.method == "HEAD" else {
            return Self.problem(405, "Method not allowed").adding("Allow", "GET, HEAD")
        }
        switch request.path {
        case "/healthz": return .json(["status": "alive"])
        case "/readyz": return await readiness()
        default:
            await gateway.refreshMetrics()
            return ServiceResponse(
                headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")],
                body: registry.prometheusText())
        }
    }

    /// 503 only when no request could be served; a provider that is down is a word in the body, since sessions still
    /// work (contract, section 5).
    private func readiness() async -> ServiceResponse {
        let state = await gateway.readiness()
        let body: JSONValue = [
            "status": .string(state.isReady ? (state.providerIsUp ? "ready" : "degraded") : "not_ready"),
            "store": .string(state.storeIsUsable ? "up" : "down"),
            "provider": .string(state.providerIsUp ? "up" : "down"),
            "draining": .bool(state.isDraining),
        ]
        return .json(body, status: state.isReady ? 200 : 503).adding("Cache-Control", "no-store")
    }

    private static func problem(_ status: Int, _ title: String) -> ServiceResponse {
        let body: JSONValue = ["type": "about:blank", "title": .string(title), "status": .integer(Int64(status))]
        return ServiceResponse(
            status: status, headers: [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")],
            body: body.encoded)
    }
}
