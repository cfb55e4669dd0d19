private import Synchronization

/// How many client connections the whole process has and may have; shared by its workers.
package final class ConnectionLimit: Sendable {
    private let open = Atomic<Int>(0)
    private let bound: Atomic<Int>

    package init(most: Int) { bound = Atomic(most) }

    package var most: Int { bound.load(ordering: .relaxed) }

    /// Another bound; those who are in stay.
    package func change(to most: Int) { bound.store(most, ordering: .relaxed) }

    /// Open connections.
    package var count: Int { open.load(ordering: .relaxed) }

    /// Takes a place; false when all are taken.
    package func enter() -> Bool {
        if open.add(1, ordering: .relaxed).newValue <= most { return true }
        open.subtract(1, ordering: .relaxed)
        return false
    }

    package func leave() { open.subtract(1, ordering: .relaxed) }
}
