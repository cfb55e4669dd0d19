private import Glibc

/// A counting semaphore between threads.
@safe
package final class Semaphore: @unchecked Sendable {
    // @unchecked: sem_t is made to be shared; the pointer never changes.
    private let semaphore: UnsafeMutablePointer<sem_t>

    package init(value: UInt32 = 0) {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, value)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    /// Lets one waiter go on.
    package func signal() { unsafe sem_post(semaphore) }

    /// Blocks this thread until a signal comes.
    package func wait() {
        while unsafe sem_wait(semaphore) == -1 && errno == EINTR {}
    }
}
