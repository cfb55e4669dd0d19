public import Bytes
public import Time

/// Whoever has a descriptor on a loop.
package protocol EventTarget: AnyObject {
    /// News about the descriptor. Told once per change: what is not read or written now must be remembered.
    func ready(_ readiness: Readiness)
}

/// Whoever has work that waits for the end of the turn, such as one send for all that was written meanwhile.
package protocol TurnTarget: AnyObject {
    func turnEnding()
}

/// Poll, timers, mailboxes, for ever: the heart of a worker thread.
///
/// A turn: wait; tell each descriptor's owner; tell passed deadlines; then the work that was put off to the turn's end.
/// Everything a loop owns belongs to its thread, and is not `Sendable`; messages from elsewhere come by ``Mailbox``.
@usableFromInline
package final class EventLoop {
    private let poller: Poller
    // Boxed: each is changed within one statement, and nobody is called meanwhile.
    private let seatBox = Box(Slab<any EventTarget>())
    private let putOffBox = Box([any TurnTarget]())
    private let inHandBox = Box([any TurnTarget]())
    private let time: TimeSource
    private var running = false

    package let timers: TimerWheel
    /// Where sockets of this loop are read into; lent for one read and what follows from it.
    package let scratch = BufferBox()
    /// Where sealed bytes stand between a socket and a cipher, in either direction, for the length of one call.
    let wire = BufferBox()
    /// Where a cipher writes what its peer must get for what it said.
    let answers = BufferBox()
    /// Lent to channels on which bytes wait.
    private var idleWaiting: [WaitingBytes] = []
    /// Memory for what waits: answers a client does not take, input a handler does not want yet.
    package let buffers = BufferPool()
    /// Boxed, so that others read it without a call; only ``turn(waiting:)`` changes it.
    @usableFromInline let turnBegan: Box<Instant>
    // Private, for what others can reach is guarded at each access.
    private var turnCount = 0
    /// Turns in a row in which the kernel had more to report than fits.
    private var fullTurns = 0
    private var hearingCount = 0

    /// How much is read from a socket in one go.
    package static let readSize = 64 << 10

    /// Reads of one connection in a row before others have their turn.
    package static let readsInARow = 4

    /// How often put-off work may cause more of it before the kernel is asked again.
    private static let rounds = 8

    package init(time: TimeSource = .system) throws(SystemError) {
        poller = try Poller()
        self.time = time
        turnBegan = Box(time.instant())
        timers = TimerWheel(now: turnBegan.value)
    }

    /// The monotonic time at which this turn began.
    @inlinable package var now: Instant { turnBegan.value }
    /// The monotonic time at this moment; for measuring what happens within a turn.
    package func instant() -> Instant { time.instant() }
    /// Turns since the start, for tests and metrics.
    package var turns: Int { turnCount }
    /// How often everything was heard that the kernel had to report: what happened before one of those moments is known at
    /// the next.
    package var hearings: Int { hearingCount }

    /// The wall clock; read when it is needed, not once per turn.
    package var wallTime: Timestamp { time.now() }

    private var seats: Slab<any EventTarget> {
        _read { yield seatBox.value }
        _modify { yield &seatBox.value }
    }

    private var putOff: [any TurnTarget] {
        _read { yield putOffBox.value }
        _modify { yield &putOffBox.value }
    }

    private var inHand: [any TurnTarget] {
        _read { yield inHandBox.value }
        _modify { yield &inHandBox.value }
    }

    /// Watches a descriptor for `target`, which the loop holds until ``forget(_:)``.
    package func watch(_ descriptor: Int32, _ interest: Interest, for target: any EventTarget) throws(SystemError)
        -> Slot
    {
        let slot = seats.insert(target)
        do {
            try poller.add(descriptor, interest, slot)
        } catch {
            seats.remove(slot)
            throw error
        }
        return slot
    }

    /// Forgets a target whose descriptor is about to be closed; what the kernel has already reported finds nobody.
    package func forget(_ slot: Slot) { seats.remove(slot) }

    /// Forgets a target whose descriptor stays open elsewhere.
    package func forget(_ slot: Slot, stillOpen descriptor: Int32) {
        seats.remove(slot)
        poller.remove(descriptor)
    }

    func takeWaiting() -> WaitingBytes { idleWaiting.popLast() ?? WaitingBytes() }

    func giveBack(_ waiting: WaitingBytes) {
        buffers.take(&waiting.buffer)
        if idleWaiting.count < 256 { idleWaiting.append(waiting) }
    }

    /// Calls `target` once at the end of this turn; callers see to it that they ask only once.
    package func putOff(_ target: any TurnTarget) { putOff.append(target) }

    /// Runs until ``stop()``.
    package func run() {
        running = true
        while running { turn() }
    }

    /// Ends ``run()`` after this turn.
    ///
    /// Only from the loop's own thread.
    package func stop() { running = false }

    /// One turn; waits no longer than `longest`.
    package func turn(waiting longest: Duration? = nil) {
        let count = poller.wait(milliseconds: patience(longest))
        let now = time.instant()
        turnBegan.value = now
        turnCount &+= 1
        for index in 0..<count {
            let (slot, readiness) = poller.report(index)
            let target = seats[slot]
            target?.ready(readiness)
        }
        if heardAll(count) {
            hearingCount &+= 1
            timers.advance(to: now)
        }
        for _ in 0..<Self.rounds where !putOff.isEmpty { finishPutOff() }
    }

    /// True when nobody's bytes can have come before this turn and still be unheard of, so that deadlines may be judged.
    ///
    /// What is ready is reported in its order: whoever was when the first full report came has had his turn after as many of
    /// them as it takes to name every descriptor. Deadlines are put off no longer, or a flood would put them off for ever.
    private func heardAll(_ count: Int) -> Bool {
        if count == poller.batch, fullTurns <= seats.count / poller.batch {
            fullTurns += 1
            return false
        }
        fullTurns = 0
        return true
    }

    private func finishPutOff() {
        swap(&putOff, &inHand)
        // By position: to walk through the list would be to copy it.
        for index in inHand.indices { inHand[index].turnEnding() }
        inHand.removeAll(keepingCapacity: true)
    }

    /// Milliseconds to wait, rounded up so that a timer is not asked for in vain; -1 is for ever.
    private func patience(_ longest: Duration?) -> Int32 {
        if !putOff.isEmpty { return 0 }
        var wait = longest?.nanoseconds ?? .max
        if let next = timers.next { wait = min(wait, max(0, next.nanoseconds - time.instant().nanoseconds)) }
        if wait == .max { return -1 }
        return Int32(clamping: min(wait, 3_600_000_000_000) / 1_000_000 + (wait % 1_000_000 == 0 ? 0 : 1))
    }
}
