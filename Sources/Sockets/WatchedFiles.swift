private import Glibc

/// Small files that are read whole, and read again when they have changed.
package struct WatchedFiles: Sendable {
    /// What tells one state of a file from the next: another file in its place, or the same one written again.
    private struct Stamp: Sendable, Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    private let paths: [String]
    private var stamps: [Stamp?]

    /// The files as they stand now.
    package init(_ paths: [String]) {
        self.paths = paths
        stamps = paths.map { Stamp($0) }
    }

    /// True when a file is not what it was; from then on the new state is the known one.
    package mutating func haveChanged() -> Bool {
        let now = paths.map { Stamp($0) }
        if now == stamps { return false }
        stamps = now
        return true
    }

    /// The bytes of a file of at most a mebibyte: more than any certificate has, so a device that never ends stops here.
    package static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = try SystemCall.require { unsafe Glibc.read(descriptor, &block, block.count) }
            if count == 0 { return bytes }
            bytes += block[..<count]
            if bytes.count > 1 << 20 { throw SystemError(EFBIG) }
        }
    }
}
