import Glibc
import Testing
import Threads

@Suite("ThreadExecutor")
struct ThreadExecutorTests {
    private actor Worker {
        private let executor: ThreadExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private(set) var order: [Int] = []
        private var threads: Set<pthread_t> = []

        init(_ executor: ThreadExecutor) { self.executor = executor }

        func work(_ number: Int) {
            order.append(number)
            threads.insert(pthread_self())
        }

        func threadCount() -> Int { threads.count }
        func thread() -> pthread_t { pthread_self() }
    }

    @Test("an actor's jobs run one after another on one thread of its own")
    func oneThread() async throws {
        let executor = try ThreadExecutor(name: "test-executor")
        let worker = Worker(executor)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<500 { group.addTask { await worker.work(number) } }
        }
        #expect(await worker.order.sorted() == Array(0..<500))
        #expect(await worker.threadCount() == 1)
        executor.stop()
    }

    @Test("jobs of one task keep their order")
    func order() async throws {
        let executor = try ThreadExecutor(name: "test-order")
        let worker = Worker(executor)
        for number in 0..<200 { await worker.work(number) }
        #expect(await worker.order == Array(0..<200))
        executor.stop()
    }

    @Test("two executors are two threads")
    func twoThreads() async throws {
        let executors = try [ThreadExecutor(name: "test-a"), ThreadExecutor(name: "test-b")]
        let first = await Worker(executors[0]).thread()
        let second = await Worker(executors[1]).thread()
        #expect(first != second)
        for executor in executors { executor.stop() }
    }

    @Test("stop lets what is queued run, then lets go of the executor")
    func stop() async throws {
        weak var left: ThreadExecutor?
        do {
            let executor = try ThreadExecutor(name: "test-stop")
            left = executor
            let worker = Worker(executor)
            await worker.work(1)
            executor.stop()
        }
        // The thread ends at its own time.
        for _ in 0..<1000 where left != nil { usleep(1000) }
        #expect(left == nil)
    }
}
