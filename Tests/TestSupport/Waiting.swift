import Foundation

/// A condition did not come true in time.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Waits until `condition` holds, asking every few milliseconds; throws when the time is over.
///
/// The bound is for a machine under load and sanitizers; on a good day the answer comes at once.
package func eventually(
    _ what: @autoclosure () -> String, within seconds: Double = 15, _ condition: () throws -> Bool
) throws {
    let end = Date().addingTimeInterval(seconds)
    while !(try condition()) {
        if Date() > end { throw NeverHappened(description: "not within \(seconds) s: \(what())") }
        usleep(5_000)
    }
}

/// The same for conditions that suspend.
package func eventually(
    _ what: @autoclosure () -> String, within seconds: Double = 15, _ condition: () async throws -> Bool
) async throws {
    let end = Date().addingTimeInterval(seconds)
    while !(try await condition()) {
        if Date() > end { throw NeverHappened(description: "not within \(seconds) s: \(what())") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
