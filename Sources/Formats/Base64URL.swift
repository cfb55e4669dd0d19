/// base64url without padding (RFC 4648, section 5; RFC 7515, section 2).
package enum Base64URL {
    package static func encode(_ bytes: [UInt8]) -> String { encode(bytes.span) }

    package static func encode(_ bytes: Span<UInt8>) -> String { Base64Alphabet.url.encode(bytes) }

    /// Nil for padding, white space, any symbol of the other alphabet, an impossible length and stray trailing bits.
    package static func decode(_ text: String) -> [UInt8]? { decode(text.utf8Span.span) }

    package static func decode(_ text: Span<UInt8>) -> [UInt8]? { Base64Alphabet.url.decode(text) }
}
