import Sockets
import Testing

@testable import HTTPServer

@Suite struct HandshakeQueueTests {
    private func slot(_ number: Int) -> Slot { Slot(index: UInt32(number), tenancy: 1) }

    @Test("the oldest that is still under way is the one to go; those that ended are forgotten")
    func oldest() {
        var queue = HandshakeQueue()
        for number in 0..<5 { queue.began(slot(number)) }
        var gone: Set<Slot> = [slot(0), slot(1), slot(3)]
        for _ in gone { queue.ended() }
        #expect(queue.count == 2)
        #expect(queue.takeOldest { !gone.contains($0) } == slot(2))
        gone.insert(slot(2))
        queue.ended()
        #expect(queue.takeOldest { !gone.contains($0) } == slot(4))
        queue.ended()
        #expect(queue.count == 0 && queue.takeOldest { _ in true } == nil)
    }

    @Test("many that end behind one that stands still cost no memory for ever")
    func standing() {
        var queue = HandshakeQueue()
        queue.began(slot(0))
        var last = 0
        for number in 1...20_000 {
            queue.tidy { $0 == slot(0) || $0 == slot(last) }
            queue.began(slot(number))
            last = number
            queue.ended()
        }
        #expect(queue.count == 1 && queue.length < 2000)
        #expect(queue.takeOldest { $0 == slot(0) } == slot(0))
    }
}
