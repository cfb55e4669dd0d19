private import Threads
package import Time

/// Removes what is over, in steps so small that nobody waits for them (E45).
///
/// Its owner decides when. How much a step takes is found by trying: rows lie scattered over the indexes, and what a disk
/// can do in a moment differs by a factor of a hundred.
package struct SessionSweeper: Sendable {
    private let store: any SessionStore
    private let time: TimeSource
    /// Rows of each kind in the next step.
    private let step: Locked<Int>

    /// What a step should take: writes that arrive meanwhile wait that long.
    static let pace = Duration.milliseconds(20)
    static let steps = 10...2000

    package init(store: any SessionStore, time: TimeSource = .system, step: Int = 50) {
        self.store = store
        self.time = time
        self.step = Locked(step)
    }

    /// Sweeps until nothing is left or `budget` is spent; other writes take their turns in between.
    ///
    /// - Returns: how many rows went, and whether that was all.
    package func sweep(
        budget: Duration = .milliseconds(500)
    ) async throws(SessionStoreError) -> (removed: Int, isDone: Bool) {
        let end = time.instant() + budget
        var removed = 0
        while true {
            let step = step.withLock { $0 }
            let begun = time.instant()
            let count = try await store.sweep(limit: step)
            let now = time.instant()
            removed += count
            if count < step { return (removed, true) }
            adapt(to: now.since(begun))
            if Task.isCancelled || now >= end { return (removed, false) }
        }
    }

    private func adapt(to duration: Duration) {
        step.withLock { step in
            if duration > Self.pace * 2 { step = max(Self.steps.lowerBound, step / 2) }
            if duration < Self.pace / 2 { step = min(Self.steps.upperBound, step * 2) }
        }
    }
}
