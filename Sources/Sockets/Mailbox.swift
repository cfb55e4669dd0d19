private import CLinux
private import Glibc
private import Threads

/// Messages from any thread to one loop, in order; the loop takes all that wait at once.
package final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var waiting: [Message] = []
        var isOpen = true
    }

    private let state = Locked(State())
    private let bell: Bell

    package init() throws(SystemError) { bell = try Bell() }

    /// Leaves a message; false when the mailbox is closed and nobody will read it.
    @discardableResult
    package func post(_ message: Message) -> Bool {
        let (taken, first) = state.withLock { state in
            guard state.isOpen else { return (false, false) }
            state.waiting.append(message)
            return (true, state.waiting.count == 1)
        }
        if first { bell.ring() }
        return taken
    }

    /// Lets `receive` have every message on the loop's thread.
    ///
    /// Call once, on that thread.
    @discardableResult
    package func deliver(on loop: EventLoop, to receive: @escaping (Message) -> Void) throws(SystemError) -> Slot {
        try loop.watch(bell.descriptor, .arrivals, for: MailboxReader(self, receive))
    }

    /// Ends the delivery that ``deliver(on:to:)`` began, and takes no more messages.
    package func close(on loop: EventLoop, _ delivery: Slot) {
        loop.forget(delivery, stillOpen: bell.descriptor)
        close()
    }

    /// Takes no more messages; those that wait are dropped.
    package func close() {
        state.withLock { state in
            state.isOpen = false
            state.waiting = []
        }
    }

    fileprivate func exchange(_ empty: consuming [Message]) -> [Message] {
        state.withLock { [empty] state in
            let full = state.waiting
            state.waiting = empty
            return full
        }
    }
}

private final class MailboxReader<Message: Sendable>: EventTarget {
    private let mailbox: Mailbox<Message>
    private let receive: (Message) -> Void
    /// The array of the last delivery, emptied: two arrays go back and forth, and nothing is allocated.
    private var spare: [Message] = []

    init(_ mailbox: Mailbox<Message>, _ receive: @escaping (Message) -> Void) {
        self.mailbox = mailbox
        self.receive = receive
    }

    func ready(_ readiness: Readiness) {
        var messages = mailbox.exchange(spare)
        spare = []
        for message in messages { receive(message) }
        messages.removeAll(keepingCapacity: true)
        spare = messages
    }
}

/// An eventfd.
///
/// Each ring is one edge for epoll, so it is never read.
private final class Bell: Sendable {
    let descriptor: Int32

    init() throws(SystemError) {
        descriptor = try SystemCall.require { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
    }

    deinit { close(descriptor) }

    func ring() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }
}
