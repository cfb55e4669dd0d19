import Formats

/// Which claims of a user a scope opens (OpenID Connect Core 1.0, section 5.4).
enum UserClaims {
    /// In the order in which the user has them; `sub` is not among them.
    static func open(to scope: [String], of user: DevUser) -> [(name: String, value: JSONValue)] {
        let opened = Set(scope.compactMap { ProviderScope(rawValue: $0) }.flatMap(\.claims))
        return user.claims.members.filter { opened.contains($0.name) }.map { (name: $0.name, value: $0.value) }
    }
}
