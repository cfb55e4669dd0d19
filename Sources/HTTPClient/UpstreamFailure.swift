package import HTTP

/// Why there is no whole response: what happened, for the choice of status (G55) and of another try (G41).
package enum UpstreamFailure: Error, Sendable, Equatable {
    /// The server's name has no address.
    case unknownName
    /// Nobody listens there.
    case refused
    /// No way there.
    case unreachable
    /// No connection in time.
    case connectTimeout
    /// More requests wait for connections than may, or the system has no means left for another: our fault, no server's.
    case overloaded
    /// The server is reached over TLS only, and this pool has none.
    case unsupportedScheme
    /// No handshake came of it: the server is not whom we asked for, or does not want us.
    case handshake(HandshakeFault)
    /// The connection closed before the first byte of a response.
    case closedBeforeResponse
    /// No response head in time.
    case responseTimeout
    /// A body, of the response or the request, stood still for too long.
    case idleTimeout
    /// The response broke off in its head or body (G52).
    case truncated
    /// The response broke its framing (G50).
    case badResponse(HTTP1Error)
    /// The server broke HTTP/2's rules.
    case protocolError
    /// The server speaks HTTP/2 and has not said that it takes WebSockets there (RFC 8441, section 3).
    case noTunnels
    /// The handler wrote more or less than its head announced.
    case badRequest(HTTP1Error)

    /// True when not one byte of the request can have reached a server.
    package var isBeforeRequest: Bool {
        switch self {
        case .unknownName, .refused, .unreachable, .connectTimeout, .overloaded, .unsupportedScheme, .handshake: true
        default: false
        }
    }

    /// True when waiting was in vain: 504 rather than 502.
    package var isTimeout: Bool {
        switch self {
        case .connectTimeout, .responseTimeout, .idleTimeout: true
        default: false
        }
    }

    /// A stable name for logs and metrics.
    package var reasonCode: StaticString {
        switch self {
        case .unknownName: "unknown_name"
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .connectTimeout: "connect_timeout"
        case .overloaded: "overloaded"
        case .unsupportedScheme: "unsupported_scheme"
        case .handshake(let fault): fault.word
        case .closedBeforeResponse: "closed_before_response"
        case .responseTimeout: "response_timeout"
        case .idleTimeout: "idle_timeout"
        case .truncated: "truncated"
        case .badResponse: "bad_response"
        case .protocolError: "protocol_error"
        case .noTunnels: "no_websockets"
        case .badRequest: "bad_request"
        }
    }
}

/// What went wrong between two ciphers, in the cipher's own word.
package struct HandshakeFault: Sendable, Equatable {
    package let word: StaticString

    package init(_ word: StaticString) { self.word = word }

    package static func == (a: HandshakeFault, b: HandshakeFault) -> Bool {
        a.word.description == b.word.description
    }
}
