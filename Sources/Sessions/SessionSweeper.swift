package import Time

/// Removes what is over, in steps small enough that nobody waits for them (E45).
///
/// Its owner decides when.
package struct SessionSweeper: Sendable {
    private let store: any SessionStore
    private let time: TimeSource
    /// Rows of each kind in one step.
    private let step: Int

    package init(store: any SessionStore, time: TimeSource = .system, step: Int = 100) {
        self.store = store
        self.time = time
        self.step = step
    }

    /// Sweeps until nothing is left or `budget` is spent; other writes take their turns in between.
    ///
    /// - Returns: how many rows went, and whether some are left for the next time.
    package func sweep(
        budget: Duration = .milliseconds(500)
    ) async throws(SessionStoreError) -> (removed: Int, isDone: Bool) {
        let end = time.instant() + budget
        var removed = 0
        while true {
            let count = try await store.sweep(limit: step)
            removed += count
            if count < step { return (removed, true) }
            if Task.isCancelled || time.instant() >= end { return (removed, false) }
        }
    }
}
