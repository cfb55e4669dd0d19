package import Cryptography
package import Time

/// The right to refresh one session's tokens.
package struct RefreshLease: Sendable, Equatable {
    package let digest: SHA256Digest
    /// The token version it started from.
    package let version: Int64
    /// The process (or the store object) that holds it.
    let holder: Int64
    /// Tells this lease from others of the holder.
    let number: Int64
}

package enum RefreshStart: Sendable, Equatable {
    /// Go on. After an interruption the refresh token may already be spent: one try (B34).
    case granted(RefreshLease, afterInterruption: Bool)
    /// Somebody else is at it; look again soon.
    case held(until: Timestamp)
    /// The tokens are newer than the caller's: read the row again.
    case superseded
    /// There is no such session any more.
    case ended
}

package enum TokenReplacement: Sendable, Equatable {
    case replaced
    /// Another refresh was faster, or took the lapsed lease over; the tokens in hand are void (B40a).
    case superseded
    /// The session ended meanwhile, or the provider logged it out: revoke the tokens in hand (B40, F24).
    case ended
}
