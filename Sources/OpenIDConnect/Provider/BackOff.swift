import Time

/// When to try again after failures: doubling from one second to one minute, half of it at random.
///
/// The random half keeps many gateways from asking a provider that comes back all at the same moment.
struct BackOff: Sendable {
    private(set) var failures = 0
    private(set) var retryAt = Instant(nanoseconds: .min)

    static let longest = Duration.seconds(60)
    /// The longest `Retry-After` that is obeyed.
    static let longestAsked = Duration.seconds(300)

    mutating func failed(now: Instant, retryAfter: Duration? = nil, random: Double) {
        failures += 1
        let full = min(Self.longest, .seconds(1 << min(failures - 1, 6)))
        let delay = full / 2 + full / 2 * random
        retryAt = now + max(delay, min(retryAfter ?? .zero, Self.longestAsked))
    }

    mutating func succeeded() { self = BackOff() }

    /// How long to wait still; nil when a try is allowed.
    func remaining(now: Instant) -> Duration? { now < retryAt ? retryAt.since(now) : nil }
}

/// `Retry-After` (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// Seconds or a date, from `now`; never negative, and never longer than is obeyed: a slip of the provider, or of a
    /// machine before it, must not keep anybody out for years (B36).
    static func read(_ response: BackChannelResponse, now: Timestamp) -> Duration? {
        guard let text = response.header("retry-after") else { return nil }
        let asked: Duration?
        if let seconds = Int64(text) {
            asked = .seconds(min(seconds, BackOff.longestAsked.components.seconds))
        } else {
            asked = ResponseDate.parse(text)?.since(now)
        }
        return asked.map { min(max($0, .zero), BackOff.longestAsked) }
    }
}
