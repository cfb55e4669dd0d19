private import Glibc

/// What an operator tells the process.
package enum ProcessSignal: Sendable {
    /// SIGTERM or SIGINT: drain and end.
    case stop
    /// SIGHUP.
    case reload
    /// SIGUSR2: hand over to a new binary.
    case handOver
}

/// Signals as values on the main thread; no code of ours ever runs inside a signal handler.
package enum Signals {
    /// Blocks our signals in this thread and all that it starts, and ignores SIGPIPE.
    ///
    /// First thing in a process.
    package static func block() {
        var set = ours
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next of our signals.
    package static func wait() -> ProcessSignal {
        var set = ours
        while true {
            var number: Int32 = 0
            guard unsafe sigwait(&set, &number) == 0 else { continue }
            switch number {
            case SIGHUP: return .reload
            case SIGUSR2: return .handOver
            default: return .stop
            }
        }
    }

    private static var ours: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR2] { unsafe sigaddset(&set, number) }
        return set
    }
}
