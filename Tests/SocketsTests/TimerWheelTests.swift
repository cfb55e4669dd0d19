import Sockets
import Testing
import Time

/// Notes which timer was told, and when.
private final class Listener: TimerTarget {
    var told: [TimerWheel.Timer] = []
    var then: ((TimerWheel.Timer) -> Void)?

    func deadlinePassed(_ timer: TimerWheel.Timer) {
        told.append(timer)
        then?(timer)
    }
}

private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

@Suite struct TimerWheelTests {
    @Test("never early, and late by no more than a tick")
    func resolution() {
        for delay in [Int64](1...200) + [511, 512, 513, 4096, 32_767, 32_768, 40_000, 3_000_000, 200_000_000] {
            let wheel = TimerWheel(now: at(5))
            let listener = Listener()
            wheel.set(wheel.add(listener), at(5 + delay))
            wheel.advance(to: at(5 + delay - 1))
            #expect(listener.told.isEmpty, "early: \(delay)")
            wheel.advance(to: at(5 + delay + 8))
            #expect(listener.told.count == 1, "late: \(delay)")
            #expect(wheel.next == nil)
        }
    }

    @Test("a deadline moved later is only noted; moved earlier it holds")
    func moving() {
        let wheel = TimerWheel(now: at(0))
        let listener = Listener()
        let timer = wheel.add(listener)
        wheel.set(timer, at(100))
        wheel.set(timer, at(5000))
        wheel.advance(to: at(4990))
        #expect(listener.told.isEmpty)
        wheel.set(timer, at(5008))
        wheel.advance(to: at(5020))
        #expect(listener.told.count == 1)
        wheel.set(timer, .distantFuture)
        wheel.advance(to: at(1_000_000))
        #expect(listener.told.count == 1)
    }

    @Test("a deadline that has already passed is told with the next tick")
    func past() {
        let wheel = TimerWheel(now: at(1000))
        let listener = Listener()
        let timer = wheel.add(listener)
        wheel.advance(to: at(2000))
        wheel.set(timer, at(500))
        wheel.advance(to: at(2008))
        #expect(listener.told.count == 1)
    }

    @Test("targets may set, move and remove timers while being told")
    func reentrance() {
        let wheel = TimerWheel(now: at(0))
        let listener = Listener()
        let first = wheel.add(listener)
        let second = wheel.add(listener)
        let third = wheel.add(listener)
        for timer in [first, second, third] { wheel.set(timer, at(50)) }
        listener.then = { timer in
            listener.then = nil
            for other in [first, second, third] where other != timer { wheel.set(other, at(500)) }
            wheel.set(timer, at(300))
        }
        wheel.advance(to: at(60))
        #expect(listener.told.count == 1)
        wheel.advance(to: at(320))
        #expect(listener.told.count == 2)
        wheel.remove(second)
        wheel.advance(to: at(520))
        #expect(listener.told.count <= 4)
        #expect(!listener.told.dropFirst(2).contains(second))
    }

    @Test("agrees with a plain list over random sets, moves and jumps")
    func model() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<30 {
            let wheel = TimerWheel(now: at(0))
            let listener = Listener()
            let timers = (0..<40).map { _ in wheel.add(listener) }
            var model: [TimerWheel.Timer: Int64] = [:]
            var now: Int64 = 0
            for _ in 0..<400 {
                let timer = timers.randomElement(using: &random) ?? timers[0]
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    wheel.set(timer, .distantFuture)
                    model[timer] = nil
                case 1...6:
                    let span: Int64 = [20, 700, 40_000, 3_000_000].randomElement(using: &random) ?? 20
                    let deadline = now + Int64.random(in: 1...span, using: &random)
                    wheel.set(timer, at(deadline))
                    model[timer] = deadline
                default:
                    now += Int64.random(in: 1...[10, 600, 50_000].randomElement(using: &random)!, using: &random)
                    listener.told = []
                    wheel.advance(to: at(now))
                    for told in listener.told {
                        #expect((model[told] ?? .max) <= now, "told too early or without a deadline")
                        model[told] = nil
                    }
                    #expect(!model.values.contains { $0 <= now - 8 }, "forgotten")
                }
            }
        }
    }
}
