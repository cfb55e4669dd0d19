package import Time

/// A point in time that holds on both clocks.
///
/// People and tokens agree on wall time, but the wall clock may be set. Against the monotonic clock, an end that was
/// known once cannot be put off by setting the wall clock back; against the wall clock, a clock set forward, a machine
/// that slept, and an end that passed while nobody ran count honestly.
package struct Deadline: Sendable, Equatable {
    /// The end on the wall clock.
    package let wall: Timestamp
    /// The end on the monotonic clock of this machine, since its start.
    package let steady: Instant

    /// The end `end` of something that began at `start`, as seen at `now` and `instant`.
    ///
    /// Seen before its start (the wall clock was set back since), it lasts no longer than it was meant to from its start.
    package init(end: Timestamp, start: Timestamp, now: Timestamp, instant: Instant) {
        wall = end
        steady = instant + min(end.since(now), end.since(start))
    }

    /// The end `duration` after now.
    package init(after duration: Delay, now: Timestamp, instant: Instant) {
        wall = now + duration
        steady = instant + duration
    }

    package func hasPassed(now: Timestamp, instant: Instant) -> Bool { now >= wall || instant >= steady }

    /// What is left; zero when it has passed.
    package func remaining(now: Timestamp, instant: Instant) -> Duration {
        max(.zero, min(wall.since(now), steady.since(instant)))
    }
}
