import Time

/// An authorization code that was given out (H2).
///
/// It is kept under its digest.
struct CodeRecord: Sendable {
    let grant: Grant
    let redirectURI: String
    /// The S256 challenge (RFC 7636, section 4.2).
    let challenge: String
    let issuedAt: Timestamp
    let endsAt: Timestamp
    /// The tokens that it brought, once it was redeemed.
    var redeemedAs: GrantID?
}

/// An access token, under its digest whatever its format, so that it can be revoked.
struct AccessRecord: Sendable {
    let grantID: GrantID
    let grant: Grant
    let scope: [String]
    /// The `aud` it carries, or would carry if it were a JWT.
    let audience: [String]
    let identifier: String
    let issuedAt: Timestamp
    let endsAt: Timestamp
}

/// A refresh token, under its digest.
struct RefreshRecord: Sendable {
    let grantID: GrantID
    /// The family ends here, however often it is renewed (H15).
    let familyEndsAt: Timestamp
    /// When its successor was given out; nil for the newest.
    var replacedAt: Timestamp?
}

/// A code that was redeemed.
struct Redemption: Sendable {
    let id: GrantID
    let grant: Grant
}
