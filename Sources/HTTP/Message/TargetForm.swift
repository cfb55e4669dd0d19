/// The forms of a request target that we accept (RFC 9112, section 3.2); authority-form is CONNECT's and refused.
package enum TargetForm: UInt8, Sendable, Equatable {
    /// `/path?query`.
    case origin
    /// `http://authority/path?query`, reduced to path and query.
    case absoluteHTTP
    case absoluteHTTPS
    /// `*`, of OPTIONS only.
    case asterisk
}
