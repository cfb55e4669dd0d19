import Configuration
import Sockets
import Telemetry
import Threads

/// Starts the program that now stands where this one was run from, and lets it take over (SIGUSR2).
///
/// It reads the configuration anew and serves on our listeners, beside us, until it says that it is ready: whoever connects is
/// served by one or the other. Only then do we take nobody new. A program that cannot start changes nothing.
final class HandOver: Sendable {
    private let gateway: RunningGateway
    private let events: ProcessEvents
    private let log: Logger
    private let state = Locked(State())

    private struct State {
        /// While it starts.
        var successor: Successor?
        /// This process is asked to stop.
        var isAbandoned = false
    }

    /// How long the new process may take to get ready.
    private static let patience = Duration.seconds(60)

    init(_ gateway: RunningGateway, _ events: ProcessEvents, _ log: Logger) {
        self.gateway = gateway
        self.events = events
        self.log = log
    }

    /// Begins; the end of it is an event.
    func begin() {
        Task(priority: .medium) {
            // What a reload opens or closes in between the new process would not have, or have in vain.
            await gateway.reload.pause()
            start()
        }
    }

    private func start() {
        guard Successor.mayFollow else {
            events.post(.handOverFailed("this is process 1: its container would end with it; start another one"))
            return
        }
        guard let program = Successor.program else {
            events.post(.handOverFailed("the system does not say where the program is"))
            return
        }
        let successor: Successor
        do throws(SystemError) {
            successor = try Successor.start(
                program, arguments: CommandLine.arguments, environment: Environment.all, bequests: gateway.bequests)
        } catch {
            events.post(.handOverFailed("\(program): \(error)"))
            return
        }
        log.info("handing_over", [("program", .string(program)), ("pid", .count(Int(successor.pid)))])
        let isAbandoned = state.withLock { state in
            state.successor = successor
            return state.isAbandoned
        }
        if isAbandoned { successor.stop() }
        do throws(ThreadError) {
            // Not on Swift's pool: its threads must not block.
            try Thread.start(name: "successor") { [self] in
                let outcome = successor.wait(atMost: Self.patience)
                state.withLock { $0.successor = nil }
                switch outcome {
                case .ready: events.post(.handedOver(successor))
                case .failed(let reason): events.post(.handOverFailed(reason))
                }
            }.detach()
        } catch {
            successor.stop()
            events.post(.handOverFailed("a thread: error \(error.errno)"))
        }
    }

    /// This process is asked to stop: so is the one that was to follow it.
    func abandon() {
        let successor = state.withLock { state in
            state.isAbandoned = true
            return state.successor
        }
        successor?.stop()
    }
}
