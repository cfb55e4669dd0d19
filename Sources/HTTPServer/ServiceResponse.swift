package import Formats

/// A whole response.
///
/// Length, date and connection fields are added when it is sent.
package struct ServiceResponse: Sendable {
    /// 200 to 599.
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// What follows the head in place of ``body``; a request for a WebSocket (``ServiceRequest/asksForWebSocket``) is answered
    /// with 101 then.
    package var conversation: (any ServiceConversation)?

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func text(_ text: String, status: Int = 200) -> ServiceResponse {
        typed("text/plain; charset=utf-8", Array(text.utf8), status)
    }

    package static func html(_ html: String, status: Int = 200) -> ServiceResponse {
        typed("text/html; charset=utf-8", Array(html.utf8), status)
    }

    /// - Parameter type: `application/json`, or a type such as `application/problem+json`.
    package static func json(
        _ value: JSONValue, status: Int = 200, type: String = "application/json"
    ) -> ServiceResponse {
        typed(type, value.encoded, status)
    }

    package static func redirect(to location: String, status: Int = 302) -> ServiceResponse {
        ServiceResponse(status: status, headers: [("Location", location)])
    }

    /// No body at all.
    package static func empty(_ status: Int = 204) -> ServiceResponse { ServiceResponse(status: status) }

    private static func typed(_ type: String, _ body: [UInt8], _ status: Int) -> ServiceResponse {
        ServiceResponse(status: status, headers: [("Content-Type", type)], body: body)
    }

    /// The same response with one more field.
    package func adding(_ name: String, _ value: String) -> ServiceResponse {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }

    /// The value of the first field with this name, letter case aside.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}
