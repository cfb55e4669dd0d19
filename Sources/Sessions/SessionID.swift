package import Bytes
package import Cryptography
private import Formats

/// What the browser holds: 256 random bits without any meaning (E9).
///
/// The store knows only its ``digest``; the value itself opens the session's sealed row (B41), so it is a secret.
package struct SessionID: Sendable, Hashable {
    /// The cookie's value: 43 characters of base64url.
    package let cookieValue: Secret
    /// SHA-256 of the cookie's value: what the row and the cache are found by.
    package let digest: SHA256Digest

    /// A fresh one.
    package static func make() throws(CryptographyError) -> SessionID {
        let characters = Base64URL.encode(try RandomBytes.make(32))
        return SessionID(wellFormed: Array(characters.utf8))
    }

    /// Takes a cookie's value; nil when it cannot be one of ours.
    package init?(cookieValue: Span<UInt8>) {
        guard Self.isWellFormed(cookieValue) else { return nil }
        self.init(wellFormed: [UInt8](cookieValue))
    }

    private init(wellFormed characters: [UInt8]) {
        cookieValue = Secret(characters)
        digest = SHA256Digest(hashing: characters.span)
    }

    /// The digest of a cookie's value, without making anything else of it; nil when it cannot be one of ours.
    package static func digest(ofCookieValue value: Span<UInt8>) -> SHA256Digest? {
        isWellFormed(value) ? SHA256Digest(hashing: value) : nil
    }

    /// True for 43 characters of base64url that encode exactly 256 bits.
    ///
    /// The last character carries four bits: another spelling of the same bits would be another digest, hence nobody's.
    private static func isWellFormed(_ value: Span<UInt8>) -> Bool {
        guard value.count == 43, value.isBase64URL else { return false }
        return switch value[42] {
        case UInt8(ascii: "A"), UInt8(ascii: "E"), UInt8(ascii: "I"), UInt8(ascii: "M"), UInt8(ascii: "Q"),
            UInt8(ascii: "U"), UInt8(ascii: "Y"), UInt8(ascii: "c"), UInt8(ascii: "g"), UInt8(ascii: "k"),
            UInt8(ascii: "o"), UInt8(ascii: "s"), UInt8(ascii: "w"), UInt8(ascii: "0"), UInt8(ascii: "4"),
            UInt8(ascii: "8"):
            true
        default: false
        }
    }

    package static func == (a: SessionID, b: SessionID) -> Bool { a.digest == b.digest }
    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
