internal import Bytes

/// One stream of an HTTP/2 connection: what its engine knows of it.
///
/// Pooled. It is its owner's from its first event until `closed`; kept longer it means another stream.
package final class HTTP2Stream {
    /// The peer's name for it; odd where clients opened it.
    package internal(set) var id: Int32 = 0
    /// For the owner: where it keeps what it knows of this stream.
    package var place = -1
    /// Bytes of frames of this stream, both ways, their heads included.
    package internal(set) var bytesIn = 0
    package internal(set) var bytesOut = 0

    /// The trailer fields of the message received, once it has ended; filtered (G11).
    package internal(set) var trailers = Fields()
    /// True when the message received has ended.
    package internal(set) var inputHasEnded = false
    /// True when the stream's last frame of ours has been written.
    package internal(set) var outputHasEnded = false

    /// The peer has reset the stream.
    package internal(set) var isResetByPeer = false

    /// Body bytes that wait for the peer's windows.
    var pending = ByteBuffer()
    /// Frames and keeps to the announced length.
    var body = BodyWriter()
    /// Nothing comes behind ``pending`` but perhaps ``farewell``.
    var isFinished = false
    /// Trailer fields to send at the end.
    var farewell = Fields()
    /// nghttp2 waits to be told that there is more to send.
    var isDeferred = false
    /// Position in the session's table; -1 when the stream is over.
    var row = -1
    /// A reset was asked for: nothing that still comes is an event but the end.
    var isReset = false
    /// The peer has paid for what it did to this stream (G82): its end costs nothing more.
    var isCharged = false
    /// The request is HEAD.
    var asksForHead = false
    /// The request's head, or the final response's, has come: a further block is trailers.
    var hasHead = false
    /// The response head was written.
    var hasAnswered = false
    /// `TE: trailers`: the peer takes trailer fields.
    var acceptsTrailers = false

    init() {}

    func begin(id: Int32) {
        self.id = id
        place = -1
        bytesIn = 0
        bytesOut = 0
        trailers.clear()
        inputHasEnded = false
        outputHasEnded = false
        isResetByPeer = false
        pending.clear()
        body = BodyWriter()
        isFinished = false
        farewell.clear()
        isDeferred = false
        isReset = false
        isCharged = false
        asksForHead = false
        hasHead = false
        hasAnswered = false
        acceptsTrailers = false
    }

    /// Moves the first `count` waiting bytes to `output`.
    func movePending(_ count: Int, into output: inout ByteBuffer) {
        var lent = ByteBuffer()
        swap(&lent, &pending)
        output.append(lent.bytes.extracting(0..<count))
        lent.consume(count)
        swap(&lent, &pending)
    }

    /// Gives back what a large body has taken.
    func rest() {
        if pending.capacity > 32 << 10 { pending.release() } else { pending.clear() }
    }

    /// Body bytes that wait for the peer, or for the connection's turn.
    package var waiting: Int { pending.count }
}
