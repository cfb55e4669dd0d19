private import Glibc
private import Synchronization

/// The process that hands over to this one, and waits to hear that we are ready.
package final class Predecessor: Sendable {
    private let descriptor: Atomic<Int32>

    init(owning descriptor: Int32) { self.descriptor = Atomic(descriptor) }

    deinit {
        let open = descriptor.load(ordering: .relaxed)
        if open >= 0 { close(open) }
    }

    /// Says that this process serves: from now on the other takes nobody new.
    package func ready() {
        let open = descriptor.exchange(-1, ordering: .relaxed)
        guard open >= 0 else { return }
        var word = Successor.ready
        // Where it has died meanwhile nobody has to hear it.
        _ = unsafe write(open, &word, 1)
        close(open)
    }
}
