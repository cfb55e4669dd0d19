package import Formats

/// Where a claim is found: its name, or names joined by dots for one inside another.
///
/// A name that holds dots itself (`https://example.com/roles`) is found as it stands: the longest name counts first.
package struct ClaimPath: Sendable, Hashable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    /// The claim's value; nil when it is missing or null.
    package func value(in claims: JSONObject) -> JSONValue? {
        guard let found = Self.find(Substring(text), in: claims), !found.isNull else { return nil }
        return found
    }

    private static func find(_ path: Substring, in object: JSONObject) -> JSONValue? {
        if let whole = object[String(path)] { return whole }
        var end = path.endIndex
        while let dot = path[..<end].lastIndex(of: ".") {
            if let inner = object[String(path[..<dot])]?.object,
                let found = find(path[path.index(after: dot)...], in: inner)
            {
                return found
            }
            end = dot
        }
        return nil
    }
}

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
