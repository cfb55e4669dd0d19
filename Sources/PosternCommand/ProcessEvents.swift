import Sockets
import Threads

/// What the main thread is told while the gateway runs.
enum ProcessEvent: Sendable {
    case signal(ProcessSignal)
    /// Another process serves what this one did.
    case handedOver(Successor)
    /// It does not: why.
    case handOverFailed(String)
    /// Everything that was under way is over.
    case drained
}

/// What happens to the process, in order: signals, which a thread of their own waits for, and what others report.
final class ProcessEvents: Sendable {
    private let waiting = Locked<[ProcessEvent]>([])
    private let count = Semaphore()

    /// Begins to wait for signals.
    init() throws(ThreadError) {
        let (waiting, count) = (waiting, count)
        try Thread.start(name: "signals") {
            while true {
                let signal = Signals.wait()
                waiting.withLock { $0.append(.signal(signal)) }
                count.signal()
            }
        }.detach()
    }

    func post(_ event: ProcessEvent) {
        waiting.withLock { $0.append(event) }
        count.signal()
    }

    /// Blocks until there is one.
    func next() -> ProcessEvent {
        count.wait()
        return waiting.withLock { $0.removeFirst() }
    }
}
