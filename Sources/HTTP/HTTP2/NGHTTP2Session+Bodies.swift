import Bytes

/// Bodies of requests and of responses: framed by the same rules, ended in the same way.
extension NGHTTP2Session {
    /// Sends a piece of a body: what may leave goes into `output`, the rest waits in the stream.
    func sendBody(
        _ bytes: Span<UInt8>, on stream: HTTP2Stream, into output: inout ByteBuffer, limit: Int
    ) throws(HTTP2StreamError) {
        guard stream.row >= 0 else { return }
        do { guard try stream.body.openPiece(bytes.count, into: &output) else { return } } catch { throw .body(error) }
        do { try send(bytes, on: stream, into: &output, limit: limit) } catch { throw .connection(error) }
    }

    /// Ends a body, and with it our half of the stream.
    func finishBody(of stream: HTTP2Stream) throws(HTTP1Error) {
        guard stream.row >= 0 else { return }
        var nothing = ByteBuffer()
        try stream.body.end(into: &nothing)
        stream.isFinished = true
        wake(stream)
    }
}
