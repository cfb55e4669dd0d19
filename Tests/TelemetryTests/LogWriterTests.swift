import Bytes
import Foundation
import Testing
import Threads
import Time

@testable import Telemetry

@Suite struct LogWriterTests {
    @discardableResult private func submit(_ writer: LogWriter, _ count: Int) -> Bool {
        writer.submit(Array("line \(count)\n".utf8).span)
    }

    @Test("Lines from several threads arrive whole, each thread's in order")
    func threads() throws {
        let lines = CollectedLines()
        let writer = try LogWriter(format: .text) {
            lines.take($0)
            return true
        }
        let threads = try (0..<4).map { number in
            try Thread.start(name: "submit") {
                for count in 0..<500 { writer.submit(Array("\(number) \(count)\n".utf8).span) }
            }
        }
        for thread in threads { thread.join() }
        writer.close()
        for number in 0..<4 {
            let own = lines.lines.filter { $0.hasPrefix("\(number) ") }
            #expect(own == (0..<500).map { "\(number) \($0)" })
        }
    }

    @Test("A reader that stalls costs lines, not time, and the loss is told afterwards")
    func drops() throws {
        let lines = CollectedLines()
        let gate = Semaphore()
        let entered = Semaphore()
        let writer = try LogWriter(format: .text, limit: 100) {
            entered.signal()
            gate.wait()
            lines.take($0)
            return true
        }
        #expect(submit(writer, 0))
        entered.wait()
        // The thread is inside the sink now: one more buffer fits, the rest does not.
        let taken = (1...50).count { submit(writer, $0) }
        #expect(taken < 50 && taken > 5)
        #expect(writer.dropped == 50 - taken)
        #expect(!writer.flush(within: .milliseconds(20)))
        for _ in 0..<3 { gate.signal() }
        writer.close()
        #expect(lines.lines.count == 1 + taken + 1)
        #expect(lines.text.contains("warning log_lines_dropped count=\(50 - taken)\n"))
        #expect(!submit(writer, 1), "closed")
    }

    @Test("Lines that come together are lost together, and each is counted")
    func dropsOfMany() throws {
        let writer = try LogWriter(format: .text, limit: 20) { _ in true }
        let lines = Array("a line\nanother line\na third one\n".utf8)
        let isTaken = writer.submit(lines.span)
        #expect(!isTaken)
        #expect(writer.dropped == 3)
        writer.close()
    }

    @Test("Lines reach a descriptor, also one that does not block")
    func descriptor() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        let writer = try LogWriter(descriptor: ends[1], format: .json)
        // More than a pipe holds (64 KiB).
        let long = [UInt8](repeating: 0x78, count: 999) + [0x0A]
        for _ in 0..<200 { writer.submit(long.span) }
        var received = 0
        var block = [UInt8](repeating: 0, count: 65536)
        while received < 200_000 {
            let count = read(ends[0], &block, block.count)
            guard count > 0 else { break }
            received += count
        }
        #expect(received == 200_000)
        #expect(writer.flush())
        writer.close()
        close(ends[0])
        close(ends[1])
    }

    @Test("A reader that has gone stops nothing and is counted")
    func brokenPipe() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        let writer = try LogWriter(descriptor: ends[1], format: .json)
        for count in 0..<3 { submit(writer, count) }
        #expect(writer.flush())
        #expect(writer.dropped == 3)
        writer.close()
        close(ends[1])
    }
}
