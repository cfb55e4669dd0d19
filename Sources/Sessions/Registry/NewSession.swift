package import Formats
package import Time

/// What a completed login brings (A50).
package struct NewSession: Sendable {
    /// The origin on which the login began.
    package var site: String
    package var provider: String
    package var issuer: String
    package var subject: String
    package var providerSID: String?
    package var claims: JSONObject
    package var authTime: Timestamp?
    package var acr: String?
    package var scope: String?
    package var tokens: TokenSet
    /// `iat` of the ID token, which logout notices are compared with (F17).
    package var idTokenIssuedAt: Timestamp?
    /// A few words about the browser.
    package var device: String
    /// The client's shortened address.
    package var address: String

    package init(
        site: String, provider: String, issuer: String, subject: String, providerSID: String?, claims: JSONObject,
        authTime: Timestamp?, acr: String?, scope: String?, tokens: TokenSet, idTokenIssuedAt: Timestamp?,
        device: String, address: String
    ) {
        self.site = site
        self.provider = provider
        self.issuer = issuer
        self.subject = subject
        self.providerSID = providerSID
        self.claims = claims
        self.authTime = authTime
        self.acr = acr
        self.scope = scope
        self.tokens = tokens
        self.idTokenIssuedAt = idTokenIssuedAt
        self.device = device
        self.address = address
    }
}
