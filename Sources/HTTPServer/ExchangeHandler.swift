package import Bytes
package import HTTP
package import Sockets
package import Time

/// What a server does with exchanges.
///
/// Class-bound: one indirect call an event, never one a byte.
///
/// Every exchange begins with ``began(_:)`` and ends with exactly one of ``failed(_:_:)`` and ``finished(_:)``; after either
/// the exchange belongs to somebody else. A handler may call the exchange from inside any of these, and at any time between
/// them; nothing it calls calls it back before it has returned.
package protocol ExchangeHandler: AnyObject {
    /// The head is complete: `exchange.head`.
    func began(_ exchange: Exchange)
    /// A piece of the request body, valid for this call.
    func received(_ exchange: Exchange, _ piece: Span<UInt8>)
    /// The request is whole; its trailers are in `exchange.trailers`.
    func ended(_ exchange: Exchange)
    /// `exchange.canSend` had turned false and is true again.
    func canSendMore(_ exchange: Exchange)
    /// Nothing more will come, and no response can be sent any more.
    func failed(_ exchange: Exchange, _ failure: ExchangeFailure)
    /// Request and response are over; the last bytes are with the kernel or wait for it.
    func finished(_ exchange: Exchange)
}

/// Why an exchange ended without a whole response.
package enum ExchangeFailure: Error, Sendable, Equatable {
    /// The client closed or reset its connection.
    case clientLeft
    /// The rest of the request broke its framing; the client has been told so if it still could be.
    case badRequest(HTTP1Error)
    /// The client broke HTTP/2's rules, and its stream or its connection was reset for it.
    case protocolError
    /// The client sent nothing of an announced body for too long.
    case requestTimeout
    /// The client took nothing of the response for too long.
    case responseTimeout
    /// The handler gave up (``Exchange/abort()``).
    case aborted
    /// The drain time is over.
    case stopping
}

/// Where the handlers of a server come from, and how it words its refusals.
package protocol HandlerSource: AnyObject {
    /// The handler of an exchange whose head is complete.
    func handler(for exchange: Exchange) -> any ExchangeHandler
    /// Writes the answer to a request that never became an exchange, or was cut short. The connection adds status, framing and
    /// `Connection: close`.
    func refuse(_ refusal: Refusal, fields: inout Fields, body: inout ByteBuffer)
    /// The answer of `refuse` is written: `bytesOut` bytes, its head included. Where nobody has heard of the request, this is
    /// the moment to record it.
    func refused(_ refusal: Refusal, bytesOut: Int)
    /// The handshake of a connection on an encrypted port is over.
    func handshakeEnded(_ outcome: HandshakeOutcome, _ peer: PeerAddress)
    /// A connection was closed before it became a client's: from whom it came, and a stable name for why.
    func turnedAway(_ peer: PeerAddress, _ reason: StaticString)
}

/// What a client's handshake came to.
package enum HandshakeOutcome: Sendable {
    /// - Parameter isResumed: it was an abbreviated one.
    case done(isResumed: Bool)
    /// The connection is closed; a stable word says why: the cipher's own, or `timeout`, `client_left`, `crowded_out`.
    case failed(StaticString)
}

/// A request that the server itself refused.
package struct Refusal: Sendable, Equatable {
    /// 400, 408, 413, 414, 417, 431, 501 or 505.
    package let status: Int
    /// A stable name for logs and problem documents.
    package let reason: StaticString
    package let peer: PeerAddress
    /// Its head never became whole, so no handler has heard of it.
    package let isUnheard: Bool
    /// The first byte of its head, as far as that is known.
    package let startedAt: Instant
    /// Bytes of it that came.
    package let bytesIn: Int

    package static func == (a: Refusal, b: Refusal) -> Bool {
        a.status == b.status && a.reason.description == b.reason.description && a.peer == b.peer
            && a.isUnheard == b.isUnheard && a.startedAt == b.startedAt && a.bytesIn == b.bytesIn
    }
}

extension HandlerSource {
    /// Plain text, for servers without a style of their own.
    package func refuse(_ refusal: Refusal, fields: inout Fields, body: inout ByteBuffer) {
        fields.append(.contentType, text: "text/plain")
        body.append(refusal.reason)
        body.append("\n")
    }

    package func refused(_ refusal: Refusal, bytesOut: Int) {}

    package func handshakeEnded(_ outcome: HandshakeOutcome, _ peer: PeerAddress) {}

    package func turnedAway(_ peer: PeerAddress, _ reason: StaticString) {}
}
