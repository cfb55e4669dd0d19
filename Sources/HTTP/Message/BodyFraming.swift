/// How the body of a received message is delimited (RFC 9112, section 6.3).
package enum BodyFraming: Sendable, Equatable {
    /// No body, and no length was announced.
    case none
    /// Exactly so many bytes; 0 is an announced empty body.
    case length(Int)
    /// Chunked, or in HTTP/2 a body without an announced length.
    case chunked
    /// Up to the end of the connection; responses only. After `101` both directions are a tunnel until then.
    case untilClose

    /// True when body bytes may follow the head.
    package var hasBody: Bool {
        switch self {
        case .none, .length(0): false
        case .length, .chunked, .untilClose: true
        }
    }
}

/// What a response's writer knows of the body's size.
package enum ResponseFraming: Sendable, Equatable {
    /// No body, and nothing is said about one: 204, 304, or HEAD when the length is unknown.
    case none
    /// Exactly so many bytes; in answers to HEAD and in 304 the length that GET would have had.
    case length(Int)
    /// Not known before the end: chunked, and for HTTP/1.0 up to the close of the connection.
    case unknown
}
