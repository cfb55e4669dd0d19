package import Time

/// What lists and logout need without the browser's cookie, never a token (B41).
package struct SessionListing: Sendable, Equatable {
    package let publicID: String
    package let issuer: String
    package let subject: String
    package let providerSID: String?
    package let createdAt: Timestamp
    /// When the session was last used, as far as the store was told.
    package var lastSeen: Timestamp
    /// A few words about the browser: `Firefox on Linux`.
    package let device: String
    /// The client's address without the part that tells one household from the next.
    package let address: String

    package init(
        publicID: String, issuer: String, subject: String, providerSID: String?, createdAt: Timestamp,
        lastSeen: Timestamp, device: String, address: String
    ) {
        self.publicID = publicID
        self.issuer = issuer
        self.subject = subject
        self.providerSID = providerSID
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.device = device
        self.address = address
    }
}
