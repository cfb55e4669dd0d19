package import Cryptography
package import Time

/// A session as the store sees it: look-up columns, and boxes that it cannot open.
package struct SealedSession: Sendable, Equatable {
    /// SHA-256 of the cookie's value: the row's key.
    package let digest: SHA256Digest
    package let site: String
    package let provider: String
    package let createdAt: Timestamp
    package let absoluteEnd: Timestamp
    package var tokenVersion: Int64
    /// Tokens and claims, sealed under the list key and the cookie's value together.
    package var body: SealedPart
    /// Nil for a tombstone: nothing that finds the session without its cookie outlives it.
    package var listing: SealedListing?
    /// A time by which the session is surely over; rounded up, so that it does not tell when the user was last here.
    package var sweepAfter: Timestamp

    package init(
        digest: SHA256Digest, site: String, provider: String, createdAt: Timestamp, absoluteEnd: Timestamp,
        tokenVersion: Int64, body: SealedPart, listing: SealedListing?, sweepAfter: Timestamp
    ) {
        self.digest = digest
        self.site = site
        self.provider = provider
        self.createdAt = createdAt
        self.absoluteEnd = absoluteEnd
        self.tokenVersion = tokenVersion
        self.body = body
        self.listing = listing
        self.sweepAfter = sweepAfter
    }
}

/// Sealed bytes, and the name of the list key that they need.
package struct SealedPart: Sendable, Equatable {
    package let key: SessionKeyID
    /// Salt (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16).
    package let box: [UInt8]

    package init(key: SessionKeyID, box: [UInt8]) {
        self.key = key
        self.box = box
    }
}

/// The listing record, sealed under the list key alone, with the keyed digests that find its row.
package struct SealedListing: Sendable, Equatable {
    package let record: SealedPart
    package let publicID: SHA256Digest
    /// Of (issuer, subject).
    package let user: SHA256Digest
    /// Of (issuer, `sid`).
    package let providerSID: SHA256Digest?

    package init(record: SealedPart, publicID: SHA256Digest, user: SHA256Digest, providerSID: SHA256Digest?) {
        self.record = record
        self.publicID = publicID
        self.user = user
        self.providerSID = providerSID
    }
}
