import Formats

/// The users of a development provider, in the order of the sign-in page.
package struct DevUsers: Sendable {
    package let all: [DevUser]
    private let bySubject: [String: DevUser]

    /// Users with distinct subjects; of two alike the first counts.
    package init(_ users: [DevUser]) {
        all = users
        bySubject = Dictionary(users.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package subscript(_ subject: String) -> DevUser? { bySubject[subject] }

    /// Their subjects, for a terminal.
    package var summary: String {
        let shown = all.prefix(12).map(\.subject).joined(separator: ", ")
        return all.count > 12 ? "\(shown) and \(all.count - 12) more" : shown
    }

    /// The user whom a `login_hint` means: subject, e-mail address or user name.
    func hinted(_ hint: String) -> DevUser? {
        bySubject[hint]
            ?? all.first { $0.claims["email"]?.string == hint || $0.claims["preferred_username"]?.string == hint }
    }

    /// Users from a JSON array of claim sets, each with a `sub`.
    package init(parsing text: [UInt8]) throws(DevUsersError) {
        let value: JSONValue
        do { value = try JSONValue(parsing: text) } catch { throw .notJSON }
        guard let entries = value.array, !entries.isEmpty else { throw .notAList }
        var users: [DevUser] = []
        var seen: Set<String> = []
        for (index, entry) in entries.enumerated() {
            guard let claims = entry.object, let subject = claims["sub"]?.string,
                let user = DevUser(subject: subject, claims: claims)
            else { throw .noSubject(index) }
            guard seen.insert(subject).inserted else { throw .twice(subject) }
            users.append(user)
        }
        self.init(users)
    }

    /// The users there are when nobody says otherwise.
    package static let standard = DevUsers(
        [
            ("alice", "Alice Anders", ["admins", "staff"], ["admin"], "Engineering"),
            ("bob", "Bob Brandt", ["staff"], ["editor"], "Support"),
            ("carol", "Carol Chen", ["staff", "finance"], ["viewer"], "Finance"),
            ("dave", "Dave Diaz", [], [], "Guest"),
        ].compactMap { user in standardUser(user.0, user.1, groups: user.2, roles: user.3, department: user.4) })
}

private func standardUser(
    _ subject: String, _ name: String, groups: [String], roles: [String], department: String
) -> DevUser? {
    let words = name.split(separator: " ").map(String.init)
    return DevUser(
        subject: subject,
        claims: JSONObject([
            ("sub", .string(subject)),
            ("name", .string(name)),
            ("given_name", .string(words.first ?? name)),
            ("family_name", .string(words.last ?? name)),
            ("preferred_username", .string(subject)),
            ("locale", "en"),
            ("zoneinfo", "Europe/Berlin"),
            ("email", .string("\(subject)@example.com")),
            // Dave has not confirmed his address, so that a rule on e-mail addresses has somebody to refuse.
            ("email_verified", .bool(subject != "dave")),
            ("phone_number", "+49 30 901820"),
            ("address", .object(JSONObject([("locality", "Berlin"), ("country", "Germany")]))),
            ("department", .string(department)),
            ("groups", .array(groups.map { .string($0) })),
            ("roles", .array(roles.map { .string($0) })),
        ]))
}

/// Why a file of users is not one.
package enum DevUsersError: Error, Equatable {
    case notJSON
    case notAList
    /// The entry at this place has no `sub` of 1 to 255 visible ASCII characters.
    case noSubject(Int)
    case twice(String)
}
