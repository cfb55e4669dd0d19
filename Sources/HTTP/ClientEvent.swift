/// What a client engine found in the bytes it was given.
package enum ClientEvent: Sendable, Equatable {
    /// Everything given was consumed; more is needed.
    case needMore
    /// An interim response (1xx, not 101) is in the head; any number may follow, then the final one.
    case interim
    /// The final response head is complete. After 101 the bytes that follow are a tunnel's.
    case head
    /// A piece of the body: a range of the bytes given to this call, and never empty.
    case body(Range<Int>)
    /// The response is whole; trailers are in the engine.
    case end
}
