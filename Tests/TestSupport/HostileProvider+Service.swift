import Bytes
internal import Formats
package import HTTPServer

/// The provider over sockets: behind a `ServiceHost`.
///
/// Its authorization endpoint signs `alice` in without asking (or whom `login_hint` names), its logout endpoint sends the
/// browser back at once. A lost answer is one that never comes.
extension HostileProvider: HTTPService {
    package func respond(to request: ServiceRequest) async -> ServiceResponse {
        guard let endpoint = Endpoint.allCases.first(where: { request.path.hasSuffix($0.rawValue) }) else {
            return .text("not found", status: 404)
        }
        let call = Call(
            endpoint: endpoint, method: request.method, url: "http://" + request.host + request.target,
            headers: request.headers, query: (try? FormEncoding.parse(request.query.utf8Span.span)) ?? [],
            form: (try? FormEncoding.parse(request.body.span)) ?? [])
        let answer = await answer(call)
        switch answer {
        case .response(404, _, []) where endpoint == .authorize: return authorizationResponse(call)
        case .response(404, _, []) where endpoint == .logout: return logoutResponse(call)
        case .response(let status, let headers, let body):
            return ServiceResponse(status: status, headers: headers, body: body)
        case .lost, .unreachable:
            // Until the client has given up.
            try? await Task.sleep(for: .seconds(3600))
            return .empty(504)
        }
    }

    private func authorizationResponse(_ call: Call) -> ServiceResponse {
        let parameters = authorize(call.query + call.form, subject: call.value("login_hint") ?? "alice", error: nil)
        let target = call.value("redirect_uri") ?? ""
        if call.value("response_mode") == "form_post" {
            let fields = parameters.map { name, value in
                "<input type=hidden name=\"\(HTMLEscape.escape(name))\" value=\"\(HTMLEscape.escape(value))\">"
            }
            return .html(
                "<body onload=\"document.forms[0].submit()\"><form method=post action=\"\(HTMLEscape.escape(target))\">"
                    + fields.joined() + "</form>")
        }
        let query = FormEncoding.encode(parameters.map { ($0.name, $0.value) })
        return .redirect(to: target + (target.contains("?") ? "&" : "?") + query, status: 303)
    }

    private func logoutResponse(_ call: Call) -> ServiceResponse {
        guard let target = call.value("post_logout_redirect_uri") else { return .text("signed out") }
        guard let state = call.value("state") else { return .redirect(to: target, status: 303) }
        return .redirect(to: target + "?" + FormEncoding.encode([("state", state)]), status: 303)
    }
}
