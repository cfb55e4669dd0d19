import Threads

/// What all workers think of a snapshot that they have prepared: one that cannot have it speaks for all.
package final class WorkerAgreement: Sendable {
    private struct State {
        var missing: Int
        var problem: String?
        var waiting: CheckedContinuation<String?, Never>?
    }

    private let state: Locked<State>

    init(of count: Int) { state = Locked(State(missing: count)) }

    /// A worker has prepared, or cannot: why.
    func answer(_ problem: String?) {
        let whole: (CheckedContinuation<String?, Never>, String?)? = state.withLock { state in
            state.missing -= 1
            if let problem { state.problem = problem }
            guard state.missing == 0, let waiting = state.waiting else { return nil }
            state.waiting = nil
            return (waiting, state.problem)
        }
        if let (waiting, problem) = whole { waiting.resume(returning: problem) }
    }

    /// Waits for all of them; nil when they agree.
    func wait() async -> String? {
        await withCheckedContinuation { continuation in
            let isWhole = state.withLock { state in
                if state.missing > 0 { state.waiting = continuation }
                return state.missing == 0
            }
            if isWhole { continuation.resume(returning: state.withLock { $0.problem }) }
        }
    }
}
