package import Cryptography
package import Time

/// A logout token that was believed (F10–F20).
package struct LogoutNotice: Sendable, Equatable {
    /// Keyed digest of (issuer, `jti`).
    package let identifier: SHA256Digest
    /// Whose sessions end: `.providerSID` or `.user`.
    package let selection: SessionSelection
    /// The same under the first key alone: what later grants are compared with.
    package let target: SHA256Digest
    /// `iat`: a grant whose ID token is not younger is refused.
    package let issuedAt: Timestamp
    /// Sessions that began at this time or later stay: `iat` + skew.
    package let sparesFrom: Timestamp
    /// How long the notice is remembered.
    package let until: Timestamp

    package init(
        identifier: SHA256Digest, selection: SessionSelection, target: SHA256Digest, issuedAt: Timestamp,
        sparesFrom: Timestamp, until: Timestamp
    ) {
        self.identifier = identifier
        self.selection = selection
        self.target = target
        self.issuedAt = issuedAt
        self.sparesFrom = sparesFrom
        self.until = until
    }
}

package enum LogoutRecording: Sendable, Equatable {
    case recorded(ended: [SHA256Digest])
    /// The same `jti` was recorded before.
    case replayed
}
