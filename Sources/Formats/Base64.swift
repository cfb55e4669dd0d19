/// base64 with the standard alphabet and required padding (RFC 4648, section 4).
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String { encode(bytes.span) }

    package static func encode(_ bytes: Span<UInt8>) -> String { Base64Alphabet.standard.encode(bytes) }

    /// Nil for missing padding, white space, any foreign symbol and stray trailing bits.
    package static func decode(_ text: String) -> [UInt8]? { decode(text.utf8Span.span) }

    package static func decode(_ text: Span<UInt8>) -> [UInt8]? { Base64Alphabet.standard.decode(text) }
}
