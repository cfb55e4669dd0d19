package import Time

/// How long a session lives: an end that nothing moves (E43), and one that each use moves (E42).
package struct SessionLifetime: Sendable, Equatable {
    package let absolute: Deadline
    private let idleTimeout: Delay

    /// As read from the store at `now`.
    package init(
        createdAt: Timestamp, absoluteEnd: Timestamp, idleTimeout: Duration, now: Timestamp, instant: Instant
    ) {
        absolute = Deadline(end: absoluteEnd, start: createdAt, now: now, instant: instant)
        self.idleTimeout = Delay(idleTimeout)
    }

    package enum Verdict: Sendable, Equatable {
        case alive
        /// Not used for too long. Another process may have seen it used: ask the store before believing it.
        case idle
        /// Past its absolute end.
        case over
    }

    package func verdict(_ lastUse: LastUse, now: Timestamp, instant: Instant) -> Verdict {
        if absolute.hasPassed(now: now, instant: instant) { return .over }
        return idleDeadline(lastUse).hasPassed(now: now, instant: instant) ? .idle : .alive
    }

    /// Time until the session ends if it is not used again; never beyond its absolute end.
    package func idleRemaining(_ lastUse: LastUse, now: Timestamp, instant: Instant) -> Duration {
        min(
            idleDeadline(lastUse).remaining(now: now, instant: instant),
            absolute.remaining(now: now, instant: instant))
    }

    private func idleDeadline(_ lastUse: LastUse) -> Deadline {
        Deadline(after: idleTimeout, now: lastUse.wall, instant: lastUse.steady)
    }
}

/// When a session was last used, on both clocks.
package struct LastUse: Sendable, Equatable {
    package let wall: Timestamp
    package let steady: Instant

    /// A use right now.
    package init(now: Timestamp, instant: Instant) {
        wall = now
        steady = instant
    }

    /// A use that the store remembers, as seen at `now`; one in the future counts as now.
    package init(stored: Timestamp, now: Timestamp, instant: Instant) {
        wall = min(stored, now)
        steady = instant + min(.zero, stored.since(now))
    }
}
