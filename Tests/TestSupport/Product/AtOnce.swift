import Threads

/// Runs `body` on `count` threads at the same time, and gives what each came to, in their order.
///
/// For a test that runs on a thread of its own (``onThread(_:)``).
package func atOnce<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
    let results = Locked<[Int: Result<Value, any Error>]>([:])
    let done = Semaphore()
    for number in 0..<count {
        let thread = try Thread.start(name: "at once \(number)") {
            let result = Result { try body(number) }
            results.withLock { $0[number] = result }
            done.signal()
        }
        thread.detach()
    }
    for _ in 0..<count { done.wait() }
    return try results.withLock { $0 }.sorted { $0.key < $1.key }.map { try $0.value.get() }
}
