import Bytes
package import Cryptography
import Formats

/// A proof key for code exchange (RFC 7636): what only the browser's own login can redeem its code with.
package struct ProofKey: Sendable, Equatable {
    package let verifier: String

    /// A fresh key of 256 random bits (RFC 7636, section 7.1).
    package init() throws(CryptographyError) {
        verifier = Base64URL.encode(try RandomBytes.make(32))
    }

    /// Nil unless the text is 43 to 128 characters of `[A-Za-z0-9-._~]` (RFC 7636, section 4.1).
    package init?(verifier: String) {
        guard (43...128).contains(verifier.utf8.count), ByteClass.unreserved.firstOutside(verifier.utf8Span.span) == nil
        else { return nil }
        self.verifier = verifier
    }

    /// S256, the only method: base64url of the verifier's SHA-256 (RFC 7636, section 4.2).
    package var challenge: String {
        Base64URL.encode(SHA256Digest(hashing: verifier.utf8Span.span).bytes)
    }
}

extension ProofKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "<proof key>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
