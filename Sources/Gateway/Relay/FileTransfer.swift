import Bytes
import HTTPServer
import Sockets

/// A file on its way to a client: read as fast as the client takes it, a block at a time.
final class FileTransfer {
    private let answer: FileAnswer
    private var sent = 0

    private static let block = 64 << 10

    init(_ answer: consuming FileAnswer) { self.answer = answer }

    /// Sends until the client is full or the body is over.
    ///
    /// - Parameter scratch: nobody else's for the length of the call.
    /// - Returns: true when nothing is left to do.
    func pump(into exchange: Exchange, scratch: BufferBox) -> Bool {
        while sent < answer.bodyCount {
            if !exchange.canSend { return false }
            scratch.buffer.clear()
            let count = (try? answer.read(at: sent, count: Self.block, into: &scratch.buffer)) ?? 0
            if count == 0 {
                // Cut short, or unreadable: what is missing must be seen to be missing (G52).
                exchange.abort()
                return true
            }
            sent += count
            exchange.send(scratch.buffer.bytes)
        }
        exchange.finish()
        return true
    }
}
