package import Cryptography

/// A sealed copy of a public document: the last good metadata or keys of a provider (B41).
package struct SealedDocument: Sendable, Equatable {
    /// Keyed digest of what it is.
    package let name: SHA256Digest
    package let content: SealedPart

    package init(name: SHA256Digest, content: SealedPart) {
        self.name = name
        self.content = content
    }
}
