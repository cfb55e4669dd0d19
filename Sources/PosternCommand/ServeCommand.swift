import Administration
import Configuration
import Gateway
import HTTPServer
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
        let outcome = Locked<Exit>(.good)
        let stop = StopSwitch()
        // The flows of the control plane are asynchronous; this thread only waits for signals.
        let waiter = Semaphore()
        let started = Locked<Started?>(nil)
        let inherited: [InheritedListener]
        do throws(InheritedListenerError) {
            inherited = try InheritedListeners.takeOver(environment: Environment.all)
        } catch {
            Output.complain("\(error)")
            return .configuration
        }
        let administration = settings.administration
        let (settled, path) = (gateway, path)
        // The main thread's own priority is a high one: refused without root, with a complaint in the journal.
        Task(priority: .medium) {
            do throws(GatewayStartError) {
                let registry = MetricRegistry()
                let process = try await GatewayProcess(
                    settled, inherited: inherited, log: log, registry: registry,
                    fatal: { text in
                        Output.complain(text)
                        log.error("fatal", [("reason", .string(text))])
                        log.flush()
                        // Nothing was promised to anybody yet that this gateway may keep.
                        Exit.end(.configuration)
                    })
                let reload = ConfigurationReload(path, settings, process, log)
                let port = try administration.map { (settings) throws(GatewayStartError) in
                    try AdministrationPort(settings, gateway: process, registry: registry) { await reload.reload() }
                }
                if let missing = port?.missingSocket {
                    log.warning("admin_socket_missing", [("reason", .string("\(missing)"))])
                }
                for address in process.addresses { log.info("listening", [("address", .string("\(address)"))]) }
                started.withLock { $0 = Started(process: process, reload: reload, port: port) }
            } catch {
                Output.complain("\(error)")
                outcome.withLock { $0 = Exit(rawValue: error.exitCode) ?? .internalError }
            }
            waiter.signal()
        }
        waiter.wait()
        guard let started = started.withLock({ $0 }) else { return outcome.withLock { $0 } }
        waitForTheEnd(started, stop, log)
        started.port?.stop()
        return .good
    }

    private struct Started: Sendable {
        let process: GatewayProcess
        let reload: ConfigurationReload
        let port: AdministrationPort?
    }

    /// Waits for signals; returns when the gateway has drained.
    private func waitForTheEnd(_ started: Started, _ stop: StopSwitch, _ log: Logger) {
        while true {
            switch Signals.wait() {
            case .reload:
                // A signal is not answered; the log is.
                Task(priority: .medium) { _ = await started.reload.reload() }
            case .handOver:
                log.warning("signal_ignored", [("signal", "SIGUSR2"), ("why", "hand-over is not supported yet")])
            case .stop:
                log.info("stopping")
                let done = Semaphore()
                Task(priority: .medium) {
                    await started.process.stop()
                    done.signal()
                }
                stop.endAtOnceOnNextSignal(log)
                done.wait()
                log.info("stopped")
                return
            }
        }
    }
}

/// Ends the process at the second signal.
private struct StopSwitch {
    func endAtOnceOnNextSignal(_ log: Logger) {
        let started = try? Thread.start(name: "signals") {
            while true {
                if case .stop = Signals.wait() {
                    log.warning("stopped_at_once")
                    log.flush()
                    Exit.end(.good)
                }
            }
        }
        started?.detach()
        if started == nil { log.warning("signals_unwatched") }
    }
}
