package import Formats

/// Somebody who can sign in at the development provider with a click.
package struct DevUser: Sendable, Equatable {
    /// The `sub` claim: at most 255 ASCII characters (OpenID Connect Core 1.0, section 2).
    package let subject: String
    /// Further claims, in the order in which they were written.
    package let claims: JSONObject

    /// A user, or nil when `subject` cannot be a `sub`.
    package init?(subject: String, claims: JSONObject) {
        guard !subject.isEmpty, subject.utf8.count <= 255, subject.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        self.subject = subject
        self.claims = claims
    }

    /// What the sign-in page calls them.
    var displayName: String { claims["name"]?.string ?? subject }

    /// The line below the name.
    var contact: String { claims["email"]?.string ?? claims["preferred_username"]?.string ?? subject }

    var groups: [String] { claims["groups"]?.array?.compactMap(\.string) ?? [] }

    /// One or two letters for the round picture.
    var initials: String {
        let words = displayName.split(separator: " ")
        let letters = [words.first, words.count > 1 ? words.last : nil].compactMap { $0?.first }
        return String(letters).uppercased()
    }
}
