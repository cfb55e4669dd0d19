private import Synchronization
private import Time

/// How long things took, sorted into buckets.
package final class Histogram: Sendable {
    /// Upper bounds in seconds for things between a memory look-up and a slow provider.
    package static let usualBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Upper bounds in seconds, rising; each belongs to its bucket (`le`).
    let bounds: [Double]
    private let limits: [Int64]
    /// One per bound, then one for everything above; not cumulative.
    private let buckets: [Counter]
    private let nanoseconds = Atomic<Int64>(0)

    package init(bounds: [Double] = Histogram.usualBounds) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds must rise")
        self.bounds = bounds
        limits = bounds.map { Int64($0 * 1_000_000_000) }
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Adds one observation; a negative one, from clocks that disagree, counts as zero.
    package func observe(_ duration: Duration) {
        let value = max(0, duration.nanoseconds)
        var index = 0
        while index < limits.count && value > limits[index] { index &+= 1 }
        buckets[index].add()
        nanoseconds.wrappingAdd(value, ordering: .relaxed)
    }

    /// Observations up to and including each bound, then all of them.
    var cumulative: [UInt64] {
        var total: UInt64 = 0
        return buckets.map { bucket in
            total += bucket.value
            return total
        }
    }

    package var count: UInt64 { buckets.reduce(0) { $0 + $1.value } }
    /// The sum of all observations, in seconds.
    package var sum: Double { Double(nanoseconds.load(ordering: .relaxed)) / 1_000_000_000 }
}
