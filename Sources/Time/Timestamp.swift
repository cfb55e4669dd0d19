/// A point on the wall clock: milliseconds since 1970-01-01T00:00:00Z.
///
/// Wall time decides what people and tokens agree on: expiry, idle and absolute limits, log lines. It may jump; timeouts
/// inside the process therefore use ``Instant``.
@usableFromInline
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since the Unix epoch.
    @usableFromInline package var milliseconds: Int64

    @inlinable package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// From whole seconds since the Unix epoch, as in `exp` and `iat` (RFC 7519, section 2); saturates.
    @inlinable package init(seconds: Int64) {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds < 0 ? .min : .max) : value
    }

    /// Whole seconds since the Unix epoch, rounded down.
    @inlinable package var seconds: Int64 {
        milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
    }

    @inlinable package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
    // The others by default ask the first one through a table.
    @inlinable package static func >= (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds >= b.milliseconds }

    /// Saturating: a hostile lifetime must never trap.
    @inlinable package static func + (a: Timestamp, b: Duration) -> Timestamp {
        let (value, overflow) = a.milliseconds.addingReportingOverflow(b.milliseconds)
        return Timestamp(milliseconds: overflow ? (b.milliseconds < 0 ? .min : .max) : value)
    }

    @inlinable package static func - (a: Timestamp, b: Duration) -> Timestamp {
        let (value, overflow) = a.milliseconds.subtractingReportingOverflow(b.milliseconds)
        return Timestamp(milliseconds: overflow ? (b.milliseconds < 0 ? .max : .min) : value)
    }

    /// The time from `earlier` to this point; negative when `earlier` is later.
    ///
    /// Saturates.
    @inlinable package func since(_ earlier: Timestamp) -> Duration {
        let (value, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (milliseconds < 0 ? Int64.min : .max) : value)
    }
}

/// A point on the monotonic clock: nanoseconds since an arbitrary start.
///
/// Never jumps.
@usableFromInline
package struct Instant: Sendable, Hashable, Comparable {
    @usableFromInline package var nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Later than every timer.
    package static let distantFuture = Instant(nanoseconds: .max)

    @inlinable package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
    // The others by default ask the first one through a table.
    @inlinable package static func >= (a: Instant, b: Instant) -> Bool { a.nanoseconds >= b.nanoseconds }

    /// Saturating.
    @inlinable package static func + (a: Instant, b: Duration) -> Instant {
        let (value, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
        return Instant(nanoseconds: overflow ? (b.nanoseconds < 0 ? .min : .max) : value)
    }

    /// The time from `earlier` to this instant.
    @inlinable package func since(_ earlier: Instant) -> Duration { .nanoseconds(nanoseconds &- earlier.nanoseconds) }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero; saturates.
    @inlinable package var milliseconds: Int64 {
        if let few = Int64(exactly: attoseconds) { return few / 1_000_000_000_000_000 }
        let (seconds, attoseconds) = components
        return Self.saturating(seconds, times: 1000, plus: attoseconds / 1_000_000_000_000_000)
    }

    /// Whole nanoseconds, rounded towards zero; saturates.
    @inlinable package var nanoseconds: Int64 {
        // What a request takes: up to nine seconds, no wide division.
        if let few = Int64(exactly: attoseconds) { return few / 1_000_000_000 }
        let (seconds, attoseconds) = components
        return Self.saturating(seconds, times: 1_000_000_000, plus: attoseconds / 1_000_000_000)
    }

    @usableFromInline static func saturating(_ seconds: Int64, times scale: Int64, plus rest: Int64) -> Int64 {
        let (whole, tooLarge) = seconds.multipliedReportingOverflow(by: scale)
        let (sum, overflow) = whole.addingReportingOverflow(rest)
        return tooLarge || overflow ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole seconds, rounded towards zero.
    @inlinable package var wholeSeconds: Int64 { components.seconds }

    /// Minutes, hours and days, as configuration writes them.
    package static func minutes(_ count: Int64) -> Duration { .seconds(count * 60) }
    package static func hours(_ count: Int64) -> Duration { .seconds(count * 3600) }
    package static func days(_ count: Int64) -> Duration { .seconds(count * 86400) }
}
