import Formats
import Gateway
import HTTPServer
import Telemetry

/// `/healthz`, `/readyz` and `/metrics` for anybody; everything else for who may (contract, section 5).
struct AdministrationService: HTTPService {
    let gateway: GatewayProcess
    let registry: MetricRegistry
    let access: AdministrationAccess
    let reload: @Sendable () async -> ReloadOutcome

    func respond(to request: ServiceRequest) async -> ServiceResponse {
        switch request.path {
        case "/healthz": return await asked(request, "GET, HEAD") { .json(["status": "alive"]) }
        case "/readyz": return await asked(request, "GET, HEAD") { await readiness() }
        case "/metrics": return await asked(request, "GET, HEAD") { await metrics() }
        default: break
        }
        switch access.judge(request) {
        case .granted: break
        case .absent: return Self.problem(404, "Not found")
        case .foreign: return Self.problem(403, "Not from there")
        case .unauthenticated:
            return Self.problem(401, "The administrator's token is needed")
                .adding("WWW-Authenticate", #"Bearer realm="postern""#)
                .adding("WWW-Authenticate", #"Basic realm="postern", charset="UTF-8""#)
        }
        switch request.path {
        case "/reload": return await asked(request, "POST") { Self.answer(await reload()) }
        default: return Self.problem(404, "Not found")
        }
    }

    /// Answers a method that the path has.
    private func asked(
        _ request: ServiceRequest, _ methods: String, _ answer: () async -> ServiceResponse
    ) async -> ServiceResponse {
        guard methods.split(separator: ", ").contains(request.method[...]) else {
            return Self.problem(405, "Method not allowed").adding("Allow", methods)
        }
        return await answer()
    }

    private func metrics() async -> ServiceResponse {
        await gateway.refreshMetrics()
        return ServiceResponse(
            headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")],
            body: registry.prometheusText())
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

    private static func answer(_ outcome: ReloadOutcome) -> ServiceResponse {
        switch outcome {
        case .taken(let warnings):
            let body: JSONValue = ["status": "reloaded", "warnings": .array(warnings.map { .string($0) })]
            return .json(body).adding("Cache-Control", "no-store")
        case .refused(let problems):
            return problem(422, "Nothing has changed: the configuration was not taken", problems)
        }
    }

    private static func problem(_ status: Int, _ title: String, _ problems: [String]? = nil) -> ServiceResponse {
        var members: [(String, JSONValue)] = [
            ("type", "about:blank"), ("title", .string(title)), ("status", .integer(Int64(status))),
        ]
        if let problems { members.append(("problems", .array(problems.map { .string($0) }))) }
        return ServiceResponse(
            status: status, headers: [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")],
            body: JSONValue.object(JSONObject(members)).encoded)
    }
}
