package import Bytes
package import Formats
package import Time

/// What a provider granted, after every check: the material of a session.
///
/// Nothing of it may reach a browser (B27).
package struct GrantedTokens: Sendable, Equatable {
    package let accessToken: Secret
    /// `Bearer`.
    package let tokenType: String
    /// From the moment of the answer; nil when the provider did not say (B22).
    package let expiresIn: Duration?
    /// After a refresh that brought none, the one that was used (B33).
    package let refreshToken: Secret?
    /// The raw ID token, for `id_token_hint` (F3); after a refresh that brought none, nil.
    package let idToken: Secret?
    /// Space-separated, as the provider said or as was asked for (B24).
    package let scope: String?

    package let issuer: String
    package let subject: String
    /// The provider's session (C28).
    package let sid: String?
    package let authTime: Timestamp?
    package let acr: String?
    /// `iat` of the ID token that ``claims`` come from; a logout notice younger than it ends the session (F17).
    package let issuedAt: Timestamp?
    /// The claims of the ID token, completed from userinfo.
    package let claims: JSONObject
}
