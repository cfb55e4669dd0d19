private import Bytes
import HTTP

/// What `Accept-Encoding` allows of the two codings that files may be compressed with ahead (RFC 9110, section 12.5.3).
struct AcceptEncoding: Equatable {
    /// In thousandths; 0 is refused.
    private(set) var brotli = 0
    private(set) var gzip = 0

    init(_ fields: borrowing Fields) {
        var position = fields.first(.acceptEncoding)
        var any: Int?
        var isBrotliNamed = false
        var isGzipNamed = false
        while let found = position {
            let value = fields.value(found)
            var start = 0
            while start < value.count {
                let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
                let element = value.extracting(start..<end)
                start = end + 1
                let (coding, weight) = Self.read(element)
                if coding.equalsIgnoringCase("br") {
                    brotli = weight
                    isBrotliNamed = true
                } else if coding.equalsIgnoringCase("gzip") || coding.equalsIgnoringCase("x-gzip") {
                    gzip = weight
                    isGzipNamed = true
                } else if coding.equals("*") {
                    any = weight
                }
            }
            position = fields.next(.acceptEncoding, from: found + 1)
        }
        if let any {
            if !isBrotliNamed { brotli = any }
            if !isGzipNamed { gzip = any }
        }
    }

    @_lifetime(copy element)
    private static func read(_ element: Span<UInt8>) -> (coding: Span<UInt8>, weight: Int) {
        let semicolon = element.firstIndex(of: UInt8(ascii: ";")) ?? element.count
        var start = 0
        var end = semicolon
        while start < end, element[start] == 0x20 || element[start] == 0x09 { start += 1 }
        while end > start, element[end - 1] == 0x20 || element[end - 1] == 0x09 { end -= 1 }
        return (element.extracting(start..<end), weight(element.extracting(semicolon..<element.count)))
    }

    /// `;q=0.8` in thousandths; 1000 without one, 0 where it cannot be read.
    private static func weight(_ parameter: Span<UInt8>) -> Int {
        var digits = 0
        var value = 0
        var seen = false
        var inFraction = false
        for index in parameter.indices {
            switch parameter[index] {
            case UInt8(ascii: "="): seen = true
            case UInt8(ascii: "."): inFraction = true
            case UInt8(ascii: "0")...UInt8(ascii: "9") where seen && digits < 4:
                if inFraction || digits == 0 { value = value * 10 + Int(parameter[index] - 48) }
                digits += 1
            case UInt8(ascii: ";"), UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x20, 0x09: continue
            default: return 0
            }
        }
        if !seen { return 1000 }
        while digits < 4 {
            value *= 10
            digits += 1
        }
        return min(value, 1000)
    }
}
