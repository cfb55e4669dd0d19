import Sockets
import Synchronization
import Threads

/// An event loop on a thread of its own, and whatever a test keeps there.
package final class LoopThread<Context>: Sendable {
    private enum Message: Sendable {
        case perform(@Sendable (Context) -> Void)
        case stop
    }

    private let mailbox: Mailbox<Message>
    private let ended = Semaphore()
    private let isStopped = Atomic<Bool>(false)

    /// Starts the thread; `setUp` makes the context on it.
    package init(_ setUp: @escaping @Sendable (EventLoop) throws -> Context) throws {
        let mailbox = try Mailbox<Message>()
        self.mailbox = mailbox
        let started = Semaphore()
        let failure = Locked<(any Error)?>(nil)
        let thread = try Thread.start(name: "test loop") { [ended] in
            do {
                let loop = try EventLoop()
                let context = try setUp(loop)
                let delivery = try mailbox.deliver(on: loop) { message in
                    switch message {
                    case .perform(let work): work(context)
                    case .stop: loop.stop()
                    }
                }
                started.signal()
                loop.run()
                mailbox.close(on: loop, delivery)
            } catch {
                failure.withLock { $0 = error }
                started.signal()
            }
            ended.signal()
        }
        thread.detach()
        started.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    deinit { mailbox.post(.stop) }

    /// Runs `work` on the thread and waits for what it answers.
    @discardableResult
    package func perform<Answer: Sendable>(_ work: @escaping @Sendable (Context) -> Answer) -> Answer {
        let answer = Locked<Answer?>(nil)
        let done = Semaphore()
        mailbox.post(
            .perform { context in
                let value = work(context)
                answer.withLock { $0 = value }
                done.signal()
            })
        done.wait()
        guard let value = answer.withLock({ $0 }) else { fatalError("the work left no answer") }
        return value
    }

    package func stop() {
        if isStopped.exchange(true, ordering: .sequentiallyConsistent) { return }
        mailbox.post(.stop)
        ended.wait()
    }
}
