private import CLinux
private import Glibc

/// What the kernel says about a descriptor.
///
/// Plain questions rather than an option set: those are asked for every event, and a set made of a literal is not folded
/// across modules.
package struct Readiness: Sendable, Equatable {
    private let bits: UInt32

    init(bits: UInt32) { self.bits = bits }

    package var isReadable: Bool { bits & 0x001 != 0 }
    package var isWritable: Bool { bits & 0x004 != 0 }
    /// The peer sends nothing more (its FIN has arrived).
    package var peerClosed: Bool { bits & 0x2000 != 0 }
    /// Both directions are over, or the connection was reset (`EPOLLHUP`, `EPOLLERR`).
    package var isGone: Bool { bits & 0x018 != 0 }
}

/// How a descriptor is watched.
package enum Interest: Sendable {
    /// Both directions, told once per change: connections register once and never again.
    case connection
    /// Arrivals, told once per change.
    case arrivals
    /// Arrivals on a descriptor that several loops watch: one of them is woken.
    case sharedArrivals

    fileprivate var mask: UInt32 {
        switch self {
        case .connection: EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        case .arrivals: EPOLLIN.rawValue | EPOLLET.rawValue
        case .sharedArrivals: EPOLLIN.rawValue | EPOLLET.rawValue | EPOLLEXCLUSIVE.rawValue
        }
    }
}

/// An epoll instance and room for what it reports in one go.
@safe
struct Poller: ~Copyable {
    private let descriptor: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// How many reports fit into one.
    var batch: Int { unsafe events.count }

    init(batch: Int = 256) throws(SystemError) {
        unsafe events = .allocate(capacity: batch)
        unsafe events.initialize(repeating: epoll_event())
        let made = epoll_create1(Int32(EPOLL_CLOEXEC))
        descriptor = made
        if made < 0 { throw SystemError(errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        unsafe events.deallocate()
    }

    func add(_ watched: Int32, _ interest: Interest, _ slot: Slot) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe event.events = interest.mask
        unsafe event.data.u64 = slot.token
        try SystemCall.require { unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event) }
    }

    /// Only for descriptors whose open file lives on after our `close`; all others leave epoll by being closed.
    func remove(_ watched: Int32) {
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, nil)
    }

    /// Waits; -1 is for ever.
    ///
    /// The number of reports, 0 when the time passed or a signal came.
    func wait(milliseconds: Int32) -> Int {
        let count = unsafe epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)
        if count >= 0 { return Int(count) }
        precondition(errno == EINTR, "epoll_wait on an instance that is not ours")
        return 0
    }

    /// A report of the last ``wait(milliseconds:)``.
    func report(_ index: Int) -> (slot: Slot, readiness: Readiness) {
        let event = unsafe events[index]
        return unsafe (Slot(token: event.data.u64), Readiness(bits: event.events))
    }
}
