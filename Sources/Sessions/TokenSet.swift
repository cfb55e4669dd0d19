package import Bytes
package import Time

/// What the provider granted: never seen by a browser, never logged (B27).
package struct TokenSet: Sendable, Equatable {
    package var accessToken: Secret
    /// `Bearer` or `DPoP`, as the provider wrote it.
    package var tokenType: String
    package var obtainedAt: Timestamp
    /// ``obtainedAt`` + `expires_in`; nil when the provider did not say (B22).
    package var expiresAt: Timestamp?
    package var refreshToken: Secret?
    /// The raw ID token, for `id_token_hint` (F3) and routes with `token: id`.
    package var idToken: Secret?

    package init(
        accessToken: Secret, tokenType: String, obtainedAt: Timestamp, expiresAt: Timestamp? = nil,
        refreshToken: Secret? = nil, idToken: Secret? = nil
    ) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.obtainedAt = obtainedAt
        self.expiresAt = expiresAt
        self.refreshToken = refreshToken
        self.idToken = idToken
    }
}
