internal import Bytes

/// A trailer section has no start line.
struct NoStartLine: StartLine {
    static let tooLong = HTTP1Error.headerTooLarge
    mutating func parse(_ line: Span<UInt8>) throws(HTTP1Error) {}
}

/// Which trailer fields survive (RFC 9110, section 6.5.1; G11).
enum Trailers {
    /// Of the names we know, those that are no matter of framing, routing, identity, caching or content.
    private static let permitted: KnownFieldSet = [
        .etag, .contentDigest, .reprDigest, .digest, .serverTiming, .proxyStatus,
    ]

    /// Names we do not know pass, as checksums and gRPC statuses must; those with a `_` are nobody's.
    static func permits(_ entry: FieldEntry) -> Bool {
        if entry.flags.contains(.underscore) { return false }
        return entry.known == .other || permitted.contains(entry.known)
    }

    static func reader(_ limits: HTTPLimits) -> HeadReader<NoStartLine> {
        HeadReader(
            maximumLine: limits.trailerBytes, maximumSection: limits.trailerBytes, maximumFields: limits.trailers,
            hasStartLine: false)
    }
}
