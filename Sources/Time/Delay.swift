/// A duration as whole nanoseconds, worked out once: for deadlines that move with every request.
///
/// `Duration` counts 128-bit attoseconds; adding one to an ``Instant`` costs a wide division.
@usableFromInline
package struct Delay: Sendable, Hashable {
    @usableFromInline package let nanoseconds: Int64

    /// Rounded towards zero; saturates.
    package init(_ duration: Duration) { nanoseconds = duration.nanoseconds }

    /// Saturating.
    @inlinable package static func + (start: Instant, delay: Delay) -> Instant {
        let (value, overflow) = start.nanoseconds.addingReportingOverflow(delay.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : value)
    }

    /// Saturating; below a millisecond is cut off.
    @inlinable package static func + (start: Timestamp, delay: Delay) -> Timestamp {
        let (value, overflow) = start.milliseconds.addingReportingOverflow(delay.nanoseconds / 1_000_000)
        return Timestamp(milliseconds: overflow ? .max : value)
    }
}
