internal import Bytes

/// The parts of a request line, as ranges of the head.
struct RequestLine: StartLine {
    var method: Method = .other
    var methodName = 0..<0
    /// The target as received.
    var received = 0..<0
    var form = TargetForm.origin
    /// The authority of an absolute-form target.
    var authority = 0..<0
    /// Path and query; empty where ``RequestHead`` has to supply one (`http://host?query`).
    var target = 0..<0
    var version = HTTPVersion.http11

    /// Longer than any method there is; a longer one gets 501 (RFC 9112, section 3).
    static let longestMethod = 32

    static let tooLong = HTTP1Error.requestLineTooLong

    /// `method SP request-target SP HTTP-version` and nothing else (RFC 9112, section 3).
    mutating func parse(_ line: Span<UInt8>) throws(HTTP1Error) {
        guard let firstSpace = line.firstIndex(of: 0x20), firstSpace > 0,
            Token.isToken(line.extracting(0..<firstSpace))
        else { throw .malformedRequestLine }
        if firstSpace > Self.longestMethod { throw .methodTooLong }
        methodName = 0..<firstSpace
        method = Method(line.extracting(0..<firstSpace))

        // The last space, so that a space inside the target is an invalid target (G18) and no second guess.
        var lastSpace = line.count &- 1
        while line[lastSpace] != 0x20 { lastSpace &-= 1 }
        guard lastSpace > firstSpace &+ 1 else { throw .malformedRequestLine }
        version = try Self.version(line.extracting((lastSpace &+ 1)..<line.count))
        received = (firstSpace &+ 1)..<lastSpace
        try parseTarget(line)
    }

    /// `HTTP/1.x`, in capitals; other majors are 505, anything else is malformed (RFC 9112, section 2.3).
    static func version(_ bytes: Span<UInt8>) throws(HTTP1Error) -> HTTPVersion {
        guard bytes.count == 8, bytes.hasPrefix("HTTP/"), bytes[5] &- 48 < 10, bytes[6] == UInt8(ascii: "."),
            bytes[7] &- 48 < 10
        else { throw .malformedRequestLine }
        guard bytes[5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        return bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
    }

    private mutating func parseTarget(_ line: Span<UInt8>) throws(HTTP1Error) {
        if method == .connect { throw .connectRefused }
        // No fragment, space, control or non-ASCII byte (G18). Other bytes outside RFC 3986 are sent by browsers, in
        // queries at least, and pass unmodified (G70).
        guard ByteScan.isTarget(line.extracting(received)) else { throw .invalidTarget }
        if line[received.lowerBound] == UInt8(ascii: "/") {
            target = received
        } else if received.count == 1, line[received.lowerBound] == UInt8(ascii: "*") {
            guard method == .options else { throw .invalidTarget }
            form = .asterisk
            target = received
        } else {
            try parseAbsolute(line)
        }
    }

    /// `http://authority[/path][?query]` (RFC 9112, section 3.2.2).
    private mutating func parseAbsolute(_ line: Span<UInt8>) throws(HTTP1Error) {
        let bytes = line.extracting(received)
        var start = 0
        if bytes.count > 7, bytes.extracting(0..<7).equalsIgnoringCase("http://") {
            form = .absoluteHTTP
            start = 7
        } else if bytes.count > 8, bytes.extracting(0..<8).equalsIgnoringCase("https://") {
            form = .absoluteHTTPS
            start = 8
        } else {
            throw .invalidTarget
        }
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end &+= 1 }
        let offset = received.lowerBound
        authority = (offset &+ start)..<(offset &+ end)
        target = (offset &+ end)..<received.upperBound
    }
}
