import Threads

/// Runs blocking work on a thread of its own.
///
/// Swift's pool has as many threads as the machine has cores. A test that blocks one of them, waiting for a server whose
/// answer needs another, stops them all on a small machine; so tests with blocking sockets and asynchronous servers wrap
/// their body in this.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        do {
            try Thread.start(name: "blocking test") { continuation.resume(with: Result { try body() }) }.detach()
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
