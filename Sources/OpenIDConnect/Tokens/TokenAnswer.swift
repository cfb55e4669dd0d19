import Bytes
import Formats
import Time

/// What a token endpoint said, success or not (RFC 6749, section 5).
enum TokenAnswer: Sendable, Equatable {
    case granted(TokenResponse)
    /// A 4xx answer: its error code, or ``TokenErrorCode/unreadable``.
    case refused(TokenErrorCode)
    /// A 200 that is none, or a redirect.
    case malformed(AnswerProblem)
    /// 429, 5xx, or a code that says so: patience.
    case unavailable(reason: String, retryAfter: Duration?)

    init(_ response: BackChannelResponse, now: Timestamp) {
        switch response.status {
        case 200: self = Self.success(response)
        case 429, 500...:
            self = .unavailable(
                reason: "status_\(response.status)", retryAfter: RetryAfter.read(response, now: now))
        case 400...499:
            let code = Self.errorCode(response)
            if code == .temporarilyUnavailable || code == .serverError {
                self = .unavailable(reason: code.rawValue, retryAfter: RetryAfter.read(response, now: now))
            } else {
                self = .refused(code)
            }
        default: self = .malformed(.status)
        }
    }

    private static func success(_ response: BackChannelResponse) -> TokenAnswer {
        guard response.mediaType == "application/json", let value = try? JSONValue(parsing: response.body),
            let object = value.object
        else { return .malformed(.notJSON) }
        do throws(AnswerProblem) {
            return .granted(try TokenResponse(object))
        } catch {
            return .malformed(error)
        }
    }

    static func errorCode(_ response: BackChannelResponse) -> TokenErrorCode {
        guard let error = (try? JSONValue(parsing: response.body))?["error"]?.string, !error.isEmpty else {
            return .unreadable
        }
        let known = TokenErrorCode.allCases.first { $0.rawValue.isExactly(error) }
        return known == .unreadable ? .other : known ?? .other
    }
}
