/// What an HTTP/2 engine found in the bytes it was given, and in what it sent.
package enum HTTP2Event {
    /// A request head, or a final response head, is complete: take it with `takeHead(into:)` before the next bytes.
    case head(HTTP2Stream)
    /// Client: an interim response; take its head likewise.
    case interim(HTTP2Stream)
    /// A head was read whole and is refused; nothing more of this stream is an event but its end.
    case refused(HTTP2Stream, HTTP1Error)
    /// A piece of the body: a range of the bytes given to this call.
    ///
    /// Whoever takes it says so with `consume(_:of:)`, else the peer's window stays closed.
    case body(HTTP2Stream, Range<Int>)
    /// The message is whole; trailers are in the stream.
    case end(HTTP2Stream)
    /// The stream is over: whole on both sides with `noError`, else reset by either side.
    case closed(HTTP2Stream, HTTP2ErrorCode)
    /// The peer takes no stream beyond this one; what is above it was not begun.
    case goAway(lastStream: Int32, HTTP2ErrorCode)
    /// The peer's settings have come, or changed.
    case settings
}
