#if POSTERN_TSAN
    private import Glibc
#else
    public import Synchronization
#endif

/// A value that only one thread touches at a time.
///
/// `Synchronization.Mutex` is invisible to ThreadSanitizer on Linux and would be reported as a race; a build with
/// `-DPOSTERN_TSAN` uses a pthread mutex.
///
/// `Value` must not be a function: as a generic `inout` argument it is wrapped anew on each access, reads too, until a
/// call through all the wrappers overflows the stack. Put the function into a structure's field.
@safe @usableFromInline
package final class Locked<Value>: @unchecked Sendable {
    // @unchecked: the value is only reachable through `withLock`, under the mutex.
    #if POSTERN_TSAN
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private var value: Value

        package init(_ value: consuming sending Value) {
            unsafe mutex = .allocate(capacity: 1)
            unsafe mutex.initialize(to: pthread_mutex_t())
            unsafe pthread_mutex_init(mutex, nil)
            self.value = value
        }

        deinit {
            unsafe pthread_mutex_destroy(mutex)
            unsafe mutex.deallocate()
        }

        package func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            return try body(&value)
        }
    #else
        // Inlinable: unspecialized, each use asks the runtime for the types that it is about.
        @usableFromInline let mutex: Mutex<Value>

        @inlinable package init(_ value: consuming sending Value) { mutex = Mutex(value) }

        @inlinable package func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            try mutex.withLock(body)
        }
    #endif
}
