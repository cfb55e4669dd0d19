public import Bytes

/// A buffer at an address of its own, so that its bytes can be borrowed from a local constant:
/// `let box = worker.scratch; let bytes = box.buffer.bytes`.
///
/// The borrowed bytes hold until the buffer is written again; nobody checks that at run time, so a box has one user at a
/// time, who says so with ``use(_:)``.
@safe @usableFromInline
package final class BufferBox {
    @usableFromInline let memory: UnsafeMutablePointer<ByteBuffer>
    private var isUsed = false

    package init(capacity: Int = 0) {
        unsafe memory = .allocate(capacity: 1)
        unsafe memory.initialize(to: ByteBuffer(capacity: capacity))
    }

    deinit {
        unsafe memory.deinitialize(count: 1)
        unsafe memory.deallocate()
    }

    @inlinable package var buffer: ByteBuffer {
        unsafeAddress { unsafe UnsafePointer(memory) }
        unsafeMutableAddress { unsafe memory }
    }

    /// Lends the box to `body`, empty; a second user meanwhile is a mistake of ours and stops the process.
    @inline(__always)
    package func use(_ body: (BufferBox) -> Void) {
        precondition(!isUsed, "a scratch buffer has one user at a time")
        isUsed = true
        buffer.clear()
        body(self)
        isUsed = false
    }
}
