private import Glibc

/// Where the time comes from: the system's clocks in the product, a hand-turned clock in tests.
package struct TimeSource: Sendable {
    private let wall: @Sendable () -> Timestamp
    private let steady: @Sendable () -> Instant

    package init(wall: @escaping @Sendable () -> Timestamp, steady: @escaping @Sendable () -> Instant) {
        self.wall = wall
        self.steady = steady
    }

    /// The wall clock.
    package func now() -> Timestamp { wall() }

    /// The monotonic clock.
    package func instant() -> Instant { steady() }

    /// The clocks of this machine.
    package static let system = TimeSource(wall: { Timestamp.read() }, steady: { Instant.read() })
}

extension Timestamp {
    /// Reads the machine's wall clock.
    package static func read() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

extension Instant {
    /// Reads the machine's monotonic clock.
    package static func read() -> Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
