package import Time

/// A refresh that was begun and not finished.
package struct RefreshMark: Sendable, Equatable {
    package let startedAt: Timestamp
    package let until: Timestamp
    /// True when whoever began it is gone or let its time pass: the provider may have rotated the refresh token, and
    /// the answer is lost (B34).
    package let isInterrupted: Bool

    /// How far the wall clock may step back before a lease counts as a leftover of another time.
    private static let tolerance = Duration.seconds(5)

    init(startedAt: Timestamp, until: Timestamp, holderIsAlive: Bool, now: Timestamp) {
        self.startedAt = startedAt
        self.until = until
        isInterrupted = !holderIsAlive || now >= until || now < startedAt - Self.tolerance
    }
}

/// Says what became of a refresh, from its holder, its beginning and the end of its time.
typealias RefreshJudge = @Sendable (_ holder: Int64, _ since: Timestamp, _ until: Timestamp) -> RefreshMark
