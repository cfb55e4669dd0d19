import Glibc
import Testing
import Threads

@Suite("Thread, Semaphore, Locked")
struct ThreadTests {
    /// A line of what the kernel says of this thread.
    private static func status(_ key: String) -> String {
        guard let file = fopen("/proc/thread-self/status", "r") else { return "" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix(key + ":") { return String(text.dropFirst(key.count + 1).filter { !$0.isWhitespace }) }
        }
        return ""
    }

    @Test("a thread runs its closure under its name; join waits for it")
    func runs() throws {
        let seen = Locked("")
        let thread = try Thread.start(name: "a-name-longer-than-15") {
            let name = Self.status("Name")
            seen.withLock { $0 = name }
        }
        thread.join()
        #expect(seen.withLock { $0 } == "a-name-longer-t")
    }

    @Test("signals are blocked on threads and stay open where they were started")
    func signals() throws {
        let before = Self.status("SigBlk")
        let blocked = Locked("")
        let thread = try Thread.start(name: "signals") {
            let mask = Self.status("SigBlk")
            blocked.withLock { $0 = mask }
        }
        thread.join()
        let mask = try #require(UInt64(blocked.withLock { $0 }, radix: 16))
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR2] { #expect(mask & (1 << UInt64(signal - 1)) != 0) }
        #expect(Self.status("SigBlk") == before)
    }

    private final class Probe: Sendable {}

    @Test("a closure is released when its thread ends")
    func releases() throws {
        weak var left: Probe?
        do {
            let probe = Probe()
            left = probe
            try Thread.start(name: "release") { _ = probe }.join()
        }
        #expect(left == nil)
    }

    @Test("only one thread at a time is inside a lock")
    func lock() throws {
        let count = Locked(0)
        let threads = try (0..<8).map { index in
            try Thread.start(name: "lock-\(index)") {
                for _ in 0..<10_000 { count.withLock { $0 += 1 } }
            }
        }
        for thread in threads { thread.join() }
        #expect(count.withLock { $0 } == 80_000)
    }

    @Test("an error leaves the lock open")
    func lockThrows() {
        struct Failure: Error {}
        let value = Locked(1)
        #expect(throws: Failure.self) {
            try value.withLock { value in
                value = 2
                throw Failure()
            }
        }
        #expect(value.withLock { $0 } == 2)
    }

    @Test("who waits for a while only goes on without a signal, and takes one that is there")
    func whileWaiting() throws {
        let ready = Semaphore()
        #expect(!ready.wait(atMost: .milliseconds(5)) && !ready.wait(atMost: .zero))
        ready.signal()
        #expect(ready.wait(atMost: .zero) && !ready.wait(atMost: .zero))
        let thread = try Thread.start(name: "signal") { ready.signal() }
        #expect(ready.wait(atMost: .seconds(30)))
        thread.join()
    }

    @Test("each signal lets one waiter pass, also when it comes first")
    func semaphore() throws {
        let ready = Semaphore(value: 2)
        ready.wait()
        ready.wait()
        let passed = Locked(0)
        let done = Semaphore()
        let threads = try (0..<3).map { index in
            try Thread.start(name: "wait-\(index)") {
                ready.wait()
                passed.withLock { $0 += 1 }
                done.signal()
            }
        }
        for expected in 1...3 {
            ready.signal()
            done.wait()
            #expect(passed.withLock { $0 } == expected)
        }
        for thread in threads { thread.join() }
    }
}
