internal import Time

/// Counts what a peer does that costs us and serves nobody, against an allowance that time gives back (G82, RFC 9113,
/// section 10.5).
///
/// Pure; time is a parameter. Requests and bodies are free: they are bounded by streams and windows. A browser that
/// cancels every image of a page stays far below; a client that opens and resets streams as fast as it can ("rapid
/// reset") does not.
struct AbuseMeter {
    /// Points that may be spent at once.
    static let allowance: Int64 = 2_000
    /// Points that come back a second.
    static let recovery: Int64 = 200

    /// A reset by the peer, or a fault for which we reset a stream.
    static let reset: Int64 = 10
    static let settings: Int64 = 10
    static let emptyData: Int64 = 2
    /// Everything else: PING, PRIORITY, WINDOW_UPDATE, CONTINUATION, unknown frames, acknowledgements.
    static let frame: Int64 = 1

    private var points = allowance
    private var since: Instant
    /// WINDOW_UPDATE frames that what we sent has paid for.
    private var paidUpdates: Int64 = 0

    init(now: Instant) { since = now }

    /// Spends; false when the allowance is used up.
    mutating func spend(_ cost: Int64, now: Instant) -> Bool {
        let elapsed = now.since(since).nanoseconds
        let recovered = elapsed / (1_000_000_000 / Self.recovery)
        if recovered > 0 {
            points = Swift.min(Self.allowance, points &+ Swift.min(recovered, Self.allowance))
            since = now
        }
        points -= cost
        return points >= 0
    }

    /// A DATA frame of ours has left: the peer will give its windows back for it, the stream's and the connection's.
    mutating func sentData() { paidUpdates = Swift.min(Self.allowance, paidUpdates + 2) }

    /// One WINDOW_UPDATE; false when there were too many that nothing of ours had caused.
    mutating func windowUpdate(now: Instant) -> Bool {
        if paidUpdates > 0 {
            paidUpdates -= 1
            return true
        }
        return spend(Self.frame, now: now)
    }

    /// The points that are left.
    var left: Int64 { points }
}
