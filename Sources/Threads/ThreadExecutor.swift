/// Gives an actor a thread of its own: jobs run one after another, in order, on one thread.
///
/// For work that blocks (SQLite, the resolver) and must not occupy Swift's pool.
package final class ThreadExecutor: SerialExecutor, Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var stopped = false
    }

    private let state = Locked(State())
    private let ready = Semaphore()

    /// Starts the thread, which keeps the executor alive until ``stop()``.
    package init(name: String) throws(ThreadError) {
        try Thread.start(name: name) { [self] in run() }.detach()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        state.withLock { $0.jobs.append(unowned) }
        ready.signal()
    }

    /// Ends the thread when its queue is empty.
    ///
    /// Jobs that arrive later never run.
    package func stop() {
        state.withLock { $0.stopped = true }
        ready.signal()
    }

    private func run() {
        let me = unsafe asUnownedSerialExecutor()
        while true {
            ready.wait()
            let (jobs, stopped) = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                return (jobs, state.stopped)
            }
            for job in jobs { unsafe job.runSynchronously(on: me) }
            if stopped && jobs.isEmpty { return }
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }
}
