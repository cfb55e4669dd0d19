import Bytes

/// Names of header fields in messages.
enum HeaderName {
    /// The name as upstreams may read it: case and the choice between `_` and `-` do not count (E33, G34).
    static func fold(_ name: String) -> String {
        let folded = name.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : ByteClass.lowercase($0) }
        return String(decoding: folded, as: UTF8.self)
    }

    /// Why rules cannot touch a field, where there is more to say than that they cannot.
    static func reason(_ name: String) -> String? {
        switch fold(name) {
        case "content-length", "transfer-encoding", "trailer", "expect", "content-encoding", "content-range":
            "it says how the message is read"
        case "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te",
            "upgrade",
            "http2-settings":
            "it belongs to one connection"
        case "host": "it comes from the upstream's address"
        case "authorization", "dpop": "`token` says what goes upstream"
        case "cookie": "cookies come from the browser"
        case "set-cookie": "cookies are set by the upstream and by the gateway"
        case "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "traceparent",
            "tracestate",
            "x-request-id", "date":
            "the gateway sends it itself"
        default: nil
        }
    }
}
