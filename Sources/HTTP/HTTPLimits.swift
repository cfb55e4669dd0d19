/// How much of a message's control data a peer may send; bodies are the handler's business.
package struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a start line, line end not counted; above it 414.
    ///
    /// At least 8,000 (RFC 9112, section 3).
    package var requestLine = 8 * 1024
    /// Bytes of the header section, line ends counted; above it 431.
    package var headerBytes = 32 * 1024
    /// Field lines of a header section; above it 431.
    package var headers = 100
    /// Bytes of one chunk-size line, extensions included.
    package var chunkLine = 1024
    /// Bytes of all chunk extensions of one body.
    package var chunkExtensions = 16 * 1024
    /// Bytes of a trailer section.
    package var trailerBytes = 8 * 1024
    /// Field lines of a trailer section.
    package var trailers = 32

    package init() {}

    /// For responses: upstreams are less hostile and more talkative than strangers.
    package static var response: HTTPLimits {
        var limits = HTTPLimits()
        limits.headerBytes = 64 * 1024
        limits.headers = 200
        return limits
    }
}
