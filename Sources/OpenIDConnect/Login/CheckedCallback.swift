import Bytes
import Cryptography
import Time

/// A callback whose state belongs to this browser, was never used before and is used up now.
///
/// Only ``AuthorizationCallback/checked(cookies:jar:provider:metadata:now:places:consume:)`` makes one, and redeeming its code
/// consumes it: a code cannot be sent before its state was checked, nor twice (A42, A43, A49).
package struct CheckedCallback: ~Copyable {
    package let attempt: LoginAttempt
    let code: Secret
    /// Taken before the state was used up, so that nobody loses a login for want of it.
    let place: RedemptionPlace

    fileprivate init(attempt: LoginAttempt, code: Secret, place: RedemptionPlace) {
        self.attempt = attempt
        self.code = code
        self.place = place
    }
}

/// What became of a callback whose state is good.
package enum CallbackVerdict: ~Copyable {
    case code(CheckedCallback)
    /// The provider said no; a new login is up to the user.
    case refused(ProviderRefusal)
}

extension AuthorizationCallback {
    /// Checks everything that can be checked before the token request, in this order: state and browser, age, provider,
    /// response mode, issuer; then the state is used up.
    ///
    /// - Parameters:
    ///   - cookies: those of the request.
    ///   - provider: whose redirect URI this is (A45).
    ///   - places: where the code of a good callback waits for its turn.
    ///   - consume: notes the digest of the state until the time given; false when it was noted before (A43).
    func checked(
        cookies: [(name: String, value: String)], jar: AttemptCookies, provider: ProviderSettings,
        metadata: ProviderMetadata, now: Timestamp, places: RedemptionPlaces,
        consume: (SHA256Digest, Timestamp) async throws -> Bool
    ) async throws(OpenIDConnectError) -> CallbackVerdict {
        guard let state else { throw .callback(.stateMissing) }
        guard let attempt = jar.attempt(state: state, in: cookies) else { throw .callback(.stateUnknown) }
        if attempt.isExpired(at: now) { throw .callback(.expired) }
        guard attempt.provider.isExactly(provider.name), attempt.issuer.isExactly(metadata.issuer) else {
            throw .callback(.otherProvider)
        }
        guard arrival == (attempt.responseMode.isFormPost ? .form : .query) else { throw .callback(.wrongResponseMode) }
        // The issuer comes before the error, too: another server's error is not this provider's (RFC 9207, section 2.4).
        if let issuer {
            guard issuer.isExactly(attempt.issuer) else { throw .callback(.issuerMismatch) }
        } else if metadata.namesIssuerInResponses {
            throw .callback(.issuerMissing)
        }
        switch (code, error) {
        case (_?, _?): throw .callback(.codeAndError)
        case (nil, nil): throw .callback(.neitherCodeNorError)
        case (nil, let error?):
            return .refused(ProviderRefusal(error: error, description: errorDescription, attempt: attempt))
        case (let code?, nil):
            let place = try await places.enter(patience: provider.timeout)
            let isFirst: Bool
            do {
                isFirst = try await consume(SHA256Digest(hashing: state.utf8Span.span), attempt.endsAt)
            } catch {
                throw .storeUnavailable
            }
            guard isFirst else { throw .callback(.replayed) }
            return .code(CheckedCallback(attempt: attempt, code: code, place: place))
        }
    }
}
