import Bytes

/// Names of header fields that a configuration may, and may not, touch.
enum HeaderName {
    /// The name as upstreams may read it: case and the choice between `_` and `-` do not count (E33, G34).
    static func fold(_ name: String) -> String {
        String(
            decoding: name.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : ByteClass.lowercase($0) },
            as: UTF8.self)
    }

    /// Whether it is a `field-name` (RFC 9110, section 5.1).
    static func isToken(_ name: String) -> Bool { !name.isEmpty && name.utf8.allSatisfy(ByteClass.token.contains) }

    /// Why a rule cannot name this field, or nil when it can.
    static func reservation(of name: String, isRequest: Bool, isSet: Bool) -> String? {
        let folded = fold(name)
        if framing.contains(folded) { return "it frames the message" }
        if hopByHop.contains(folded) { return "it belongs to one connection" }
        if !isRequest {
            if folded == "set-cookie" && isSet { return "cookies are set by the upstream and by the gateway" }
            return folded == "date" ? "the gateway sends it" : nil
        }
        switch folded {
        case "host": return "it comes from the upstream's address"
        case "authorization", "dpop": return "`token` says what goes upstream"
        case "cookie" where isSet: return "cookies come from the browser"
        default: break
        }
        return isSet && ours.contains(folded) ? "the gateway sends it itself" : nil
    }

    private static let framing: Set<String> = ["content-length", "transfer-encoding", "trailer", "expect"]

    /// RFC 9110, section 7.6.1, and what older peers used.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "upgrade",
        "http2-settings",
    ]

    /// Contract, section 4.
    private static let ours: Set<String> = [
        "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "traceparent", "x-request-id",
    ]
}
