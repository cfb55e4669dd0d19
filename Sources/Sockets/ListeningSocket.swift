private import CLinux
private import Glibc
private import Synchronization

/// A listener did not open: where, and why.
package struct ListenError: Error, Sendable, CustomStringConvertible {
    package let address: ListenAddress
    /// `EADDRINUSE`, `EACCES` …; `ENXIO` when the name has no address.
    package let cause: SystemError
    /// What is open on the same port, and is ours.
    package var neighbour: SocketAddress?

    package var isBusy: Bool { cause.code == EADDRINUSE }

    package var description: String {
        let reason = cause.code == ENXIO ? "the name has no address" : cause.description
        return "cannot listen on \(address)\(neighbour.map { " beside \($0)" } ?? ""): \(reason)"
    }
}

/// What `accept` brought.
package enum Accepted: ~Copyable {
    case connection(Socket, PeerAddress)
    /// Nobody waits.
    case nobody
    /// The process or the system has no descriptor left.
    case exhausted
    /// Somebody came, and was closed at once: what is left is not for clients.
    case turnedAway
}

/// An open listener.
///
/// Made on one thread, used on another; each worker has its own.
package final class ListeningSocket: Sendable {
    package let address: SocketAddress
    /// -1 after ``close()``.
    private let descriptorOrNone: Atomic<Int32>
    /// True when other workers accept from the same queue (unix sockets).
    package let isShared: Bool
    /// A descriptor kept for the day when there is no other; -1 while it is missing.
    private let spare: Atomic<Int32>
    /// The file of a unix socket, removed by whoever of its listeners closes last.
    private let file: SocketFile?
    /// A service manager has opened it, and keeps it.
    private let isManagers: Bool
    /// Another one has the same queue.
    private let isCopy: Bool

    private init(
        _ descriptor: Int32, _ address: SocketAddress, isShared: Bool, file: SocketFile?, isManagers: Bool = false,
        isCopy: Bool = false
    ) {
        descriptorOrNone = Atomic(descriptor)
        self.address = address
        self.isShared = isShared
        self.file = file
        self.isManagers = isManagers
        self.isCopy = isCopy
        spare = Atomic(Self.openSpare())
        file?.opened()
    }

    deinit {
        close()
        let descriptor = spare.exchange(-1, ordering: .relaxed)
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    private static func openSpare() -> Int32 { unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }

    package var descriptor: Int32 { descriptorOrNone.load(ordering: .relaxed) }

    /// Closes the listener.
    ///
    /// Connections that wait in its queue are reset: accept them before.
    package func close() {
        let descriptor = descriptorOrNone.exchange(-1, ordering: .relaxed)
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
        file?.closed()
    }

    /// Opens one listener a worker: TCP with a queue each (`SO_REUSEPORT`), a unix socket with one queue for all.
    ///
    /// `permissions` are those of a unix socket's file, which is removed when the last of its listeners goes.
    package static func open(
        _ address: ListenAddress, count: Int = 1, permissions: UInt32 = 0o660
    ) throws(ListenError) -> [ListeningSocket] {
        do throws(SystemError) {
            switch address {
            case .unix(let path): return try openUnix(path, count: count, permissions: permissions)
            case .tcp(let host, let port):
                guard let target = try? Resolver.lookUp(host, port: port, passive: true).get().first else {
                    throw SystemError(ENXIO)
                }
                return try openTCP(target, count: count)
            }
        } catch {
            throw ListenError(address: address, cause: error)
        }
    }

    /// Takes over what somebody else opened for one address, a queue or several: for each worker the queues that it serves.
    ///
    /// Every queue has a worker, and every worker has a queue: either may share what the other has fewer of. Where some of
    /// them listen at one address and some at all, that is so for each of both. The file of a unix socket becomes ours to
    /// remove by ``takeCharge()``.
    package static func adopt(_ inherited: [InheritedListener], count: Int) throws(ListenError) -> [[ListeningSocket]] {
        var sockets: [[ListeningSocket]] = Array(repeating: [], count: count)
        // The widest first: that is where the listener is said to be.
        for address in Set(inherited.map(\.address)).sorted(by: { $0.isUnspecified && !$1.isUnspecified }) {
            let queues = try adoptQueues(inherited.filter { $0.address == address }, count: count)
            for (worker, queue) in queues.enumerated() { sockets[worker] += queue }
        }
        return sockets
    }

    private static func adoptQueues(
        _ inherited: [InheritedListener], count: Int
    ) throws(ListenError) -> [[ListeningSocket]] {
        var sockets: [[ListeningSocket]] = Array(repeating: [], count: count)
        guard let first = inherited.first else { return sockets }
        var file: SocketFile?
        if case .predecessor = first.origin, case .unix(let path) = first.address {
            file = SocketFile(path, isOurs: false)
        }
        do throws(SystemError) {
            for number in 0..<max(count, inherited.count) {
                let queue = inherited[number % inherited.count]
                let isCopy = number >= inherited.count
                let descriptor =
                    isCopy
                    ? try SystemCall.require { fcntl(queue.descriptor, F_DUPFD_CLOEXEC, 0) } : queue.descriptor
                sockets[number % count].append(
                    ListeningSocket(
                        descriptor, queue.address, isShared: count > inherited.count, file: file,
                        isManagers: queue.origin == .manager, isCopy: isCopy))
            }
        } catch {
            throw ListenError(address: first.address.asListenAddress, cause: error)
        }
        return sockets
    }

    /// What the next process needs of this one, which the configuration knows by `address`; nil for a copy of another.
    package func bequest(_ address: ListenAddress) -> Bequest? {
        let open = descriptor
        if isCopy || open < 0 { return nil }
        return Bequest(descriptor: open, origin: isManagers ? .manager : .predecessor(address))
    }

    /// From now on the file of an adopted unix socket is ours to remove: its former owner has left it to us.
    package func takeCharge() { file?.isOurs = true }

    /// Leaves the file of a unix socket to the next process.
    package func leaveFile() { file?.isOurs = false }

    /// Copies of one descriptor, which is the first of them.
    private static func sharing(
        _ descriptor: Int32, _ address: SocketAddress, count: Int, file: SocketFile?
    ) throws(SystemError) -> [ListeningSocket] {
        var opened = [ListeningSocket(descriptor, address, isShared: count > 1, file: file)]
        while opened.count < count {
            let copy = try SystemCall.require { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
            opened.append(ListeningSocket(copy, address, isShared: true, file: file, isCopy: true))
        }
        return opened
    }

    private static func openTCP(_ wanted: SocketAddress, count: Int) throws(SystemError) -> [ListeningSocket] {
        // With SO_REUSEPORT a second process of the same user binds without complaint: ask without it first.
        if count > 1, wanted.port != 0 { _ = Glibc.close(try listening(on: wanted, reusePort: false)) }
        var target = wanted
        var opened: [ListeningSocket] = []
        for _ in 0..<count {
            let descriptor = try listening(on: target, reusePort: count > 1)
            // Port 0 is decided by the first; the others follow.
            target = Socket.localAddress(of: descriptor) ?? target
            opened.append(ListeningSocket(descriptor, target, isShared: false, file: nil))
        }
        return opened
    }

    /// One more at an address that others are open beside.
    static func openShared(_ target: SocketAddress) throws(SystemError) -> ListeningSocket {
        ListeningSocket(try listening(on: target, reusePort: true), target, isShared: false, file: nil)
    }

    private static func openUnix(_ path: String, count: Int, permissions: UInt32) throws(SystemError)
        -> [ListeningSocket]
    {
        let target = SocketAddress.unix(path: path)
        try SocketFile.removeStale(path)
        let descriptor = try listening(on: target, reusePort: false)
        let file = SocketFile(path)
        _ = unsafe chmod(path, permissions)
        return try sharing(descriptor, target, count: count, file: file)
    }

    /// Accepts the next client without a free descriptor and closes it at once, so that it learns its fate and the queue moves.
    ///
    /// False when not even that is possible; ask again later.
    package func turnAway() -> Bool {
        let kept = spare.exchange(-1, ordering: .relaxed)
        if kept >= 0 { _ = Glibc.close(kept) }
        var turnedAway = false
        if kept >= 0 {
            switch accept() {
            case .connection: turnedAway = true
            case .turnedAway: turnedAway = true
            case .nobody: break
            case .exhausted: break
            }
        }
        spare.store(Self.openSpare(), ordering: .relaxed)
        return turnedAway
    }

    private static func listening(on address: SocketAddress, reusePort: Bool) throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = try SystemCall.require { socket(address.family, kind, 0) }
        do throws(SystemError) {
            if case .ip = address {
                try Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
                if reusePort { try Socket.set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
                // Accepted connections inherit it: one call a listener instead of one a connection.
                try Socket.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            }
            try SystemCall.require {
                unsafe address.withSystemForm { name, length in unsafe bind(descriptor, name, length) }
            }
            try SystemCall.require { listen(descriptor, 4096) }
            return descriptor
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
    }

    /// The next client, if one waits.
    ///
    /// Errors of a single connection are skipped, as `accept(2)` advises.
    package func accept(for use: DescriptorReserve.Use = .client) -> Accepted {
        var storage = sockaddr_storage()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let result = unsafe postern_accept(descriptor, &storage, &length)
            if result >= 0 {
                guard DescriptorReserve.admit(result, for: use) else {
                    _ = Glibc.close(result)
                    return .turnedAway
                }
                return .connection(Socket(owning: result), PeerAddress(SocketAddress(storage, length: Int(length))))
            }
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
                ENETUNREACH:
                continue
            default: return .nobody
            }
        }
    }
}

/// The file of a unix socket: removed at the end, if it is still ours.
private final class SocketFile: Sendable {
    private let path: String
    private let identity: UInt64
    private let ours: Atomic<Bool>
    private let listeners = Atomic<Int>(0)

    init(_ path: String, isOurs: Bool = true) {
        self.path = path
        identity = Self.identity(of: path) ?? 0
        ours = Atomic(isOurs)
    }

    /// False while another process is to remove it.
    var isOurs: Bool {
        get { ours.load(ordering: .relaxed) }
        set { ours.store(newValue, ordering: .relaxed) }
    }

    func opened() { listeners.add(1, ordering: .relaxed) }

    func closed() {
        guard listeners.subtract(1, ordering: .acquiringAndReleasing).newValue == 0, isOurs else { return }
        if let now = Self.identity(of: path), now == identity { _ = unsafe unlink(path) }
    }

    /// Removes a socket file that nobody listens on; anything else at that path is left, and binding will say so.
    static func removeStale(_ path: String) throws(SystemError) {
        guard identity(of: path) != nil else { return }
        let probe = try SystemCall.require {
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        defer { close(probe) }
        let refused = unsafe SocketAddress.unix(path: path).withSystemForm { name, length in
            unsafe connect(probe, name, length) != 0 && errno == ECONNREFUSED
        }
        if refused { _ = unsafe unlink(path) }
    }

    /// The inode of a socket at `path`; nil when there is none, or something else.
    private static func identity(of path: String) -> UInt64? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return UInt64(status.st_ino)
    }
}
