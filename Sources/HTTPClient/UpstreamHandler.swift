package import HTTP

/// Whoever sends a request to an upstream.
///
/// Class-bound: one indirect call an event.
///
/// A stream that was opened ends with exactly one of ``upstreamEnded(_:)`` and ``upstreamFailed(_:_:)``, unless it is
/// cancelled; after either it belongs to somebody else. But for ``upstreamReady(_:)``, which may come before
/// ``UpstreamPool/open(for:affinity:)`` returns, nothing a handler calls calls it back before it has returned.
package protocol UpstreamHandler: AnyObject {
    /// A connection is there: send the head.
    func upstreamReady(_ stream: UpstreamStream)
    /// An interim response (1xx, never 101).
    func upstreamInterim(_ stream: UpstreamStream, _ head: ResponseHead)
    /// The head of the final response, or of a 101 that was asked for.
    func upstreamResponded(_ stream: UpstreamStream, _ head: ResponseHead)
    /// A piece of the body, valid for this call.
    func upstreamReceived(_ stream: UpstreamStream, _ piece: Span<UInt8>)
    /// The response is whole; its trailers are in `stream.trailers`. If the request is not, it is broken off here.
    func upstreamEnded(_ stream: UpstreamStream)
    /// `stream.canSend` had turned false and is true again.
    func upstreamCanSendMore(_ stream: UpstreamStream)
    /// Nothing more will come.
    func upstreamFailed(_ stream: UpstreamStream, _ failure: UpstreamFailure)
}
