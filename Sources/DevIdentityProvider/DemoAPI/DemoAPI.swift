import Bytes
import Formats
package import HTTPServer
package import Time

/// A resource server that shows what arrived: the access token is judged first, then the request is sent back, tokens
/// shortened.
///
/// Everything needs a token; what lies under a path segment `admin` needs the scope `demo:admin` as well. `/api/events` is an
/// event stream, `/api/echo` a WebSocket.
package final class DemoAPI: HTTPService {
    private let intake: TokenIntake
    private let time: TimeSource

    package init(_ settings: DemoAPISettings, line: any ProviderLine, time: TimeSource = .system) {
        intake = TokenIntake(settings, line: line, time: time)
        self.time = time
    }

    package func respond(to request: ServiceRequest) async -> ServiceResponse {
        let presented: String
        switch request.bearerToken {
        case .present(let token): presented = token
        // RFC 6750, section 3.1: who sent nothing is told how, and no error code.
        case .absent: return refuse(401, error: nil)
        case .unreadable:
            return refuse(400, error: "invalid_request", "Send one Authorization field with a bearer token.")
        }
        let token: AccessToken
        do throws(AccessRefusal) {
            token = try await intake.judge(presented)
        } catch {
            switch error {
            case .invalid: return refuse(401, error: "invalid_token", "The token is not valid here.")
            case .providerUnreachable:
                return .unstoredJSON(
                    ["status": 503, "error_description": "The identity provider cannot be asked about the token."],
                    status: 503, headers: [("Retry-After", "1")])
            }
        }
        let needed = ProviderScope.demoAdmin.rawValue
        if request.path.split(separator: "/").contains("admin"), !token.allows(needed) {
            return refuse(403, error: "insufficient_scope", "This needs the scope \(needed).", scope: needed)
        }
        if request.path == "/api/events", request.method == "GET" {
            var response = ServiceResponse(
                headers: [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
            response.conversation = EventClock(time: time)
            return response
        }
        if request.path == "/api/echo", let proof = EchoSocket.accept(request) {
            var response = ServiceResponse(headers: proof)
            response.conversation = EchoSocket(subject: token.subject)
            return response
        }
        return .unstoredJSON(.object(echo(request, token, TokenShortener(presented))))
    }

    private func refuse(
        _ status: Int, error: String?, _ description: String? = nil, scope: String? = nil
    ) -> ServiceResponse {
        BearerChallenge(realm: "demo-api", error: error, scope: scope).response(
            status: status, description: description)
    }

    private func echo(_ request: ServiceRequest, _ token: AccessToken, _ shortener: TokenShortener) -> JSONObject {
        let headers: [JSONValue] = request.headers.map { name, value in
            ["name": .string(name.lowercased()), "value": .string(shortener.shorten(value))]
        }
        var received = JSONObject([
            ("method", .string(request.method)),
            ("path", .string(request.path)),
            ("headers", .array(headers)),
        ])
        if !request.query.isEmpty { received["query"] = .string(shortener.shorten(request.query)) }
        if !request.body.isEmpty { received["body"] = .string(shortener.shorten(Self.text(request.body))) }
        let left = token.endsAt.since(time.now()).wholeSeconds
        return JSONObject([
            ("request", .object(received)),
            (
                "token",
                [
                    "format": .string(token.format.rawValue),
                    "subject": .string(token.subject),
                    "client_id": .string(token.clientID),
                    "scope": .string(token.scope.joined(separator: " ")),
                    "expires_in": .integer(max(0, left)),
                ]
            ),
        ])
    }

    /// Up to 4 KiB of a body that is text.
    private static func text(_ body: [UInt8]) -> String {
        guard body.count <= 4096, let text = String(validating: body, as: UTF8.self), !text.utf8.contains(0) else {
            return "(\(body.count) bytes)"
        }
        return text
    }
}
