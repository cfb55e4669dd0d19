import Formats
import HTTPServer

/// The answer to an authorization request, on its way through the browser (RFC 6749, section 4.1.2).
struct AuthorizationResponse: Sendable {
    let target: RedirectTarget
    let issuer: String

    func granting(code: String) -> ServiceResponse { answer([("code", code)]) }

    func refusing(_ error: OAuthError) -> ServiceResponse {
        answer([("error", error.code.rawValue), ("error_description", error.description)])
    }

    private func answer(_ parameters: [(String, String)]) -> ServiceResponse {
        var parameters = parameters
        if let state = target.state { parameters.append(("state", state)) }
        // RFC 9207, section 2: in every answer, errors included.
        parameters.append(("iss", issuer))
        return .seeOther(RedirectAddress.adding(parameters, to: target.uri))
    }
}

/// Addresses with more in their query.
enum RedirectAddress {
    /// RFC 6749, section 3.1.2: a query that is there already stays.
    static func adding(_ parameters: [(String, String)], to uri: String) -> String {
        let separator = uri.contains("?") ? (uri.hasSuffix("?") || uri.hasSuffix("&") ? "" : "&") : "?"
        return uri + separator + FormEncoding.encode(parameters)
    }
}

extension ServiceResponse {
    /// 303 and nothing else: 307 would send a form, with what was typed into it, on to the application (H11).
    static func seeOther(_ address: String) -> ServiceResponse {
        ServiceResponse(
            status: 303,
            headers: [("Location", address), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")],
            body: [])
    }

    /// JSON that nobody keeps (RFC 6749, section 5.1).
    static func unstoredJSON(_ value: JSONValue, status: Int = 200, headers: [(name: String, value: String)] = [])
        -> ServiceResponse
    {
        ServiceResponse(
            status: status,
            headers: [
                ("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache"),
                ("X-Content-Type-Options", "nosniff"),
            ] + headers, body: value.encoded)
    }

    static func refusal(_ error: OAuthError, status: Int = 400, headers: [(name: String, value: String)] = [])
        -> ServiceResponse
    {
        .unstoredJSON(
            .object(
                JSONObject([
                    ("error", .string(error.code.rawValue)), ("error_description", .string(error.description)),
                ])),
            status: status, headers: headers)
    }
}
