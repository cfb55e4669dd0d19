package import Bytes
private import CLinux
private import Glibc
package import Time

/// A directory out of which no name leads: neither `..`, nor an absolute path, nor a link that points outside.
///
/// The kernel resolves the name as one step (`openat2` with `RESOLVE_BENEATH`), so nothing can be swapped between a check
/// and the opening.
package final class BeneathRoot: Sendable {
    private let descriptor: Int32

    package init(_ path: String) throws(SystemError) {
        descriptor = try SystemCall.require { unsafe Glibc.open(path, O_PATH_DIRECTORY) }
    }

    deinit { close(descriptor) }

    /// Opens what `name` (without a leading slash) means beneath the root.
    ///
    /// Errors: `ENOENT`, `ENOTDIR`, `EACCES`, `ENAMETOOLONG` as usual; `EXDEV` for a name or link that leads outside;
    /// `ELOOP` for a magic link.
    package func open(_ name: String) throws(SystemError) -> OpenFile {
        // O_NONBLOCK: opening a FIFO must not wait for its writer.
        let flags = UInt64(O_RDONLY | O_NONBLOCK | O_NOCTTY)
        let opened = try SystemCall.require {
            unsafe postern_open_beneath(descriptor, name.isEmpty ? "." : name, flags)
        }
        guard DescriptorReserve.admit(opened, for: .outbound) else {
            close(opened)
            throw SystemError(EMFILE)
        }
        return try OpenFile(owning: opened)
    }
}

/// `O_PATH` itself hides behind `_GNU_SOURCE`.
private let O_PATH_DIRECTORY: Int32 = 0o10000000 | O_DIRECTORY | O_CLOEXEC

/// An open file, and what was true of it when it was opened; closed when it goes.
package struct OpenFile: ~Copyable {
    package enum Kind: Sendable {
        case regular
        case directory
        case other
    }

    /// For `sendfile` and `pread`.
    package let descriptor: Int32
    package let kind: Kind
    /// In bytes.
    package let size: Int
    package let modified: Timestamp
    package let inode: UInt64

    fileprivate init(owning descriptor: Int32) throws(SystemError) {
        var status = stat()
        do throws(SystemError) {
            try SystemCall.require { unsafe fstat(descriptor, &status) }
        } catch {
            close(descriptor)
            DescriptorReserve.returned(.outbound)
            throw error
        }
        self.descriptor = descriptor
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            default: .other
            }
        size = Int(status.st_size)
        modified = Timestamp(
            milliseconds: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
        inode = UInt64(status.st_ino)
    }

    deinit {
        close(descriptor)
        DescriptorReserve.returned(.outbound)
    }

    /// Reads up to `count` bytes from `offset` behind those in `buffer`; 0 at the end.
    package borrowing func read(
        at offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(SystemError) -> Int {
        let descriptor = descriptor
        return unsafe try buffer.write(space: count) { (room) throws(SystemError) -> Int in
            try SystemCall.require { unsafe pread(descriptor, room.baseAddress, min(count, room.count), offset) }
        }
    }
}
