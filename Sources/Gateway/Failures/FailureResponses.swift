import HTTP
import Routing

/// Turns failures into answers: the one place where a status, a page or a problem document is chosen for them.
enum FailureResponses {
    /// A page for people, a problem document for programs.
    static func answer(
        _ failure: GatewayFailure, asPage: Bool, requestID: String, origins: [String]
    ) -> OwnAnswer {
        var answer =
            asPage
            ? page(failure, requestID: requestID, origins: origins)
            : problem(failure, requestID: requestID, origins: origins)
        if case .methodNotAllowed(let allow) = failure { answer.add("Allow", allow) }
        if case .webSocketVersion = failure {
            answer.add("Sec-WebSocket-Version", WebSocketHandshake.version.description)
        }
        if failure.isOurs { answer.add("Proxy-Status", failure.proxyError.map { "postern; error=\($0)" } ?? "postern") }
        return answer
    }

    /// A page, for what only a person's browser asks for.
    static func page(
        _ failure: GatewayFailure, requestID: String, origins: [String] = [], loginURL: String? = nil
    ) -> OwnAnswer {
        let reason = failure.reason.description
        let page: Page
        if case .misdirected = failure {
            page = ErrorPage.misdirected(origins: origins, requestID: requestID)
        } else {
            page = ErrorPage.page(
                FailureText.of(status: failure.status, reason: reason), status: failure.status, requestID: requestID,
                actions: loginURL.map { [Page.Action("Sign in", $0), Page.Action("Front page", "/")] })
        }
        var answer = OwnAnswer.page(page, status: failure.status)
        if let seconds = failure.retryAfter { answer.add("Retry-After", String(seconds)) }
        return answer
    }

    private static func problem(_ failure: GatewayFailure, requestID: String, origins: [String]) -> OwnAnswer {
        let reason = failure.reason.description
        var problem = ProblemDocument(
            FailureText.of(status: failure.status, reason: reason), status: failure.status, reason: reason,
            requestID: requestID)
        if case .misdirected = failure, let origin = origins.first {
            // The right address is what a program can do something with (G14).
            problem.detail = "This site is \(origin)."
        }
        var answer = OwnAnswer.problem(problem)
        if let seconds = failure.retryAfter { answer.add("Retry-After", String(seconds)) }
        return answer
    }
}

extension OwnAnswer {
    static func page(_ page: Page, status: Int) -> OwnAnswer {
        var answer = OwnAnswer(status: status)
        answer.contentType = "text/html; charset=utf-8"
        answer.body = page.bytes
        answer.isPage = true
        return answer
    }

    static func problem(_ problem: ProblemDocument) -> OwnAnswer {
        var answer = OwnAnswer(status: problem.status)
        answer.contentType = ProblemDocument.contentType
        answer.body = problem.bytes
        return answer
    }
}
