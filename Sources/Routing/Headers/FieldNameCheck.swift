private import Bytes
private import HTTP

/// Why a header rule cannot be.
package enum HeaderRuleError: Error, Equatable {
    /// Not a field name (RFC 9110, section 5.1).
    case name(String)
    /// A field that belongs to the message's framing, to the connection, or to the gateway.
    case reserved(String)
    /// The same field twice, perhaps written differently.
    case repeated(String)
    /// The value of that field.
    case template(String, HeaderTemplateError)
}

/// Which names a rule may have.
enum FieldNameCheck {
    static func check(_ name: String, against reserved: FoldedNames) throws(HeaderRuleError) {
        guard Fields.isValid(name: name.utf8Span.span) else { throw .name(name) }
        if reserved.contains(name.utf8Span.span) { throw .reserved(name) }
    }

    /// What makes a message one message: no rule touches it.
    private static let framing = [
        "Connection", "Content-Length", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authenticate", "Proxy-Authorization", "HTTP2-Settings",
    ]

    static let notToRemoveFromRequests = FoldedNames(framing + ["Host", "Authorization", "DPoP"])
    static let notToSetInRequests = FoldedNames(
        framing + [
            "Host", "DPoP", "Expect", "Max-Forwards", "Via", "Cookie", "Forwarded", "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto", "traceparent", "tracestate", "X-Request-Id", "Sec-WebSocket-Key",
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Extensions", "Content-Encoding",
        ])
    static let notToRemoveFromResponses = FoldedNames(framing)
    static let notToSetInResponses = FoldedNames(
        framing + ["Set-Cookie", "Date", "Content-Encoding", "Content-Range", "WWW-Authenticate", "Location"])
}
