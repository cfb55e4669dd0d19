private import Formats

/// An error for programs: `application/problem+json` (RFC 9457) with the members of the contract, section 3.
package struct ProblemDocument: Sendable, Equatable {
    package var status: Int
    package var title: String
    /// The word to decide on.
    package var reason: String?
    /// For a developer who reads it.
    package var detail: String?
    /// Where a login begins that returns to the page, never to the API.
    package var loginURL: String?
    /// Lets support find the request in the log.
    package var requestID: String?

    package static let contentType: StaticString = "application/problem+json"

    package init(status: Int, title: String, reason: String? = nil) {
        self.status = status
        self.title = title
        self.reason = reason
    }

    /// What an error says, from the same words as the page.
    package init(_ text: FailureText, status: Int, reason: String, requestID: String?) {
        self.init(status: status, title: text.title, reason: reason)
        detail = text.explanation
        self.requestID = requestID
    }

    /// 401 for a request without a session that is good enough: `reason` is `absent`, `expired`, `revoked`,
    /// `refresh_failed` or `step_up`.
    package static func signInRequired(reason: String, loginURL: String) -> ProblemDocument {
        var problem = ProblemDocument(status: 401, title: "Sign-in required", reason: reason)
        problem.loginURL = loginURL
        return problem
    }

    /// The JSON text.
    package var bytes: [UInt8] {
        var members: JSONObject = ["type": "about:blank", "title": .string(title), "status": .integer(Int64(status))]
        members["reason"] = reason.map { .string($0) }
        members["detail"] = detail.map { .string($0) }
        members["login_url"] = loginURL.map { .string($0) }
        members["request_id"] = requestID.map { .string($0) }
        return members.encoded
    }
}
