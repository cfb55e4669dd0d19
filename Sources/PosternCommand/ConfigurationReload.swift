import Administration
import Configuration
import Gateway
import Telemetry

/// Reads the configuration again and lets the running gateway have it, one reload at a time.
actor ConfigurationReload {
    private let path: String
    private let process: GatewayProcess
    private let log: Logger
    /// What the process runs with.
    private var present: GatewayConfiguration
    private var last: Task<ReloadOutcome, Never>?
    private var isPaused = false

    init(_ path: String, _ present: GatewayConfiguration, _ process: GatewayProcess, _ log: Logger) {
        self.path = path
        self.present = present
        self.process = process
        self.log = log
    }

    /// All of the file or nothing of it; says which in the log.
    func reload() async -> ReloadOutcome {
        let former = last
        let task = Task { () -> ReloadOutcome in
            _ = await former?.value
            return await self.reloadNow()
        }
        last = task
        return await task.value
    }

    /// Waits for a reload that is under way; later ones are refused until ``resume()``.
    func pause() async {
        isPaused = true
        _ = await last?.value
    }

    func resume() { isPaused = false }

    private func reloadNow() async -> ReloadOutcome {
        if isPaused { return refused(["another process is getting ready, and reads the configuration by itself"]) }
        let result = Configuration.load(path: path, environment: Environment.all)
        guard var settings = result.settings else {
            return refused(result.problems.map { result.render($0) })
        }
        let fixed = fixedKeys(settings)
        guard fixed.isEmpty else { return refused([ReloadError.needsRestart(fixed).description]) }
        DescriptorLimit.fit(&settings.gateway, log)
        do throws(ReloadError) {
            try await process.adopt(settings.gateway)
        } catch {
            return refused([error.description])
        }
        present = settings
        process.metrics.reload(wasTaken: true)
        let warnings = result.warnings.map { result.render($0) }
        for warning in warnings { log.warning("configuration", [("problem", .string(warning))]) }
        log.info("reloaded", [("listeners", .string(process.addresses.map { "\($0)" }.joined(separator: " ")))])
        return .taken(warnings: warnings)
    }

    /// What the process set up once, before the gateway began.
    private func fixedKeys(_ settings: GatewayConfiguration) -> [String] {
        var keys: [String] = []
        if settings.administration != present.administration { keys.append("admin") }
        if settings.log.level != present.log.level { keys.append("log.level") }
        if settings.log.format != present.log.format { keys.append("log.format") }
        return keys
    }

    private func refused(_ problems: [String]) -> ReloadOutcome {
        process.metrics.reload(wasTaken: false)
        for problem in problems { log.error("reload_refused", [("problem", .string(problem))]) }
        return .refused(problems: problems)
    }
}
