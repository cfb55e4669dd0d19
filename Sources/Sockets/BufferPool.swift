package import Bytes

/// Memory of one worker for bytes in flight: lent to a connection while something waits, given back when it is empty.
package final class BufferPool {
    /// Carries a buffer through an array, which holds no noncopyable elements.
    private final class Shell {
        var buffer = ByteBuffer()
    }

    private var full: [Shell] = []
    private var empty: [Shell] = []
    private let size: Int
    private let most: Int

    /// Buffers of `size` bytes, at most `most` of them kept.
    package init(size: Int = 16 << 10, most: Int = 256) {
        self.size = size
        self.most = most
    }

    /// Gives memory to a buffer that has none.
    package func lend(_ buffer: inout ByteBuffer) {
        if buffer.capacity > 0 { return }
        guard let shell = full.popLast() else {
            buffer.reserve(size)
            return
        }
        swap(&buffer, &shell.buffer)
        empty.append(shell)
    }

    /// Takes the memory of a buffer back and leaves it empty.
    ///
    /// Memory that has grown is not worth keeping.
    package func take(_ buffer: inout ByteBuffer) {
        if buffer.capacity == 0 { return }
        buffer.clear()
        if buffer.capacity > 4 * size || full.count >= most {
            buffer.release()
            return
        }
        let shell = empty.popLast() ?? Shell()
        swap(&buffer, &shell.buffer)
        full.append(shell)
    }
}
