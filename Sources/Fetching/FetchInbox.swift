import CCurl
import Threads
import Time

/// What callers ask the fetch thread to do.
enum FetchMessage: Sendable {
    case start(
        UInt64, FetchRequest, deadline: Instant, CheckedContinuation<Result<FetchResponse, FetchFailure>, Never>)
    case cancel(UInt64)
    case stop
}

/// The way from callers to the fetch thread.
final class FetchInbox: Sendable {
    /// The thread's multi handle, held by other threads only to wake it up.
    @safe
    struct Waker: @unchecked Sendable {
        // @unchecked: curl_multi_wakeup is the one call that libcurl allows from any thread.
        private let multi: UnsafeMutableRawPointer
        init(_ multi: UnsafeMutableRawPointer) { unsafe self.multi = multi }
        func wake() { unsafe curl_multi_wakeup(multi) }
    }

    private struct State {
        var messages: [FetchMessage] = []
        var waker: Waker?
        var lastID: UInt64 = 0
        var closed = false
    }

    private let state = Locked(State())

    func nextID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// False when the thread has ended and nobody will read the message.
    @discardableResult
    func post(_ message: FetchMessage) -> Bool {
        state.withLock { state in
            if state.closed { return false }
            state.messages.append(message)
            state.waker?.wake()
            return true
        }
    }

    func open(_ waker: Waker) { state.withLock { $0.waker = waker } }

    func takeAll() -> [FetchMessage] {
        state.withLock { state in
            let messages = state.messages
            state.messages = []
            return messages
        }
    }

    /// Refuses further messages; afterwards nobody touches the waker.
    ///
    /// Returns those that came too late.
    func close() -> [FetchMessage] {
        state.withLock { state in
            state.closed = true
            state.waker = nil
            let messages = state.messages
            state.messages = []
            return messages
        }
    }
}
