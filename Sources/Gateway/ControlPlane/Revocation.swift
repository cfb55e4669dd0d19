import OpenIDConnect
import Sessions
import Telemetry

extension ProviderClient {
    /// Revokes tokens, again and again for a while when the provider is in trouble (B64); nobody waits for that.
    func revokeForGood(_ tokens: TokenSet?, _ log: Logger) async {
        guard let tokens else { return }
        var request = RevocationRequest(refreshToken: tokens.refreshToken, accessToken: tokens.accessToken)
        var attempt = 1
        while true {
            let outcome = await revoke(request)
            if let problem = outcome.problem {
                log.warning("revocation_failed", [("error", .string(problem)), ("attempt", .count(attempt))])
            }
            if outcome.remaining.isEmpty { return }
            attempt += 1
            guard let wait = RevocationRetry.delay(beforeAttempt: attempt, retryAfter: outcome.retryAfter) else {
                return
            }
            request = outcome.remaining
            try? await Task.sleep(for: wait)
            if Task.isCancelled { return }
        }
    }
}
