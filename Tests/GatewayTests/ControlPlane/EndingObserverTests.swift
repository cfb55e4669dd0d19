import Sessions
import Synchronization
import Testing

@testable import Gateway

struct EndingObserverTests {
    @Test("An ending is passed on as directly after a hundred thousand of them as after one")
    func depth() {
        let observer = EndingObserver()
        observer.notify(.unknown)
        let told = Told()
        observer.observe { _ in told.count.add(1, ordering: .relaxed) }
        // Wrappers that gather with each call would overflow the stack long before the end.
        for _ in 0..<100_000 { observer.notify(.unknown) }
        #expect(told.count.load(ordering: .relaxed) == 100_000)
    }

    private final class Told: Sendable {
        let count = Atomic(0)
    }
}
