import Bytes
package import Formats

/// What a session's claims say of its user, read as this provider writes them (C26, C27).
package struct UserClaims: Sendable {
    private let claims: JSONObject
    private let settings: ProviderSettings

    package init(_ claims: JSONObject, _ settings: ProviderSettings) {
        self.claims = claims
        self.settings = settings
    }

    /// The name for headers and logs; never the key of an identity, which is (`iss`, `sub`).
    package var user: String? { text(settings.claims.user) }

    /// The e-mail address, when the provider vouches for it (C27).
    package var email: String? {
        guard let address = text(settings.claims.email), isEmailVerified else { return nil }
        return address
    }

    /// True when there is an address that must not be used: worth a line in the log.
    package var hasUnverifiedEmail: Bool { text(settings.claims.email) != nil && !isEmailVerified }

    package var groups: [String] { list(settings.claims.groups) }
    package var roles: [String] { list(settings.claims.roles) }

    /// A claim by its path, for rules and header templates; the e-mail address only when it may be used.
    package func value(_ path: String) -> JSONValue? {
        if path.isExactly(settings.claims.email) || path.isExactly("email") {
            let value = ClaimPath(path).value(in: claims)
            return isVerified(path) ? value : nil
        }
        return ClaimPath(path).value(in: claims)
    }

    /// What `/bff/user` shows, in the order of the claims.
    package var shown: [(name: String, value: JSONValue)] {
        if let chosen = settings.userClaims {
            return chosen.compactMap { name in ClaimPath(name).value(in: claims).map { (name, $0) } }
        }
        return claims.members.filter { member in !ProtocolClaims.hidden.contains { $0.isExactly(member.name) } }
    }

    private var isEmailVerified: Bool { isVerified(settings.claims.email) }

    /// `email_verified` beside `email`; another path has its proof beside it likewise.
    private func isVerified(_ path: String) -> Bool {
        settings.tolerate.contains(.unverifiedEmail) || ClaimPath(path + "_verified").value(in: claims) == true
    }

    private func text(_ path: String) -> String? { ClaimPath(path).value(in: claims)?.string }

    /// A string is one value, never split (C26); other types than strings are no group.
    private func list(_ path: String) -> [String] {
        switch ClaimPath(path).value(in: claims) {
        case .string(let one): [one]
        case .array(let values): values.compactMap(\.string)
        default: []
        }
    }
}
