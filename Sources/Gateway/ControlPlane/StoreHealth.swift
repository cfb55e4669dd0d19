import Synchronization
package import Time

/// Since when the store has not answered, as the workers may ask without waiting.
package final class StoreHealth: Sendable {
    private let failingSince = Atomic<Int64>(0)
    private let grace: Int64

    /// - Parameter grace: how long sessions in memory are served while the store is lost (`session.store_grace`).
    package init(grace: Duration) { self.grace = grace.nanoseconds }

    /// Notes an answer of the store.
    package func succeeded() { failingSince.store(0, ordering: .relaxed) }

    /// Notes that it did not answer.
    package func failed(at now: Instant) {
        _ = failingSince.compareExchange(expected: 0, desired: max(1, now.nanoseconds), ordering: .relaxed)
    }

    /// True while the last call failed.
    package var isFailing: Bool { failingSince.load(ordering: .relaxed) != 0 }

    /// True when the store has been lost for longer than the grace.
    package func isLost(_ now: Instant) -> Bool {
        let since = failingSince.load(ordering: .relaxed)
        return since != 0 && now.nanoseconds - since > grace
    }
}
