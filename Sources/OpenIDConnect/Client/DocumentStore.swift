package import Time

/// Keeps the last good copy of a provider's public documents across restarts (D8, B41).
package protocol DocumentStore: Sendable {
    func load(_ document: ProviderDocument) async throws -> StoredDocument?
    func save(_ content: StoredDocument, as document: ProviderDocument) async throws
}

/// Which document of which provider.
package struct ProviderDocument: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case metadata, keys
    }

    package let kind: Kind
    /// The issuer, not the provider's name: a name that is given to another issuer must not inherit its keys (C43).
    package let issuer: String

    package init(_ kind: Kind, issuer: String) {
        self.kind = kind
        self.issuer = issuer
    }
}

/// A document as it was fetched.
package struct StoredDocument: Sendable, Equatable {
    package let content: [UInt8]
    /// Staleness counts from here, restarts included (D5b).
    package let fetchedAt: Timestamp

    package init(content: [UInt8], fetchedAt: Timestamp) {
        self.content = content
        self.fetchedAt = fetchedAt
    }
}
