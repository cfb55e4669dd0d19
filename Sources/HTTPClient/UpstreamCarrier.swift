import HTTP

/// What carries a stream to its server: an HTTP/1 connection, or one stream of an HTTP/2 connection.
///
/// Class-bound: one indirect call a wish of the handler's, and no memory.
protocol UpstreamCarrier: AnyObject {
    var canSend: Bool { get }
    func sendHead(method: Span<UInt8>, target: Span<UInt8>, _ fields: borrowing Fields, framing: BodyFraming)
    func send(_ piece: Span<UInt8>)
    func finish()
    func finish(trailers: borrowing Fields)
    func pause()
    func resume()
    func cancel()
}
