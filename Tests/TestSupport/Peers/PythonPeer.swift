import Foundation

/// A peer written in Python, by libraries that others wrote: a file of `Tests/Fixtures/peers`.
///
/// Where its libraries are missing it ends at once, and the test with it: `deploy/debian-packages.txt` names them.
package final class PythonPeer: Sendable {
    package let process: ChildProcess

    package init(_ file: String, _ arguments: String...) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/peers")
        // Debian's own, whatever else is called so.
        process = try ChildProcess(["/usr/bin/python3", "-B", folder.appending(path: file).path] + arguments)
    }

    deinit { process.end(within: 5) }

    /// Waits for a line that begins so; the rest of it.
    @discardableResult
    package func line(_ beginning: String) throws -> String {
        var found: Substring?
        try eventually("\(process.name) says \(beginning): \(process.output)", within: 40) {
            // A line counts when it is whole.
            let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            found = lines.first { $0 == beginning || $0.hasPrefix(beginning + " ") }
            if found == nil, !process.isRunning, process.output.isEmpty || !process.output.contains(beginning) {
                throw NeverHappened(
                    description: "\(process.name) ended with \(process.exitCode ?? -1): \(process.output)")
            }
            return found != nil
        }
        return String((found ?? "").dropFirst(beginning.count + 1))
    }

    /// Where a server listens.
    package var port: Int {
        get throws {
            guard let port = Int(try line("port")) else { throw NeverHappened(description: process.output) }
            return port
        }
    }
}
