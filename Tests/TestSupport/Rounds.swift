import Foundation

/// How often tests of pure calculation repeat themselves.
package enum Rounds {
    private static let isShort = ProcessInfo.processInfo.environment["POSTERN_TEST_ROUNDS"] == "tenth"

    /// How long a test waits for a peer before it gives up: longer under sanitizers, beside which others build.
    package static let patience = Duration.seconds(isShort ? 40 : 10)

    /// `all`, or a tenth of it where `POSTERN_TEST_ROUNDS=tenth` says so: under sanitizers, which look at each step and
    /// not at how many there are.
    package static func of(_ all: Int) -> Int { isShort ? max(all / 10, 1) : all }

    /// All of `all`, or every ninth of it where there are a tenth of the rounds.
    package static func some<Element>(of all: [Element]) -> [Element] {
        isShort ? stride(from: 0, to: all.count, by: 9).map { all[$0] } : all
    }
}
