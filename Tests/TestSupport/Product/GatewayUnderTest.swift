import Foundation

/// The real program with a configuration of its own, on a free port, watched from outside.
package final class GatewayUnderTest {
    /// What a test wants different from a plain gateway for one API.
    package struct Options: Sendable {
        /// Lines below `session:`, without their indent.
        package var session: [String] = []
        /// Lines below `provider:`.
        package var provider: [String] = []
        /// Lines at the top level.
        package var top: [String] = []
        /// The routes, as YAML flow mappings.
        package var routes = ["{ path: /, upstream: api }"]
        /// Further upstreams by name.
        package var upstreams: [String: String] = [:]
        package var store = "sqlite:sessions.db"
        /// The value of `admin:`, a YAML flow mapping or `null`.
        package var admin = "null"
        package var clientID = "postern"
        /// What browsers use, when it is not `http://localhost:PORT`.
        package var publicURL: String?
        package var workers = 2
        /// Listens on ``GatewayUnderTest/socket`` as well.
        package var listensOnSocket = false
        /// Further keys of each listener, after a comma.
        package var listener = ""
        /// What the program is started by, its own command line behind; nothing: it starts itself.
        package var launcher: [String] = []
        /// The program is run by a path of its own (``GatewayUnderTest/ownProgram``), where another may be put.
        package var runsByOwnPath = false
        /// Added to the program's environment.
        package var environment: [String: String] = [:]

        package init() {}
    }

    package let port: Int
    package let directory: String
    package let program: String
    private(set) package var process: ChildProcess
    /// Processes that have taken over, one from another.
    private var heirs: [pid_t] = []
    private let environment: [String: String]
    private let launcher: [String]

    /// What browsers use.
    package let origin: String
    package var database: String { directory + "/sessions.db" }
    package var socket: String { directory + "/listen.sock" }
    package var ownProgram: String { directory + "/postern" }
    package var configuration: String { directory + "/postern.yaml" }

    /// Everything it has said since it was first started.
    package var log: String { process.output }

    /// The program beside the test binary, whatever `--scratch-path` was; or `$POSTERN_PROGRAM`, a released one.
    package static var program: String {
        get throws {
            if let program = ProcessInfo.processInfo.environment["POSTERN_PROGRAM"] { return program }
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("postern").path
        }
    }

    /// Writes the configuration and starts the program.
    ///
    /// - Parameters:
    ///   - issuer: the provider's; its client is `postern`.
    ///   - secret: the client's; nil for a public client.
    ///   - upstream: the port of the upstream called `api`.
    ///   - port: chosen when nil; a provider that checks redirect URIs has to know it before.
    package init(
        issuer: String, secret: String? = "s3cret", upstream: Int, port: Int? = nil, options: Options = Options()
    ) throws {
        self.port = try port ?? freePort()
        origin = options.publicURL ?? "http://localhost:\(self.port)"
        directory = NSTemporaryDirectory() + "postern-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let built = try Self.program
        program = options.runsByOwnPath ? directory + "/postern" : built
        if options.runsByOwnPath {
            try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: built)
        }
        var listeners = ["127.0.0.1:\(self.port)"]
        if options.listensOnSocket { listeners.append("unix:\(directory)/listen.sock") }
        let listen = listeners.map { "{ address: \"\($0)\"\(options.listener) }" }.joined(separator: ", ")
        var lines = [
            "public_url: \(origin)", "listen: [\(listen)]",
            "workers: \(options.workers)", "admin: \(options.admin)", "provider:", "  issuer: \(issuer)",
            "  client_id: \(options.clientID)",
        ]
        if let secret {
            try secret.write(toFile: directory + "/client_secret", atomically: true, encoding: .utf8)
            chmod(directory + "/client_secret", 0o600)
            lines.append("  client_secret: ${file:client_secret}")
        }
        lines += options.provider.map { "  " + $0 }
        lines += ["session:", "  store: \"\(options.store)\""] + options.session.map { "  " + $0 }
        lines += ["upstreams:", "  api: http://127.0.0.1:\(upstream)"]
        lines += options.upstreams.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        lines += ["routes:"] + options.routes.map { "  - " + $0 }
        lines += options.top
        let file = directory + "/postern.yaml"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        environment = options.environment
        launcher = options.launcher
        process = try Self.start(launcher + [program], file, directory, environment)
        try waitUntilItListens()
    }

    deinit {
        // Youngest first: nobody is there to take over again.
        for pid in heirs.reversed() where Self.isRunning(pid) {
            kill(pid, SIGTERM)
            if (try? eventually("end of \(pid)", within: 5, { !Self.isRunning(pid) })) == nil { kill(pid, SIGKILL) }
        }
        process.end(within: 5)
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func start(
        _ program: [String], _ file: String, _ directory: String, _ environment: [String: String]
    ) throws -> ChildProcess {
        try ChildProcess(
            program + ["serve", "--config", file], environment: environment, log: directory + "/postern.log")
    }

    /// Waits for the line that says so.
    private func waitUntilItListens() throws {
        // Not in all of ``log``: under load it soon holds more than can be searched in time.
        try eventually("the gateway listens; it says: \(process.ownOutput.suffix(3000))", within: 30) {
            guard process.isRunning else {
                throw NeverHappened(
                    description: "the gateway ended with \(process.exitCode ?? -1): \(process.ownOutput.suffix(3000))")
            }
            return !events("listening", in: process.ownOutput).isEmpty
        }
    }

    /// The log lines with this `msg`, in either format.
    package func events(_ name: String) -> [Substring] { events(name, in: log) }

    private func events(_ name: String, in text: String) -> [Substring] {
        text.split(separator: "\n").filter { line in
            if line.hasPrefix("{") { return line.contains("\"msg\":\"\(name)\"") }
            // Time, level, name.
            return line.split(separator: " ").dropFirst(2).first.map { $0 == name } ?? false
        }
    }

    /// What it holds of the machine at this moment.
    package var use: ProcessUse { get throws { try ProcessUse(of: pid) } }

    /// Asks it to stop, and gives its exit code.
    @discardableResult
    package func stop() throws -> Int32 {
        process.signal(SIGTERM)
        return try process.wait(within: 40)
    }

    /// Changes the configuration's text and asks for it to be read again.
    ///
    /// - Returns: the new log line about it, `reloaded` or the first `reload_refused`.
    @discardableResult
    package func reload(_ change: (String) -> String = { $0 }) throws -> String {
        let before = events("reloaded").count + events("reload_refused").count
        try change(String(contentsOfFile: configuration, encoding: .utf8))
            .write(toFile: configuration, atomically: true, encoding: .utf8)
        kill(pid, SIGHUP)
        var lines: [Substring] = []
        try eventually("the reload is told") {
            lines = log.split(separator: "\n").filter {
                $0.contains("\"msg\":\"reloaded\"") || $0.contains("\"msg\":\"reload_refused\"")
            }
            return lines.count > before
        }
        return String(lines[before])
    }

    /// The process that serves, which may be an heir.
    package var pid: pid_t { heirs.last ?? process.pid }

    /// Asks for a hand-over, and waits for what it comes to.
    ///
    /// - Returns: the log line, `handed_over` or `handover_failed`.
    @discardableResult
    package func handOver() throws -> String {
        let start = (try FileManager.default.attributesOfItem(atPath: process.log)[.size] as? UInt64) ?? 0
        kill(pid, SIGUSR2)
        var line = ""
        try eventually("the hand-over is told", within: 60) {
            guard let file = FileHandle(forReadingAtPath: process.log), (try? file.seek(toOffset: start)) != nil
            else { return false }
            let text = String(decoding: (try file.readToEnd()) ?? Data(), as: UTF8.self)
            line = (events("handed_over", in: text) + events("handover_failed", in: text)).first.map(String.init) ?? ""
            return !line.isEmpty
        }
        if let begin = line.range(of: "\"pid\":"), let heir = pid_t(line[begin.upperBound...].prefix { $0.isNumber }) {
            heirs.append(heir)
        }
        return line
    }

    /// Whether a process runs; one that has ended and that nobody has asked about does not.
    package static func isRunning(_ pid: pid_t) -> Bool {
        guard let state = try? state(of: pid) else { return false }
        return state != "Z"
    }

    /// The state of a process as the kernel calls it: `S` sleeps, `T` is stopped, `Z` has ended.
    package static func state(of pid: pid_t) throws -> String? {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return text.split(separator: ")").last?.split(separator: " ").first.map(String.init)
    }

    /// Ends it as a crash would.
    package func kill9() throws {
        process.signal(SIGKILL)
        try process.wait()
    }

    /// Starts it again on the same port, with the same configuration and store.
    package func restart() throws {
        if process.isRunning { try stop() }
        process = try Self.start(launcher + [program], configuration, directory, environment)
        try waitUntilItListens()
    }
}
