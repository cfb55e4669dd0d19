package import Cryptography

/// What is left of a session that ended while its cookie was away: tokens to revoke, and a name for the log.
package struct EndedSession: Sendable, Equatable {
    package let digest: SHA256Digest
    package let publicID: String
    package let provider: String
    package let subject: String
    package let tokens: TokenSet?
}
