/// Why the gateway itself answers a request with an error: whose side, what, and may it be tried again.
package enum GatewayFailure: Error, Sendable, Equatable {
    // The client's side.
    case misdirected
    case badPath(StaticString)
    case badReturnURL
    case badRequest(StaticString)
    case methodNotAllowed(allow: String)
    case notFound
    case bodyTooLarge
    case webSocketVersion
    /// A CONNECT over HTTP/2 to where no WebSocket can be had.
    case noTunnel
    case crossSite(StaticString)
    case speculative
    /// It came as early data of TLS, which anybody who saw it can send again (RFC 8470).
    case tooEarly
    case accessDenied
    /// In the middle of an exchange (E47).
    case sessionEnded(SessionEnd)

    // Ours and our surroundings'.
    case storeUnavailable
    /// The session is over in this process, and the store could not be told (F2, E49).
    case signOutNotRecorded
    case providerUnavailable(retryAfter: Int)
    case badProvider
    case busy
    case internalError

    // The upstream's side.
    case upstreamUnreachable
    case upstreamTimeout
    case upstreamBroken
    case tokenEchoed
    case loop

    package var status: Int {
        switch self {
        case .misdirected: 421
        case .badPath, .badReturnURL, .badRequest: 400
        case .methodNotAllowed: 405
        case .notFound: 404
        case .bodyTooLarge: 413
        case .webSocketVersion: 426
        case .noTunnel: 501
        case .sessionEnded: 401
        case .crossSite, .accessDenied: 403
        case .tooEarly: 425
        case .speculative, .storeUnavailable, .signOutNotRecorded, .providerUnavailable, .busy: 503
        case .internalError: 500
        case .badProvider, .upstreamUnreachable, .upstreamBroken, .tokenEchoed: 502
        case .upstreamTimeout: 504
        case .loop: 508
        }
    }

    /// The `reason` of a problem document, and the word in logs.
    package var reason: StaticString {
        switch self {
        case .misdirected: "misdirected"
        case .badPath(let reason): reason
        case .badReturnURL: "return_url"
        case .badRequest(let reason): reason
        case .methodNotAllowed: "method"
        case .notFound: "not_found"
        case .bodyTooLarge: "body_too_large"
        case .webSocketVersion: "websocket_version"
        case .noTunnel: "websocket"
        case .crossSite: "csrf"
        case .speculative: "speculative"
        case .tooEarly: "too_early"
        case .accessDenied: "access_denied"
        case .sessionEnded(let end): end.code
        case .badProvider: "provider_answer"
        case .storeUnavailable: "store_unavailable"
        case .signOutNotRecorded: "sign_out_not_recorded"
        case .providerUnavailable: "provider_unavailable"
        case .busy: "busy"
        case .internalError: "internal"
        case .upstreamUnreachable: "upstream_unreachable"
        case .upstreamTimeout: "upstream_timeout"
        case .upstreamBroken: "upstream_broken"
        case .tokenEchoed: "token_echoed"
        case .loop: "loop"
        }
    }

    /// Seconds after which another try makes sense; nil where it does not.
    package var retryAfter: Int? {
        switch self {
        case .storeUnavailable, .signOutNotRecorded, .busy: 2
        case .providerUnavailable(let seconds): seconds
        case .upstreamUnreachable, .upstreamTimeout: nil
        default: nil
        }
    }

    /// True for what is neither the client's nor the provider's doing (G55).
    var isOurs: Bool { status >= 500 && self != .noTunnel }

    /// The error type of RFC 9209, section 2.3; nil where none of them says it.
    var proxyError: StaticString? {
        switch self {
        case .upstreamUnreachable: "destination_unavailable"
        case .upstreamTimeout: "connection_read_timeout"
        case .upstreamBroken: "http_protocol_error"
        case .loop: "proxy_loop_detected"
        case .busy: "connection_limit_reached"
        // Of the provider, or of the browser's haste: no proxying has failed.
        case .providerUnavailable, .badProvider, .speculative: nil
        default: "proxy_internal_error"
        }
    }

    package static func == (a: GatewayFailure, b: GatewayFailure) -> Bool {
        a.status == b.status && a.reason.description == b.reason.description
    }
}
