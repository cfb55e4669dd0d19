package import Bytes
package import HTTP
package import Sockets

/// What a route of files has to say to a request.
///
/// The header fields are written where ``StaticFiles`` was told to.
package enum FileOutcome: ~Copyable {
    case answer(FileAnswer)
    /// 404, with a page or problem of ours.
    case notFound
    /// 405; ``StaticFiles/allow``.
    case methodNotAllowed
}

/// A status, and perhaps bytes of an open file.
package struct FileAnswer: ~Copyable {
    package let status: Int
    /// What is announced; in answers to HEAD the length that GET would have had.
    package let framing: ResponseFraming
    /// The file to send from; nil where no body follows.
    private let file: OpenFile?
    /// Which of its bytes to send.
    private let range: Range<Int>

    init(status: Int, framing: ResponseFraming, file: consuming OpenFile? = nil, range: Range<Int> = 0..<0) {
        self.status = status
        self.framing = framing
        self.file = file
        self.range = range
    }

    /// Bytes that follow the head; 0 where no body does.
    package var bodyCount: Int { range.count }

    /// Reads at most `count` bytes of the body from `offset` on, behind those in `buffer`.
    ///
    /// - Returns: how many; 0 at the end. Less than ``bodyCount`` in all means that the file was cut short while it was
    ///   sent: then the response must break off visibly (G52).
    package borrowing func read(
        at offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(SystemError) -> Int {
        let wanted = min(count, range.count - offset)
        if wanted <= 0 { return 0 }
        switch file {
        case .some(let file): return try file.read(at: range.lowerBound + offset, count: wanted, into: &buffer)
        case .none: return 0
        }
    }
}
