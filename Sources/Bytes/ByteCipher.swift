/// One end of an encrypted connection as a function of bytes: what may stand between a channel and its socket.
///
/// It belongs to the thread of its connection, and owns no descriptor and no clock.
package protocol ByteCipher: AnyObject {
    /// The handshake is not over: nothing may be sealed yet.
    var isHandshaking: Bool { get }

    /// What both sides agreed to speak (ALPN, RFC 7301); nil where the peer named nothing, which means HTTP/1.
    ///
    /// Known once the handshake is over.
    var applicationProtocol: ApplicationProtocol? { get }

    /// The handshake was an abbreviated one, of a connection before.
    var isResumed: Bool { get }

    /// Why ``open(_:into:answers:)`` failed: a stable word for logs and metrics; nil while all is well.
    var failureReason: StaticString? { get }

    /// The peer does not encrypt: its first byte begins a request of HTTP, and no record (RFC 8446, section 5.1).
    ///
    /// Known when ``open(_:into:answers:)`` fails.
    var hearsPlainHTTP: Bool { get }

    /// Opens what has arrived.
    ///
    /// - Parameters:
    ///   - sealed: bytes from the socket, split anywhere; a client that begins gives none.
    ///   - plain: what they come to is written behind what is there.
    ///   - answers: what the peer must get for it (handshake, key update, alert), to be sent as it is.
    func open(_ sealed: Span<UInt8>, into plain: inout ByteBuffer, answers: inout ByteBuffer) -> CipherNews

    /// Seals bytes for the peer and writes them behind what is there; false when this connection is broken.
    func seal(_ plain: Span<UInt8>, into sealed: inout ByteBuffer) -> Bool

    /// Writes that nothing more comes, so that the peer can tell an end from a cut (RFC 8446, section 6.1).
    func sayGoodbye(into sealed: inout ByteBuffer)
}

/// How an encrypted connection goes on.
package enum CipherNews: Sendable, Equatable {
    case goesOn
    /// The peer has said that nothing more comes.
    case ended
    /// The peer broke the protocol, or is not whom we asked for; the answers hold the alert that tells it so.
    case failed
}

/// Where the ciphers of a port come from, one for each connection; asked on the thread of each worker.
package protocol CipherSource: Sendable {
    /// Nil when there is no memory for another.
    func makeCipher() -> (any ByteCipher)?
}

/// What is spoken inside an encrypted connection.
package enum ApplicationProtocol: Sendable, Hashable {
    case http1
    case http2
}
