package import Cryptography
package import Time

/// What a grant must agree with: the logout notices that speak of its user or its provider session (F17).
package struct GrantTerms: Sendable, Equatable {
    /// Digests of (issuer, subject), under every key.
    package let users: [SHA256Digest]
    /// Digests of (issuer, `sid`), under every key.
    package let providerSIDs: [SHA256Digest]
    /// `iat` of the ID token; nil when the grant brought none.
    package let issuedAt: Timestamp?

    package init(users: [SHA256Digest], providerSIDs: [SHA256Digest], issuedAt: Timestamp?) {
        self.users = users
        self.providerSIDs = providerSIDs
        self.issuedAt = issuedAt
    }
}

/// The conditions under which a session begins.
package struct InsertionTerms: Sendable, Equatable {
    package let grant: GrantTerms
    /// Sessions that this browser had: seen now, or when the login began (A50).
    package let replacing: [SHA256Digest]
    /// What is left of those.
    package let replaced: SessionEnding
    /// Sessions a user may have, this one included; 0 means no limit (E45).
    ///
    /// The oldest end as tombstones.
    package let perUser: Int

    package init(grant: GrantTerms, replacing: [SHA256Digest], replaced: SessionEnding, perUser: Int) {
        self.grant = grant
        self.replacing = replacing
        self.replaced = replaced
        self.perUser = perUser
    }
}

package enum Insertion: Sendable, Equatable {
    /// The session began; these ended.
    case inserted(ended: [SHA256Digest])
    /// The provider has logged this user, or this provider session, out since it issued the ID token (F17, F24).
    case refusedByLogout
}

package enum LoginConsumption: Sendable, Equatable {
    case won, replayed
}
