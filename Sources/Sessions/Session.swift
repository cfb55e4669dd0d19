package import Formats
package import Time

/// What we remember of a person who signed in, until the session ends.
package struct Session: Sendable, Equatable {
    /// What people and scripts call the session, in lists and logs; useless as a cookie.
    package let publicID: String
    /// The session's own `sid` in logout links: 128 random bits, the proof that a logout is meant (F1).
    package let logoutID: String
    /// The origin on which the login began; the session is none on any other.
    package let site: String
    /// The name of the provider in the configuration.
    package let provider: String
    package let issuer: String
    package let subject: String
    /// The provider's `sid`, which its logout notices name (C28).
    package let providerSID: String?
    package let createdAt: Timestamp
    /// The end that no activity moves (E43).
    package let absoluteEnd: Timestamp
    /// The claims of the ID token and of userinfo.
    package var claims: JSONObject
    package var authTime: Timestamp?
    package var acr: String?
    /// The scope granted, when the provider said so (B24).
    package var scope: String?
    /// Nil once a refresh has failed for good.
    package var tokens: TokenSet?
    /// Counts the token sets of this session, from 1; a refresh may only replace the version it started from (B40a).
    package var tokenVersion: Int64

    package init(
        publicID: String, logoutID: String, site: String, provider: String, issuer: String, subject: String,
        providerSID: String?, createdAt: Timestamp, absoluteEnd: Timestamp, claims: JSONObject, authTime: Timestamp?,
        acr: String?, scope: String?, tokens: TokenSet?, tokenVersion: Int64 = 1
    ) {
        self.publicID = publicID
        self.logoutID = logoutID
        self.site = site
        self.provider = provider
        self.issuer = issuer
        self.subject = subject
        self.providerSID = providerSID
        self.createdAt = createdAt
        self.absoluteEnd = absoluteEnd
        self.claims = claims
        self.authTime = authTime
        self.acr = acr
        self.scope = scope
        self.tokens = tokens
        self.tokenVersion = tokenVersion
    }
}
