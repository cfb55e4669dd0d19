/// The name of a resource server (RFC 8707, section 2).
enum AbsoluteURI {
    /// A scheme, a colon and more, of the characters that URIs are made of, without a fragment (RFC 3986, section 4.3).
    static func isWellFormed(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let scheme = text.utf8[..<colon]
        let rest = text.utf8[text.utf8.index(after: colon)...]
        guard let first = scheme.first, isLetter(first), scheme.allSatisfy(isSchemeByte), !rest.isEmpty else {
            return false
        }
        return rest.allSatisfy { byte in byte > 0x20 && byte < 0x7F && !refused.contains(byte) }
    }

    private static let refused = Array("#\"<>\\^`{|}".utf8)

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }
}
