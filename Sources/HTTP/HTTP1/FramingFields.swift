internal import Bytes

/// What `Content-Length` and `Transfer-Encoding` of one message say (RFC 9112, sections 6.1 to 6.3).
enum FramingFields {
    case none
    case length(Int)
    case chunked

    /// Reads both fields; whatever two implementations could read differently is refused.
    init(_ fields: borrowing Fields, version: HTTPVersion) throws(HTTP1Error) {
        if let coding = fields.first(.transferEncoding) {
            // G2: the presence of both is how requests are smuggled.
            if fields.contains(.contentLength) { throw .conflictingFraming }
            if fields.repeated.contains(.transferEncoding) { throw .repeatedTransferEncoding }
            // G5: a 1.0 peer cannot know chunked coding; something rewrote the version.
            if version == .http10 { throw .transferEncodingInOldVersion }
            try Self.checkCoding(fields, coding)
            self = .chunked
        } else if let length = fields.first(.contentLength) {
            // Identical repetitions may be merged (RFC 9110, section 8.6); we do not.
            if fields.repeated.contains(.contentLength) { throw .repeatedContentLength }
            // A tab is allowed whitespace and also what some parsers do not skip.
            if fields.index.table[length].flags.contains(.tabBesideValue) { throw .invalidContentLength }
            guard let value = Self.length(fields.value(length)) else { throw .invalidContentLength }
            self = .length(value)
        } else {
            self = .none
        }
    }

    /// Digits alone, no leading zero, at most `Int.max` (G3).
    static func length(_ bytes: Span<UInt8>) -> Int? {
        let count = bytes.count
        guard count >= 1, count <= 19 else { return nil }
        if bytes[0] == UInt8(ascii: "0") { return count == 1 ? 0 : nil }
        var value = 0
        for index in bytes.indices {
            let digit = bytes[index] &- 48
            guard digit < 10 else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, stillTooLarge) = product.addingReportingOverflow(Int(digit))
            if tooLarge || stillTooLarge { return nil }
            value = sum
        }
        return value
    }

    /// Exactly `chunked` (G4).
    ///
    /// A well-formed list whose codings we merely do not know is 501, everything else 400.
    private static func checkCoding(_ fields: borrowing Fields, _ index: Int) throws(HTTP1Error) {
        let value = fields.value(index)
        if fields.index.table[index].flags.contains(.tabBesideValue) { throw .invalidTransferEncoding }
        if value.equalsIgnoringCase("chunked") { return }
        var chunked = 0
        var endsWithChunked = false
        var others = 0
        var list = ListElements(value)
        while let element = list.next() {
            let token = value.extracting(element)
            guard Token.isToken(token) else { throw .invalidTransferEncoding }
            endsWithChunked = token.equalsIgnoringCase("chunked")
            if endsWithChunked { chunked += 1 } else { others += 1 }
        }
        guard others > 0, chunked == 0 || (chunked == 1 && endsWithChunked) else { throw .invalidTransferEncoding }
        throw .unsupportedTransferCoding
    }
}
