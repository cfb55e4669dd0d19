private import Glibc

/// What the kernel answered instead of a result.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The value of `errno`.
    package let code: Int32

    package init(_ code: Int32) { self.code = code }

    /// The system's words for it, for people; never decided on.
    package var description: String { unsafe String(cString: strerror(code)) }
}

/// The one place where results of system calls are judged.
enum SystemCall {
    /// Runs `body` until it is not interrupted; its result, or nil where it would have to wait.
    ///
    /// `EBADF` and `EFAULT` mean that this process no longer knows what it owns: it must not go on.
    @inline(__always)
    static func attempt<Value: FixedWidthInteger>(_ body: () -> Value) throws(SystemError) -> Value? {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            switch code {
            case EINTR: continue
            case EAGAIN: return nil
            case EBADF, EFAULT: fatalError("system call on memory or a descriptor that is not ours (errno \(code))")
            default: throw SystemError(code)
            }
        }
    }

    /// Like ``attempt(_:)`` for calls that never have to wait.
    @discardableResult
    static func require<Value: FixedWidthInteger>(_ body: () -> Value) throws(SystemError) -> Value {
        guard let value = try attempt(body) else { throw SystemError(EAGAIN) }
        return value
    }
}

extension SystemError {
    /// For what fails in a library for want of memory.
    package static var noMemory: SystemError { SystemError(ENOMEM) }
    /// Nobody listens there.
    package var isRefusal: Bool { code == ECONNREFUSED || code == ENOENT }
    package var isTimeout: Bool { code == ETIMEDOUT }
    /// The process or the machine has no more of something: descriptors, memory.
    package var isExhaustion: Bool { code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS }
}
