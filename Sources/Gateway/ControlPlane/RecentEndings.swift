import Cryptography
import Threads

/// Why sessions ended that nobody can look up any more, so that the 401 can say it: the last few thousand.
final class RecentEndings: Sendable {
    private struct State {
        var reasons: [SHA256Digest: SessionEnd] = [:]
        var order: [SHA256Digest] = []
        var next = 0
    }

    private let state = Locked(State())
    private static let most = 4096

    func note(_ digest: SHA256Digest, _ reason: SessionEnd) {
        state.withLock { state in
            // The first reason is the true one: the store reports every row that went, and cannot know why.
            guard state.reasons[digest] == nil else { return }
            state.reasons[digest] = reason
            if state.order.count < Self.most {
                state.order.append(digest)
            } else {
                state.reasons[state.order[state.next]] = nil
                state.order[state.next] = digest
                state.next = (state.next + 1) % Self.most
            }
        }
    }

    func reason(_ digest: SHA256Digest) -> SessionEnd? { state.withLock { $0.reasons[digest] } }
}
