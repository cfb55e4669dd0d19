import Synchronization
import Threads

/// How many codes are redeemed at one provider at a time (B28).
///
/// Anybody may bring a callback with a code that is none. Refreshes, keys and revocations use the same few connections to the
/// provider, and must not wait behind those: so redemptions take some of the places, and queue for them among themselves.
final class RedemptionPlaces: Sendable {
    /// Half of what the fetcher has for one host.
    static let most = 8
    /// More than that are refused, while their states are still good for another try; a rush of logins is less.
    static let mostWaiting = 1024

    private struct Waiter: Sendable {
        let number: UInt64
        let timer: Task<Void, Never>
        let wake: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var taken = 0
        var waiters: [Waiter] = []
        var lastNumber: UInt64 = 0
    }

    private let state = Locked(State())

    /// How many wait for a place.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Takes a place, when it is the caller's turn.
    ///
    /// - Throws: ``OpenIDConnectError/crowded`` when too many wait already, or `patience` is over.
    func enter(patience: Duration) async throws(OpenIDConnectError) -> RedemptionPlace {
        let isIn = await withCheckedContinuation { (wake: CheckedContinuation<Bool, Never>) in
            let answer: Bool? = state.withLock { state in
                if state.taken < Self.most {
                    state.taken += 1
                    return true
                }
                guard state.waiters.count < Self.mostWaiting else { return false }
                state.lastNumber += 1
                let number = state.lastNumber
                let timer = Task {
                    try? await Task.sleep(for: patience)
                    if !Task.isCancelled { giveUp(number) }
                }
                state.waiters.append(Waiter(number: number, timer: timer, wake: wake))
                return nil
            }
            if let answer { wake.resume(returning: answer) }
        }
        guard isIn else { throw .crowded }
        return RedemptionPlace(self)
    }

    private func giveUp(_ number: UInt64) {
        let waiter: Waiter? = state.withLock { state in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.wake.resume(returning: false)
    }

    /// Gives a place to whoever has waited longest.
    fileprivate func leave() {
        let next: Waiter? = state.withLock { state in
            if state.waiters.isEmpty {
                state.taken -= 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.timer.cancel()
        next?.wake.resume(returning: true)
    }
}

/// A place, until it is left or dropped.
final class RedemptionPlace: Sendable {
    private let places: RedemptionPlaces
    private let isLeft = Atomic<Bool>(false)

    fileprivate init(_ places: RedemptionPlaces) { self.places = places }

    deinit { leave() }

    func leave() {
        if !isLeft.exchange(true, ordering: .relaxed) { places.leave() }
    }
}
