import Threads
package import Time

/// A clock that only moves when a test turns it.
package final class FakeClock: Sendable {
    private let state: Locked<(wall: Timestamp, steady: Instant)>

    /// Starts at 2026-01-01T12:00:00Z, an hour after the machine.
    package init(
        wall: Timestamp = Timestamp(seconds: 1_767_268_800), steady: Instant = Instant(nanoseconds: 3_600_000_000_000)
    ) {
        state = Locked((wall, steady))
    }

    package var now: Timestamp { state.withLock { $0.wall } }
    package var instant: Instant { state.withLock { $0.steady } }

    /// What the code under test is given.
    package var source: TimeSource { TimeSource(wall: { self.now }, steady: { self.instant }) }

    /// Time passes on both clocks.
    package func advance(_ duration: Duration) {
        state.withLock { clocks in
            clocks.wall = clocks.wall + duration
            clocks.steady = clocks.steady + duration
        }
    }

    /// Somebody sets the wall clock; no time passes.
    package func setWallClock(by step: Duration) {
        state.withLock { $0.wall = $0.wall + step }
    }
}
