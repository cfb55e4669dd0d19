/// Why there is no answer.
package enum FetchFailure: Error, Sendable, Hashable {
    /// The name does not resolve.
    case dns
    /// Nobody listens there, or no route leads there.
    case refused
    case tls(TLSReason)
    /// Out of time before the request was sent.
    case connectTimeout
    /// Out of time with the request on its way: the server may have acted on it.
    case timeout
    /// The connection broke with the request on its way: the server may have acted on it.
    case lost
    /// The head or the body was larger than allowed.
    case tooLarge
    /// Every address of the host lies further inside than the request may reach (D5).
    case addressRefused
    /// The answer was not HTTP.
    case protocolViolation
    /// The egress proxy did not resolve, answer or agree.
    case proxy
    /// The request itself cannot be sent: not an absolute URL, plain http without permission, control characters.
    case badRequest
    /// More calls wait than the fetcher admits, or this one has waited for a place for all of its time.
    case overloaded
    /// The caller's task was cancelled, or the fetcher stopped.
    case cancelled

    package enum TLSReason: String, Sendable, Hashable {
        /// Self-signed, or signed by nobody we know.
        case untrusted
        case expired
        case notYetValid = "not_yet_valid"
        case wrongName = "wrong_name"
        /// No common version or cipher, or the peer refused us.
        case handshake
        /// The CA bundle or the client certificate could not be read.
        case localFiles = "local_files"
    }

    /// True when the server has no part in it.
    package var isLocal: Bool { self == .overloaded || self == .cancelled || self == .badRequest }

    /// True when the server may have received the request.
    package var mayHaveArrived: Bool {
        switch self {
        case .timeout, .lost, .tooLarge, .protocolViolation, .cancelled: true
        case .dns, .refused, .tls, .connectTimeout, .addressRefused, .proxy, .badRequest, .overloaded: false
        }
    }
}
