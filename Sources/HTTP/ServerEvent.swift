/// What a server engine found in the bytes it was given.
package enum ServerEvent: Sendable, Equatable {
    /// Everything given was consumed, or the response must be finished first.
    case needMore
    /// The request head is complete.
    case head
    /// A piece of the body: a range of the bytes given to this call, and never empty.
    case body(Range<Int>)
    /// The request is whole; trailers are in the engine.
    case end
}
