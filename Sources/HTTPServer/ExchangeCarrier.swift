import Bytes
import HTTP
import Sockets
import Time

/// What carries an exchange to its client: an HTTP/1 connection, or one stream of an HTTP/2 connection.
///
/// Class-bound: one indirect call a request of the handler's, and no memory.
protocol ExchangeCarrier: AnyObject {
    /// Our own end of the connection.
    var localAddress: SocketAddress? { get }
    /// False when so much waits for the client that the source should pause.
    var canSend: Bool { get }
    /// The final head is written, the end is not.
    var isAnswering: Bool { get }

    func allowStillness(_ time: Delay)
    func endWithin(_ time: Delay)
    func pauseReading()
    func resumeReading()
    func sendInterim(_ status: Int, _ fields: borrowing Fields)
    func sendHead(_ status: Int, reason: Span<UInt8>?, _ fields: borrowing Fields, framing: ResponseFraming)
    func switchProtocols(_ fields: borrowing Fields)
    func send(_ piece: Span<UInt8>)
    func finish()
    func finish(trailers: borrowing Fields)
    func abort()
}

/// A connection as its worker knows it.
protocol ServedConnection: AnyObject {
    var isHandshaking: Bool { get }
    /// Ends a handshake that stands still, for somebody else's.
    func crowdedOut()
    /// Lets the running exchanges be the last.
    func drain()
    /// Ends everything now.
    func cutOff()
}
