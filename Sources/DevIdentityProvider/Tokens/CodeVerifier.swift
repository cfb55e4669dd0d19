import Bytes
import Cryptography
import Formats

/// The proof that who redeems a code is who asked for it (RFC 7636).
struct CodeVerifier: Sendable {
    private let text: String

    /// A verifier, or nil unless it has 43 to 128 unreserved characters (RFC 7636, section 4.1).
    init?(_ text: String) {
        guard (43...128).contains(text.utf8.count), text.utf8.allSatisfy({ ByteClass.unreserved.contains($0) }) else {
            return nil
        }
        self.text = text
    }

    /// Compares in constant time (H7).
    func matches(challenge: String) -> Bool {
        let computed = Base64URL.encode(SHA256Digest(text: text).bytes)
        return ConstantTime.equal(computed, challenge)
    }

    /// An S256 challenge is the base64url of 32 bytes: 43 characters (RFC 7636, section 4.2).
    static func isChallenge(_ text: String) -> Bool { text.utf8.count == 43 && Base64URL.decode(text)?.count == 32 }
}

extension SHA256Digest {
    /// The digest of the UTF-8 of `text`.
    init(text: String) { self.init(hashing: text.utf8Span.span) }
}
