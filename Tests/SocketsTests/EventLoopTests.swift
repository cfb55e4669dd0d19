import Bytes
import Glibc
import Sockets
import Testing
import Threads
import Time

private final class Counter: EventTarget, TurnTarget, TimerTarget {
    var events: [Readiness] = []
    var ends = 0
    var deadlines = 0
    var whenReady: (() -> Void)?
    var whenEnding: (() -> Void)?

    func ready(_ readiness: Readiness) {
        events.append(readiness)
        whenReady?()
    }
    func turnEnding() {
        ends += 1
        whenEnding?()
    }
    func deadlinePassed(_ timer: TimerWheel.Timer) { deadlines += 1 }
}

/// Two connected ends.
private struct Pair: ~Copyable {
    let near: Socket
    let far: Socket

    init() {
        var ends: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
        near = Socket(owning: ends[0])
        far = Socket(owning: ends[1])
    }
}

@Suite struct EventLoopTests {
    @Test("one registration tells both directions, once per change") func readiness() throws {
        let loop = try EventLoop()
        let pair = Pair()
        let counter = Counter()
        _ = try loop.watch(pair.near.descriptor, .connection, for: counter)
        loop.turn(waiting: .zero)
        #expect(counter.events.map(\.isWritable) == [true])
        loop.turn(waiting: .zero)
        #expect(counter.events.count == 1)
        _ = try pair.far.send(Array("hi".utf8).span)
        loop.turn(waiting: .seconds(5))
        #expect(counter.events.last?.isReadable == true)
        pair.far.shutDownSending()
        loop.turn(waiting: .seconds(5))
        #expect(counter.events.last?.peerClosed == true)
    }

    @Test("G17 deadlines are judged when everything older has been heard of, however much it is") func lateNews() throws
    {
        for isFlood in [false, true] {
            let steady = Locked(Instant(nanoseconds: 0))
            let loop = try EventLoop(
                time: TimeSource(wall: { Timestamp(seconds: 0) }, steady: { steady.withLock { $0 } }))
            let ends = (0..<700).map { _ in Box(Pair()) }
            let (patient, hasty) = (Counter(), Counter())
            for end in ends { _ = try loop.watch(end.value.near.descriptor, .arrivals, for: patient) }
            let timer = loop.timers.add(hasty)
            loop.timers.set(timer, loop.now + .seconds(1))
            func allSpeak() throws { for end in ends { _ = try end.value.far.send(Array("hi".utf8).span) } }
            try allSpeak()
            // So much had to be done that the deadline is over before anybody is heard.
            steady.withLock { $0 = $0 + .seconds(2) }
            var turns = 0
            while hasty.deadlines == 0, turns < 20 {
                turns += 1
                loop.turn(waiting: .zero)
                if isFlood { try allSpeak() }
            }
            #expect(patient.events.count >= ends.count, "\(turns) turns")
            // Nor does anybody keep deadlines from being judged by speaking all the time.
            #expect(hasty.deadlines == 1, "\(turns) turns")
        }
    }

    @Test("what the kernel reported for a target that has left finds nobody") func stale() throws {
        let loop = try EventLoop()
        let pair = Pair()
        let first = Counter()
        let second = Counter()
        let firstSlot = try loop.watch(pair.near.descriptor, .connection, for: first)
        let secondSlot = try loop.watch(pair.far.descriptor, .connection, for: second)
        // Both are reported in the same turn; whoever is told first throws the other out.
        first.whenReady = { loop.forget(secondSlot) }
        second.whenReady = { loop.forget(firstSlot) }
        loop.turn(waiting: .zero)
        #expect(first.events.count + second.events.count == 1)
        withExtendedLifetime((first, second)) {}
    }

    @Test("work put off runs at the turn's end; work that causes itself does not keep the loop from the kernel")
    func putOff() throws {
        let loop = try EventLoop()
        let counter = Counter()
        loop.putOff(counter)
        loop.turn()
        #expect(counter.ends == 1)
        counter.whenEnding = { loop.putOff(counter) }
        loop.putOff(counter)
        loop.turn()
        #expect(counter.ends == 9)
        #expect(loop.turns == 2)
    }

    @Test("a loop sleeps until its next deadline, on a real clock") func timers() throws {
        let loop = try EventLoop()
        let counter = Counter()
        let begin = Instant.read()
        loop.timers.set(loop.timers.add(counter), loop.now + .milliseconds(30))
        while counter.deadlines == 0 { loop.turn() }
        #expect(Instant.read().since(begin) >= .milliseconds(30))
        #expect(loop.turns < 6)
    }

    @Test("messages from other threads arrive in order, and wake a sleeping loop") func mailbox() throws {
        let loop = try EventLoop()
        let mailbox = try Mailbox<Int>()
        var received: [Int] = []
        try mailbox.deliver(on: loop) { received.append($0) }
        let thread = try Thread.start(name: "poster") {
            for number in 0..<10_000 { mailbox.post(number) }
        }
        while received.count < 10_000 { loop.turn(waiting: .seconds(10)) }
        thread.join()
        #expect(received == Array(0..<10_000))
        mailbox.close()
        #expect(!mailbox.post(1))
    }
}
