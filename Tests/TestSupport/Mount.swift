import Foundation

/// A small file system in memory, for as long as the object lives; where this process may mount one: as root.
package final class Mount: Sendable {
    package let path: String

    /// True where a file system can be mounted.
    package static let isPossible = (try? Mount(size: "64k")) != nil

    /// - Parameter size: as tmpfs understands it, such as `512k`.
    package init(size: String) throws {
        path = NSTemporaryDirectory() + "postern-mount-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(size),mode=700") == 0 else {
            let reason = String(cString: strerror(errno))
            try? FileManager.default.removeItem(atPath: path)
            throw NeverHappened(description: "cannot mount: \(reason)")
        }
    }

    /// Makes it larger or smaller.
    package func resize(_ size: String) throws {
        guard mount("tmpfs", path, "tmpfs", UInt(32), "size=\(size),mode=700") == 0 else {
            throw NeverHappened(description: "cannot resize: \(String(cString: strerror(errno)))")
        }
    }

    /// Writes a file that leaves no room; removing it gives the room back.
    package func fill(_ name: String = "filler") throws {
        let descriptor = open(path + "/" + name, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else {
            throw NeverHappened(description: "cannot fill: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        for size in [65536, 4096, 1] {
            let block = [UInt8](repeating: 0x66, count: size)
            while write(descriptor, block, size) > 0 {}
        }
    }

    package func remove(_ name: String = "filler") { unlink(path + "/" + name) }

    deinit {
        umount2(path, 2)
        try? FileManager.default.removeItem(atPath: path)
    }
}
