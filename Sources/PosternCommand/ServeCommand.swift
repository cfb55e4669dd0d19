import Administration
import Configuration
import Gateway
import HTTPServer
import Sessions
import Sockets
import Telemetry
private import Threads

/// `postern serve`: the gateway, from its configuration to its last answer.
struct ServeCommand {
    private let path: String

    init(_ path: String) { self.path = path }

    func run() -> Exit {
        do throws(SystemError) {
            // Before a secret is read: no core file, no look into our memory, no file that others can read.
            try ProcessHardening.closeDoors()
        } catch {
            Output.complain("the process cannot keep its memory to itself: \(error)")
            return .internalError
        }
        let result = Configuration.load(path: path, environment: Environment.all)
        guard let settings = result.settings else {
            for problem in result.problems { Output.message(result.render(problem)) }
            return .configuration
        }
        guard let writer = try? LogWriter(format: settings.log.format) else {
            Output.complain("the log's thread did not start")
            return .internalError
        }
        let log = Logger(writer: writer, level: settings.log.level, format: settings.log.format)
        for warning in result.warnings {
            log.warning("configuration", [("problem", .string(result.render(warning)))])
        }
        let code = serve(settings, log)
        writer.close()
        return code
    }

    private func serve(_ settings: GatewayConfiguration, _ log: Logger) -> Exit {
        var gateway = settings.gateway
        DescriptorLimit.fit(&gateway, log)
        let inheritance: Inheritance
        let events: ProcessEvents
        do {
            inheritance = try Inheritance(environment: Environment.all)
            events = try ProcessEvents()
        } catch let error as InheritedListenerError {
            Output.complain("\(error)")
            return .configuration
        } catch {
            Output.complain("the thread that waits for signals did not start")
            return .internalError
        }
        let outcome = Locked<Result<RunningGateway, GatewayStartError>?>(nil)
        // The flows of the control plane are asynchronous; this thread only waits for signals.
        let waiter = Semaphore()
        let settled = gateway
        // The main thread's own priority is a high one: refused without root, with a complaint in the journal.
        Task(priority: .medium) {
            let result = await start(settings, settled, inheritance, log)
            outcome.withLock { $0 = result }
            waiter.signal()
        }
        waiter.wait()
        switch outcome.withLock({ $0 }) {
        case .success(let running):
            waitForTheEnd(running, events, settings, log)
            return .good
        case .failure(let error):
            Output.complain("\(error)")
            return Exit(rawValue: error.exitCode) ?? .internalError
        case nil: return .internalError
        }
    }

    /// Opens everything, serves, and says so.
    private func start(
        _ settings: GatewayConfiguration, _ gateway: GatewaySettings, _ inheritance: Inheritance, _ log: Logger
    ) async -> Result<RunningGateway, GatewayStartError> {
        var inheritance = inheritance
        do throws(GatewayStartError) {
            let registry = MetricRegistry()
            // Before anybody is served: a successor that cannot have it has then taken nobody from its predecessor.
            let listeners = try settings.administration.map { (settings) throws(GatewayStartError) in
                try AdministrationListeners(settings, inheritance: &inheritance)
            }
            let process = try await GatewayProcess(
                gateway, inheritance: &inheritance, log: log, registry: registry,
                fatal: { text in
                    Output.complain(text)
                    log.error("fatal", [("reason", .string(text))])
                    log.flush()
                    // Nothing was promised to anybody yet that this gateway may keep.
                    Exit.end(.configuration)
                })
            let reload = ConfigurationReload(path, settings, process, log)
            var port: AdministrationPort?
            if let administration = settings.administration, let listeners {
                port = try AdministrationPort(administration, listeners, gateway: process, registry: registry) {
                    await reload.reload()
                }
            }
            if let missing = listeners?.missingSocket {
                log.warning("admin_socket_missing", [("reason", .string("\(missing)"))])
            }
            let running = RunningGateway(
                process: process, reload: reload, port: port, unclaimed: inheritance.unclaimed)
            running.begin(inheritance, notifying: Environment.value(Self.managersSocket))
            for address in process.addresses { log.info("listening", [("address", .string("\(address)"))]) }
            return .success(running)
        } catch {
            return .failure(error)
        }
    }

    /// Where a service manager hears of us (`sd_notify(3)`).
    private static let managersSocket = "NOTIFY_SOCKET"

    /// Waits for signals; returns when the gateway has drained.
    private func waitForTheEnd(
        _ running: RunningGateway, _ events: ProcessEvents, _ settings: GatewayConfiguration, _ log: Logger
    ) {
        let handOver = HandOver(running, events, log)
        let manager = Environment.value(Self.managersSocket)
        var state = ServeState.serving
        while true {
            switch (events.next(), state) {
            case (.signal(.reload), .serving), (.signal(.reload), .handingOver):
                // A signal is not answered; the log is.
                Task(priority: .medium) { _ = await running.reload.reload() }
            case (.signal(.handOver), .serving):
                state = .handingOver
                if settings.gateway.session.store == .memory {
                    log.warning("sessions_lost", [("reason", "session.store: memory: ends with its process")])
                }
                handOver.begin()
            case (.handOverFailed(let reason), .handingOver):
                log.error("handover_failed", [("reason", .string(reason))])
                Task(priority: .medium) { await running.reload.resume() }
                state = .serving
            case (.handedOver(let successor), .handingOver):
                log.info("handed_over", [("pid", .count(Int(successor.pid)))])
                ServiceManager.tell("MAINPID=\(successor.pid)\nREADY=1", at: manager)
                state = .ending(isAsked: false)
                running.drain(handingOver: true, events)
            case (.signal(.stop), .serving), (.signal(.stop), .handingOver):
                log.info("stopping")
                ServiceManager.tell("STOPPING=1", at: manager)
                handOver.abandon()
                state = .ending(isAsked: true)
                running.drain(handingOver: false, events)
            case (.signal(.stop), .ending(isAsked: false)):
                // The whole service is to stop; what is under way here has its time all the same.
                log.info("stopping")
                state = .ending(isAsked: true)
            case (.signal(.stop), .ending(isAsked: true)):
                log.warning("stopped_at_once")
                log.flush()
                Exit.end(.good)
            case (.drained, _):
                running.port?.stop()
                log.info("stopped")
                return
            case (.signal(let signal), _):
                log.warning(
                    "signal_ignored",
                    [("signal", signal == .reload ? "SIGHUP" : "SIGUSR2"), ("why", .string(state.description))])
            case (.handedOver(let successor), _): successor.stop()
            case (.handOverFailed, _): break
            }
        }
    }
}

/// What the process is at.
private enum ServeState: CustomStringConvertible {
    case serving
    /// Another process is getting ready.
    case handingOver
    /// What is under way is let end; by a signal, or since another process serves.
    case ending(isAsked: Bool)

    var description: String {
        switch self {
        case .serving: "the gateway serves"
        case .handingOver: "another process is getting ready"
        case .ending: "the process is ending"
        }
    }
}
