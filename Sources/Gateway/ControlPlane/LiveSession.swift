package import Cryptography
package import Sessions
import Synchronization
import Threads
package import Time

/// A session in memory: what the cache holds and every worker reads.
///
/// The record changes only by being replaced as a whole (refresh); what changes on every request (the time of the last
/// use) is a number of its own.
package final class LiveSession: Sendable {
    package let id: SessionID
    private let current: Locked<SessionRecord>
    private let lastWall: Atomic<Int64>
    private let lastSteady: Atomic<Int64>
    private let storedSteady: Atomic<Int64>
    private let ending = Atomic<UInt8>(0)
    private let deadRefresh = Atomic<Bool>(false)
    private let refreshNotBefore = Atomic<Int64>(.min)
    private let renewals = Locked<[Instant]>([])

    package init(_ record: SessionRecord, lastUse: LastUse) {
        id = record.open.id
        current = Locked(record)
        lastWall = Atomic(lastUse.wall.milliseconds)
        lastSteady = Atomic(lastUse.steady.nanoseconds)
        storedSteady = Atomic(lastUse.steady.nanoseconds)
    }

    package var digest: SHA256Digest { id.digest }

    /// The record as it is now.
    ///
    /// It does not change any more; a later refresh puts another in its place.
    package var record: SessionRecord { current.withLock { $0 } }

    /// Puts a refreshed record in place of the old one.
    package func replace(_ record: SessionRecord) { current.withLock { $0 = record } }

    package var lastUse: LastUse {
        LastUse(
            now: Timestamp(milliseconds: lastWall.load(ordering: .relaxed)),
            instant: Instant(nanoseconds: lastSteady.load(ordering: .relaxed)))
    }

    /// Notes that the user is there.
    ///
    /// True when the store should be told, which happens once an `interval` at most.
    package func touch(_ now: Timestamp, _ instant: Instant, storedEvery interval: Delay) -> Bool {
        lastWall.store(now.milliseconds, ordering: .relaxed)
        lastSteady.store(instant.nanoseconds, ordering: .relaxed)
        let stored = storedSteady.load(ordering: .relaxed)
        guard instant.nanoseconds - stored >= interval.nanoseconds else { return false }
        return storedSteady.compareExchange(
            expected: stored, desired: instant.nanoseconds, ordering: .relaxed
        ).exchanged
    }

    /// Takes over a use that another process has seen.
    package func adopt(_ use: LastUse) {
        lastWall.store(use.wall.milliseconds, ordering: .relaxed)
        lastSteady.store(use.steady.nanoseconds, ordering: .relaxed)
    }

    /// Why the session is no more, or nil while it lives.
    package var ended: SessionEnd? { SessionEnd(rawValue: ending.load(ordering: .acquiring)) }

    /// Ends the session for every holder of this object; the first reason stays.
    ///
    /// True for the one call that did.
    @discardableResult
    package func end(_ reason: SessionEnd) -> Bool {
        ending.compareExchange(expected: 0, desired: reason.rawValue, ordering: .acquiringAndReleasing).exchanged
    }

    /// The provider will not renew these tokens any more; the session ends with its access token (B35).
    package var refreshIsDead: Bool {
        get { deadRefresh.load(ordering: .relaxed) }
        set { deadRefresh.store(newValue, ordering: .relaxed) }
    }

    /// True at most twice a minute: an upstream that refuses every token causes no storm of refreshes (B31).
    package func mayRenew(at instant: Instant) -> Bool {
        renewals.withLock { times in
            times.removeAll { instant.since($0) >= .seconds(60) }
            guard times.count < 2 else { return false }
            times.append(instant)
            return true
        }
    }

    /// Until when no refresh is tried again after a failure that may pass (B36).
    package var noRefreshBefore: Instant {
        get { Instant(nanoseconds: refreshNotBefore.load(ordering: .relaxed)) }
        set { refreshNotBefore.store(newValue.nanoseconds, ordering: .relaxed) }
    }
}

/// Why a session ended, as the 401 says it (contract, section 3).
package enum SessionEnd: UInt8, Sendable {
    case expired = 1
    case revoked = 2
    case refreshFailed = 3

    package var name: String { code.description }

    package var code: StaticString {
        switch self {
        case .expired: "expired"
        case .revoked: "revoked"
        case .refreshFailed: "refresh_failed"
        }
    }
}
