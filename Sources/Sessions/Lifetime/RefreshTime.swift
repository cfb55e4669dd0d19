package import Cryptography
package import Time

/// When an access token is renewed: before its end, but not all tokens of a busy morning in the same second (B30).
package struct RefreshTime: Sendable, Equatable {
    /// The token's end.
    package let end: Deadline
    /// From here on a refresh is due.
    package let due: Deadline

    /// - Parameters:
    ///   - digest: the session's, which spreads sessions; every process comes to the same time.
    /// - Returns: nil for a token without an end: it is used until it is refused (B22).
    package init?(
        _ tokens: TokenSet, refreshBefore: Duration, digest: SHA256Digest, now: Timestamp, instant: Instant
    ) {
        guard let expiresAt = tokens.expiresAt else { return nil }
        let lifetime = max(.zero, expiresAt.since(tokens.obtainedAt))
        let margin = Self.margin(lifetime: lifetime, refreshBefore: refreshBefore)
        // The last fifth of the margin is left to chance: of 60 s, somewhere between 60 and 48.
        let chance = Double(digest.bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) }) / 65536
        let early = margin - margin / 5 * chance
        end = Deadline(end: expiresAt, start: tokens.obtainedAt, now: now, instant: instant)
        due = Deadline(end: expiresAt - early, start: tokens.obtainedAt, now: now, instant: instant)
    }

    /// min(`refresh_before`, a fifth of the lifetime).
    package static func margin(lifetime: Duration, refreshBefore: Duration) -> Duration {
        max(.zero, min(refreshBefore, lifetime / 5))
    }
}
