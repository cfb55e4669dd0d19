import Foundation
import Threads

/// How long the heavy proofs go on: a short round in the suite, a long one in `Tests/soak`, which says how long by
/// environment variables and wants figures back.
package enum Soak {
    /// `short`, less of it under sanitizers, or what `POSTERN_SOAK_NAME` says.
    package static func amount(_ name: String, short: Int) -> Int {
        // What is few is not a matter of volume.
        let few = short < 100 ? short : Rounds.of(short)
        return ProcessInfo.processInfo.environment["POSTERN_SOAK_\(name.uppercased())"].flatMap { Int($0) } ?? few
    }

    /// Where figures are collected; nil in the suite.
    private static let folder = ProcessInfo.processInfo.environment["POSTERN_SOAK_FIGURES"]
    private static let lock = Locked<Void>(())

    /// A line for whoever waits; silent in the suite.
    package static func progress(_ text: @autoclosure () -> String) {
        if folder != nil { note(text(), "progress") }
    }

    /// A line of the summary; silent in the suite.
    package static func figure(_ text: @autoclosure () -> String) {
        if folder != nil { note(text(), "figures") }
    }

    private static func note(_ text: String, _ file: String) {
        guard let folder else { return }
        lock.withLock { _ in
            guard let stream = fopen(folder + "/" + file, "a") else { return }
            fputs(text + "\n", stream)
            fclose(stream)
        }
    }

    /// 16777216 as `16.0 MiB`.
    package static func size(_ bytes: Int) -> String { String(format: "%.1f MiB", Double(bytes) / 1_048_576) }
}
