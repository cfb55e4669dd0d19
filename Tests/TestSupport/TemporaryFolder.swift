import Foundation

/// A fresh directory that goes with its owner.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init(_ name: String) throws {
        path = NSTemporaryDirectory() + "\(name)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
