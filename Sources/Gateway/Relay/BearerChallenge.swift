import Bytes
package import HTTP

/// Reads `WWW-Authenticate` of an upstream (RFC 9110, section 11.6.1; RFC 6750, section 3.1).
package enum BearerChallenge {
    /// True when a `Bearer` challenge says `error="invalid_token"`, in any line, among any other challenges.
    package static func refusesToken(_ fields: borrowing Fields) -> Bool {
        var from = 0
        while let line = fields.next(.wwwAuthenticate, from: from) {
            if refusesToken(fields.value(line)) { return true }
            from = line + 1
        }
        return false
    }

    static func refusesToken(_ value: Span<UInt8>) -> Bool {
        var isBearer = false
        var start = 0
        while start <= value.count {
            let end = endOfElement(value, from: start)
            var element = value.extracting(start..<end).withoutBlanks
            start = end + 1
            // `Bearer realm="x"`: a scheme and its first parameter are one element of the list.
            let equals = element.firstIndex(of: UInt8(ascii: "=")) ?? element.count
            let name = element.extracting(0..<equals).withoutBlanks
            if let space = name.firstIndex(of: 0x20) {
                isBearer = name.extracting(0..<space).equalsIgnoringCase("bearer")
                element = element.extracting((space + 1)..<element.count).withoutBlanks
            } else if equals == element.count {
                // A scheme without parameters.
                if !element.isEmpty { isBearer = element.equalsIgnoringCase("bearer") }
                continue
            }
            if isBearer, isInvalidToken(element) { return true }
        }
        return false
    }

    /// The next comma outside of quotes, or the end.
    private static func endOfElement(_ value: Span<UInt8>, from start: Int) -> Int {
        var at = start
        var isQuoted = false
        while at < value.count {
            switch value[at] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted: at += 1
            case UInt8(ascii: ",") where !isQuoted: return at
            default: break
            }
            at += 1
        }
        return value.count
    }

    /// `error="invalid_token"`, quoted or not.
    private static func isInvalidToken(_ parameter: Span<UInt8>) -> Bool {
        guard let equals = parameter.firstIndex(of: UInt8(ascii: "=")),
            parameter.extracting(0..<equals).withoutBlanks.equalsIgnoringCase("error")
        else { return false }
        let text = parameter.extracting((equals + 1)..<parameter.count).withoutBlanks
        return text.equals("invalid_token") || text.equals("\"invalid_token\"")
    }
}

extension Span<UInt8> {
    /// Without the spaces and tabs at both ends.
    fileprivate var withoutBlanks: Span<UInt8> {
        @_lifetime(copy self)
        get {
            var (start, end) = (0, count)
            while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
            while start < end, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
            return extracting(start..<end)
        }
    }
}
