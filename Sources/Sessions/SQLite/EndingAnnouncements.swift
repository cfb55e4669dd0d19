import Cryptography
private import Synchronization

/// Passes on who ended: to this process's observer at once, to the other processes through the shared revision.
final class EndingAnnouncements: Sendable {
    private let shared: SharedState
    private let observer: SessionEndingObserver
    /// The revision up to which the observer has been told everything.
    private let followed: Atomic<UInt64>

    init(_ shared: SharedState, observer: @escaping SessionEndingObserver) {
        self.shared = shared
        self.observer = observer
        followed = Atomic(shared.revision)
    }

    /// False while another process has announced an ending that the observer was not told of.
    var isCurrent: Bool { followed.load(ordering: .acquiring) == shared.revision }

    /// Reports endings of this process, which are committed.
    func announce(_ ended: [SHA256Digest]) {
        observer(.these(ended))
        let before = shared.advance()
        // Where nobody else announced anything in between, all is known. Where somebody did, ``isCurrent`` stays false.
        _ = followed.compareExchange(expected: before, desired: before + 1, ordering: .acquiringAndReleasing)
    }

    /// Reports endings read from the database; `revision` is the one seen before reading.
    func report(_ ended: EndedSessions, upTo revision: UInt64) {
        if ended != .these([]) { observer(ended) }
        followed.max(revision, ordering: .acquiringAndReleasing)
    }

    var revision: UInt64 { shared.revision }
}
