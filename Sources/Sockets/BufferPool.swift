package import Bytes

/// Memory of one worker for bytes in flight: lent to a connection while something waits, given back when it is empty.
package final class BufferPool {
    /// Carries a buffer, since a list of noncopyable buffers cannot be had otherwise.
    private final class Shell {
        var buffer = ByteBuffer()
        var next: Shell?
    }

    private var full: Shell?
    private var empty: Shell?
    private var count = 0
    private let size: Int
    private let most: Int

    /// Buffers of `size` bytes, at most `most` of them kept.
    package init(size: Int = 16 << 10, most: Int = 256) {
        self.size = size
        self.most = most
    }

    deinit {
        // One by one: a long chain would otherwise be freed by recursion.
        while let shell = full { full = shell.next }
        while let shell = empty { empty = shell.next }
    }

    /// Gives memory to a buffer that has none.
    package func lend(_ buffer: inout ByteBuffer) {
        if buffer.capacity > 0 { return }
        guard let shell = full else {
            buffer.reserve(size)
            return
        }
        full = shell.next
        count -= 1
        swap(&buffer, &shell.buffer)
        shell.next = empty
        empty = shell
    }

    /// Takes the memory of a buffer back and leaves it empty.
    ///
    /// Memory that has grown is not worth keeping.
    package func take(_ buffer: inout ByteBuffer) {
        if buffer.capacity == 0 { return }
        buffer.clear()
        if buffer.capacity > 4 * size || count >= most {
            buffer.release()
            return
        }
        let shell = empty ?? Shell()
        empty = shell.next
        swap(&buffer, &shell.buffer)
        shell.next = full
        full = shell
        count += 1
    }
}
