import Threads
import Time

/// Holds back calls to a token endpoint whose last ones all failed (B28).
///
/// A provider in trouble is not helped by every request of every browser; a browser is helped by a quick answer. After the
/// pause one call goes out; its outcome decides.
final class CallGate: Sendable {
    private struct State {
        var failures = 0
        var openAt = Instant(nanoseconds: .min)
    }

    private let state = Locked(State())
    private let random: @Sendable () -> Double

    /// Failures in a row before calls are held back.
    static let patience = 5
    static let longestPause = Duration.seconds(30)

    /// "Too many" (429) closes nothing: anybody can bring so many codes that are none that the provider says so, and must
    /// not shut those out who bring good ones.
    let ignoresLimits: Bool

    init(ignoresLimits: Bool = false, random: @escaping @Sendable () -> Double) {
        self.ignoresLimits = ignoresLimits
        self.random = random
    }

    /// Nil when a call may go out, else how long to wait.
    ///
    /// Whoever gets nil after a pause is the one that tries.
    ///
    /// - Parameter budget: how long that one may take; the others wait for it.
    func admit(now: Instant, budget: Duration) -> Duration? {
        state.withLock { state in
            guard state.failures >= Self.patience else { return nil }
            if now < state.openAt { return state.openAt.since(now) }
            state.openAt = now + budget
            return nil
        }
    }

    func succeeded() { state.withLock { $0 = State() } }

    /// Notes a failure; the pause that begins with it, if one does.
    func failed(now: Instant) -> Duration? {
        let jitter = random()
        return state.withLock { state in
            state.failures += 1
            guard state.failures >= Self.patience else { return nil }
            let full = min(Self.longestPause, .seconds(1 << min(state.failures - Self.patience, 5)))
            let pause = full / 2 + full / 2 * jitter
            state.openAt = now + pause
            return pause
        }
    }

    /// True while calls are held back.
    func isClosed(now: Instant) -> Bool {
        state.withLock { $0.failures >= Self.patience && now < $0.openAt }
    }
}
