package import Cryptography
package import Time

/// A row that was found.
package enum StoredSession: Sendable, Equatable {
    case live(SealedSession, refresh: RefreshMark?)
    /// A tombstone: no session, but tokens that can be revoked now that the cookie has come back (B42).
    case ended(SealedSession)
}

/// A row as lists show it.
package struct ListedSession: Sendable, Equatable {
    /// Where the next page begins: after this.
    package let position: Int64
    package let digest: SHA256Digest
    package let site: String
    package let provider: String
    package let createdAt: Timestamp
    package let absoluteEnd: Timestamp
    package let listing: SealedListing
}

/// Which sessions are meant; keyed digests are given under every key of the list.
package enum SessionSelection: Sendable, Equatable {
    case digests([SHA256Digest])
    case publicID([SHA256Digest])
    case user([SHA256Digest])
    case providerSID([SHA256Digest])
    case all
}

/// What is left of a session that ends.
package enum SessionEnding: Sendable, Equatable {
    /// Nothing: the tokens were revoked, or are at hand to be.
    case deleted
    /// The sealed body, until the session's absolute end, so that its tokens are revoked if the cookie returns (B42).
    case tombstone
}

/// A session was used.
package struct SessionTouch: Sendable, Equatable {
    package let digest: SHA256Digest
    package let listing: SealedListing
    package let sweepAfter: Timestamp

    package init(digest: SHA256Digest, listing: SealedListing, sweepAfter: Timestamp) {
        self.digest = digest
        self.listing = listing
        self.sweepAfter = sweepAfter
    }
}
