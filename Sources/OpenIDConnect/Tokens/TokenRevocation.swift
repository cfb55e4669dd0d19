package import Bytes
import Time

/// Which tokens of a session are still to be revoked (RFC 7009).
package struct RevocationRequest: Sendable, Equatable {
    package var refreshToken: Secret?
    package var accessToken: Secret?

    package init(refreshToken: Secret?, accessToken: Secret?) {
        self.refreshToken = refreshToken
        self.accessToken = accessToken
    }

    static let nothing = RevocationRequest(refreshToken: nil, accessToken: nil)

    package var isEmpty: Bool { refreshToken == nil && accessToken == nil }
}

/// What a revocation left over.
package struct RevocationOutcome: Sendable, Equatable {
    /// Empty when all is done; else what to send again after ``retryAfter``.
    package let remaining: RevocationRequest
    package let retryAfter: Duration?
    /// For the log; nil when nothing went wrong.
    package let problem: String?
}

/// Whether and when a revocation that found the provider in trouble is sent again (B64).
package enum RevocationRetry {
    /// Tries in all.
    package static let most = 5

    /// The wait before try number `attempt` (the first retry is 2); nil to give up.
    package static func delay(beforeAttempt attempt: Int, retryAfter: Duration?) -> Duration? {
        guard (2...most).contains(attempt) else { return nil }
        let own = Duration.seconds(1 << min(2 * (attempt - 1), 10))
        return min(max(own, retryAfter ?? .zero), .minutes(10))
    }
}

/// Tells a provider that tokens are no longer needed: the refresh token first, since it is worth most (B63).
struct TokenRevocation: Sendable {
    let calls: ProviderCalls
    let metadata: ProviderMetadata
    let authentication: ClientAuthentication

    /// Without an endpoint there is nothing to do; a failure never concerns the local logout, which is over by now.
    func revoke(_ request: RevocationRequest) async -> RevocationOutcome {
        guard let endpoint = metadata.revocationEndpoint else {
            return RevocationOutcome(remaining: .nothing, retryAfter: nil, problem: nil)
        }
        var remaining = request
        var problem: String?
        if let token = request.refreshToken {
            switch await send(token, hint: "refresh_token", to: endpoint) {
            case .done: remaining.refreshToken = nil
            case .refused(let code):
                remaining.refreshToken = nil
                problem = code
            case .later(let reason, let wait):
                return RevocationOutcome(remaining: remaining, retryAfter: wait, problem: reason)
            }
        }
        if let token = request.accessToken {
            switch await send(token, hint: "access_token", to: endpoint) {
            // Many servers cannot revoke access tokens; those end by themselves (RFC 7009, section 2.2.1).
            case .done, .refused(TokenErrorCode.unsupportedTokenType.rawValue): remaining.accessToken = nil
            case .refused(let code):
                remaining.accessToken = nil
                problem = problem ?? code
            case .later(let reason, let wait):
                return RevocationOutcome(remaining: remaining, retryAfter: wait, problem: reason)
            }
        }
        return RevocationOutcome(remaining: remaining, retryAfter: nil, problem: problem)
    }

    private enum Answer {
        /// 200, also for tokens that are none (RFC 7009, section 2.2).
        case done
        case refused(String)
        case later(String, Duration)
    }

    private func send(_ token: Secret, hint: String, to endpoint: String) async -> Answer {
        guard let text = token.exposedText else { return .done }
        var form = [("token", text), ("token_type_hint", hint)]
        var headers: [(name: String, value: String)] = []
        authentication.apply(to: &form, &headers)
        do throws(BackChannelFailure) {
            let response = try await calls.call(
                .revocation, endpoint, reach: metadata.reach, accept: "application/json", form: form, headers: headers,
                maximumBytes: 1 << 16)
            switch response.status {
            case 200: return .done
            case 429, 500...:
                let wait = RetryAfter.read(response, now: calls.time.now()) ?? .seconds(1)
                return .later("status_\(response.status)", wait)
            default: return .refused(TokenAnswer.errorCode(response).rawValue)
            }
        } catch {
            return .later(error.reason, .seconds(1))
        }
    }
}
