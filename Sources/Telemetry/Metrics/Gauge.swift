private import Synchronization

/// A number that rises and falls: open connections, sessions, an age in seconds.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>((0.0).bitPattern)

    package init() {}

    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    package func set(_ value: Int) { set(Double(value)) }

    package func add(_ amount: Double) {
        var seen = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: seen) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: seen, desired: next, ordering: .relaxed)
            if exchanged { return }
            seen = original
        }
    }

    package func increment() { add(1) }
    package func decrement() { add(-1) }

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}
