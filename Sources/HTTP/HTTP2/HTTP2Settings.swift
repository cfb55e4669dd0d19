/// What one side of an HTTP/2 connection accepts from the other (RFC 9113, sections 6.5.2 and 10.5; G82).
package struct HTTP2Settings: Sendable, Equatable {
    /// Streams that a client may have open at once.
    package var concurrentStreams = 100
    /// Bytes of a body that the peer may send before somebody has taken them: all that a paused stream can cost.
    package var streamWindow = 128 << 10
    /// The same for all streams of a connection together.
    package var connectionWindow = 512 << 10
    /// CONTINUATION frames of one header block.
    package var continuations = 8
    /// Acknowledgements that may wait for a peer that does not read.
    package var unreadAcknowledgements = 200
    /// Frames of ours without a body, answers' heads among them, that may wait while the peer goes on asking for more: each
    /// costs memory, and one that reads a byte now and then is never out of time.
    package var unreadFrames = 1_000
    /// Parameters of one SETTINGS frame.
    package var parameters = 32
    /// Sizes of heads and trailers.
    package var limits: HTTPLimits

    package init(limits: HTTPLimits) { self.limits = limits }

    /// Decoded bytes, 32 a field added, of the largest header block that is still read to its end.
    ///
    /// What is larger than the limits is 431; what is larger than this is no mistake but an attack, and costs the connection.
    var bombSize: Int { 4 * (limits.headerBytes + limits.requestLine) }

    /// What the peer is told of it (RFC 9113, section 6.5.2: 32 bytes a field added).
    var headerListSize: Int { limits.headerBytes + limits.requestLine + 32 * limits.headers }
}
