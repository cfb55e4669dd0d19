private import Glibc

/// An operating-system thread that runs one closure.
@safe
package struct Thread: Sendable {
    private let handle: pthread_t

    /// Starts a thread; `name` (at most 15 bytes are kept) shows in `top -H` and debuggers.
    ///
    /// Signals are blocked on it: they belong to the main thread.
    package static func start(
        name: String, stackSize: Int = 1 << 20, _ body: sending @escaping () -> Void
    ) throws(ThreadError) -> Thread {
        let box = unsafe Unmanaged.passRetained(ThreadBody(name: name, body))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackSize)
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        var handle = pthread_t()
        let status = unsafe pthread_create(
            &handle, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
                nameThisThread(body.name)
                body.run()
                return nil
            }, box.toOpaque())
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        if status != 0 {
            unsafe box.release()
            throw ThreadError(errno: status)
        }
        return Thread(handle: handle)
    }

    /// Waits until the thread's closure has returned; call once.
    package func join() { pthread_join(handle, nil) }

    /// Lets the system take the thread's stack back by itself when the closure has returned; instead of ``join()``.
    package func detach() { pthread_detach(handle) }
}

/// The system refused a thread.
package struct ThreadError: Error, Sendable {
    package let errno: Int32
}

private final class ThreadBody {
    let name: String
    let run: () -> Void
    init(name: String, _ run: @escaping () -> Void) {
        self.name = name
        self.run = run
    }
}

/// The kernel takes a thread's name from this file; `pthread_setname_np` hides behind `_GNU_SOURCE`.
private func nameThisThread(_ name: String) {
    let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let text = Array(name.utf8.prefix(15))
    _ = unsafe write(file, text, text.count)
    close(file)
}
