private import Bytes

/// `application/x-www-form-urlencoded`: forms and query strings (WHATWG URL, section 5; RFC 6749, appendix B).
package enum FormEncoding {
    /// `name=value` pairs joined with `&`, in order.
    package static func encode(_ pairs: [(String, String)]) -> String {
        pairs.map { encode(one: $0.0) + "=" + encode(one: $0.1) }.joined(separator: "&")
    }

    /// One name or value: space becomes `+`; letters, digits and `*-._` stay.
    package static func encode(one text: String) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: " "): encoded.append(UInt8(ascii: "+"))
            case UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): encoded.append(byte)
            case _ where isLetterOrDigit.contains(byte): encoded.append(byte)
            default: PercentEncoding.append(byte, to: &encoded)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Reads every pair in order, duplicates included: whoever asks decides what a duplicate means, and must not let the
    /// last one win unseen.
    ///
    /// Empty pieces (`a=1&&b=2`) are skipped; a piece without `=` has an empty value.
    /// - Parameter limit: pairs accepted.
    package static func parse(
        _ text: Span<UInt8>, limit: Int = 100
    ) throws(FormError) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: UInt8(ascii: "&"), from: start) ?? text.count
            if end > start {
                guard pairs.count < limit else { throw .tooMany }
                let equals = text.extracting(start..<end).firstIndex(of: UInt8(ascii: "=")).map { start + $0 }
                let name = try decode(text.extracting(start..<(equals ?? end)))
                let value = try equals.map { at throws(FormError) in try decode(text.extracting((at + 1)..<end)) }
                pairs.append((name, value ?? ""))
            }
            start = end + 1
        }
        return pairs
    }

    private static let isLetterOrDigit: ByteClass = [.letter, .digit]

    private static func decode(_ text: Span<UInt8>) throws(FormError) -> String {
        var spaced = [UInt8](text)
        for index in spaced.indices where spaced[index] == UInt8(ascii: "+") { spaced[index] = UInt8(ascii: " ") }
        guard let bytes = PercentEncoding.decode(spaced.span) else { throw .badEscape }
        guard let decoded = String(strictUTF8: bytes.span) else { throw .notUTF8 }
        return decoded
    }
}

/// Why a form was refused.
package enum FormError: Error, Sendable, Equatable {
    /// A `%` without two hexadecimal digits.
    case badEscape
    case notUTF8
    case tooMany
}
