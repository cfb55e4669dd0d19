private import Bytes
package import HTTP

/// What `Accept` says about HTML (RFC 9110, section 12.5.1).
package enum AcceptField {
    /// True when HTML is named and not weighed with zero; `*/*` names nothing.
    package static func namesHTML(_ fields: borrowing Fields) -> Bool {
        var position = fields.first(.accept)
        while let found = position {
            if namesHTML(fields.value(found)) { return true }
            position = fields.next(.accept, from: found + 1)
        }
        return false
    }

    static func namesHTML(_ value: Span<UInt8>) -> Bool {
        var start = 0
        while start < value.count {
            let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
            if isHTML(value.extracting(start..<end)) { return true }
            start = end + 1
        }
        return false
    }

    private static func isHTML(_ range: Span<UInt8>) -> Bool {
        let semicolon = range.firstIndex(of: UInt8(ascii: ";")) ?? range.count
        let type = range.extracting(0..<semicolon).trimmed
        guard type.equalsIgnoringCase("text/html") || type.equalsIgnoringCase("application/xhtml+xml") else {
            return false
        }
        return !weighsZero(range.extracting(semicolon..<range.count))
    }

    /// True when the parameters hold `q=0`, `q=0.0` or the like.
    private static func weighsZero(_ parameters: Span<UInt8>) -> Bool {
        var start = 0
        while start < parameters.count {
            let end = parameters.firstIndex(of: UInt8(ascii: ";"), from: start) ?? parameters.count
            let parameter = parameters.extracting(start..<end).trimmed
            if parameter.count > 2, parameter[0] | 0x20 == UInt8(ascii: "q"), parameter[1] == UInt8(ascii: "=") {
                var isZero = true
                for index in 2..<parameter.count where parameter[index] != UInt8(ascii: "0") {
                    if parameter[index] != UInt8(ascii: ".") { isZero = false }
                }
                return isZero
            }
            start = end + 1
        }
        return false
    }
}
