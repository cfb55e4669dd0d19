import Cryptography
private import Glibc
private import Synchronization

/// What the processes on one database share beside it: how many endings were announced, and who is alive.
///
/// One small file: its first eight bytes are the counter, mapped into every process; each process also holds a lock on
/// one byte of its own, far behind the end. The kernel drops that lock when the process dies, however it dies.
@safe
final class SharedState: @unchecked Sendable {
    // @unchecked: the mapping never moves and is only touched through an atomic.
    private let counter: UnsafeMutablePointer<Atomic<UInt64>>
    private let file: Int32
    /// This process's name in leases: the position of the byte it has locked.
    let holder: Int64

    private static let size = 4096

    init(_ files: StoreFiles) throws(StoreOpenError) {
        guard let random = try? RandomBytes.make(8) else { throw .failed(path: files.path, .sealing) }
        // 2^32 … 2^62: behind the counter, and a position that a file may have.
        let position = random.reduce(Int64(0)) { $0 << 8 | Int64($1) } & (1 << 62 - 1) | 1 << 32
        let file = unsafe open(files.sharedPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw files.notWritable(errno) }
        // Allocated, not only lengthened: a page that cannot be had later would end the process.
        let allocated = posix_fallocate(file, 0, off_t(Self.size))
        guard allocated == 0 else {
            close(file)
            throw allocated == ENOSPC ? .failed(path: files.path, .full) : files.notWritable(allocated)
        }
        let mapping = unsafe mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
            let failure = errno
            close(file)
            throw files.notWritable(failure)
        }
        unsafe counter = mapping.assumingMemoryBound(to: Atomic<UInt64>.self)
        self.file = file
        holder = position
        if !lock(position) { throw files.notWritable(errno) }
    }

    deinit {
        unsafe munmap(counter, Self.size)
        close(file)
    }

    /// Endings announced so far, by all processes.
    var revision: UInt64 { unsafe counter.pointee.load(ordering: .acquiring) }

    /// Announces endings that are committed; answers the revision before.
    func advance() -> UInt64 {
        unsafe counter.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
    }

    /// True while the process that calls itself `holder` lives.
    func isAlive(_ holder: Int64) -> Bool {
        if holder == self.holder { return true }
        var question = Self.byteLock(holder)
        // A question that fails is no proof of death: the lease then ends by its time.
        return unsafe fcntl(file, Command.ask, &question) != 0 || question.l_type != Int16(F_UNLCK)
    }

    private func lock(_ position: Int64) -> Bool {
        var lock = Self.byteLock(position)
        return unsafe fcntl(file, Command.set, &lock) == 0
    }

    private static func byteLock(_ position: Int64) -> flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(position)
        lock.l_len = 1
        return lock
    }

    /// Locks of the open file, not of the process (`F_OFD_…` of fcntl(2), whose names hide behind `_GNU_SOURCE`): two
    /// stores in one process are two holders, and closing another descriptor of the file drops nothing.
    private enum Command {
        static let ask: Int32 = 36
        static let set: Int32 = 37
    }
}
