package import Formats

/// Where a provider puts the claims that identity fields show, and what is believed about them.
package struct IdentityClaims: Sendable, Equatable {
    package var user: ClaimPath = "sub"
    package var email: ClaimPath = "email"
    package var groups: ClaimPath = "groups"
    package var roles: ClaimPath = "roles"
    /// The relaxation `unverified_email`: an e-mail address counts without `email_verified` (C27).
    package var believesUnverifiedEmail = false

    package init() {}

    /// True when the claim is an e-mail address that this user has not proved to be theirs.
    func isUnprovedEmail(_ path: ClaimPath, in claims: JSONObject) -> Bool {
        guard !believesUnverifiedEmail, path == email || path.text == "email" else { return false }
        switch claims["email_verified"] {
        case .bool(true): return false
        // Some providers' userinfo answers hold text.
        case .string("true"): return false
        default: return true
        }
    }

    /// True when the claim is a list by nature, even where a provider sends a single text.
    func isList(_ path: ClaimPath) -> Bool { path == groups || path == roles }
}
