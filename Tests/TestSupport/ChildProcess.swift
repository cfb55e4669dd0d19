import Foundation

/// A program that a test starts, watches and ends; it never outlives the test.
///
/// Not `Foundation.Process`: its `waitUntilExit` needs a run loop, which test threads do not have.
package final class ChildProcess: @unchecked Sendable {
    // @unchecked: the state below is guarded by `lock`.
    package let pid: pid_t
    package let name: String
    private let lock = NSLock()
    private var status: Int32?
    /// Where the program's standard output and standard error go.
    package let log: String
    /// A file that nobody else named goes with the program.
    private let ownsLog: Bool
    /// How much stood there before, said by earlier programs.
    private let logStart: UInt64

    /// Starts `arguments[0]` (looked up in PATH). Output is collected in a file, `log` when given.
    package init(
        _ arguments: [String], environment: [String: String] = [:], log: String? = nil, directory: String? = nil
    ) throws {
        name = arguments.joined(separator: " ")
        let file = log ?? NSTemporaryDirectory() + "child-\(UUID().uuidString).log"
        self.log = file
        let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? UInt64
        logStart = size ?? 0
        ownsLog = log == nil
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, file, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var values = ProcessInfo.processInfo.environment
        // A sanitizer's runtime of the test process must not be loaded into other programs.
        values["LD_PRELOAD"] = nil
        for (key, value) in environment { values[key] = value }
        let line = directory.map { ["/usr/bin/env", "-C", $0] + arguments } ?? arguments
        var words = line.map { strdup($0) } + [nil]
        var pairs = values.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for word in words { free(word) }
            for pair in pairs { free(pair) }
        }
        var child: pid_t = 0
        let code = posix_spawnp(&child, line[0], &actions, &attributes, &words, &pairs)
        guard code == 0 else {
            throw NeverHappened(description: "cannot start \(arguments[0]): \(String(cString: strerror(code)))")
        }
        pid = child
    }

    deinit {
        end()
        if ownsLog { try? FileManager.default.removeItem(atPath: log) }
    }

    /// The wait status when the program has ended, else nil.
    private func poll() -> Int32? {
        lock.withLock {
            if let status { return status }
            var value: Int32 = 0
            guard waitpid(pid, &value, WNOHANG) == pid else { return nil }
            status = value
            return value
        }
    }

    package var isRunning: Bool { poll() == nil }

    /// The exit code, or 128 + the signal that ended it; nil while it runs.
    package var exitCode: Int32? {
        guard let status = poll() else { return nil }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    package func signal(_ number: Int32) { if isRunning { kill(pid, number) } }

    /// Waits for the end and gives the exit code.
    @discardableResult
    package func wait(within seconds: Double = 30) throws -> Int32 {
        try eventually("end of \(name)", within: seconds) { !isRunning }
        return exitCode ?? -1
    }

    /// Asks it to end, then makes it.
    package func end(within seconds: Double = 10) {
        guard isRunning else { return }
        kill(pid, SIGTERM)
        if (try? wait(within: seconds)) == nil {
            kill(pid, SIGKILL)
            _ = try? wait(within: 5)
        }
    }

    /// What the program has written so far.
    package var output: String {
        (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: log)), as: UTF8.self)) ?? ""
    }

    /// The same, without what earlier programs wrote into the same file.
    package var ownOutput: String {
        guard let file = FileHandle(forReadingAtPath: log), (try? file.seek(toOffset: logStart)) != nil
        else { return "" }
        return String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
    }

    /// Runs a program to its end and gives its exit code and output.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 60
    ) throws -> (code: Int32, output: String) {
        let child = try ChildProcess(arguments, environment: environment)
        let code = try child.wait(within: seconds)
        return (code, child.output)
    }
}
