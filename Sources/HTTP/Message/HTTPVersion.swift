/// The versions of HTTP we speak.
///
/// A higher minor version of an HTTP/1 peer is read as 1.1 (RFC 9110, section 2.5).
package enum HTTPVersion: UInt8, Sendable, Equatable {
    case http10
    case http11
    case http2
}
