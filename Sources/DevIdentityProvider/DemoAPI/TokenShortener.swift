/// Leaves of every token the first characters, so that one can see that it is there without being able to use it.
struct TokenShortener: Sendable {
    private let token: String
    private static let kept = 6

    init(_ token: String) { self.token = token }

    func shorten(_ text: String) -> String {
        // The bearer token wherever it stands, then whatever else looks like a JWT.
        text.split(separator: token, omittingEmptySubsequences: false).joined(separator: Self.short(token))
            .split(separator: " ", omittingEmptySubsequences: false)
            .map { Self.looksSigned($0) ? Self.short(String($0)) : String($0) }
            .joined(separator: " ")
    }

    private static func short(_ token: String) -> String {
        "\(token.prefix(min(kept, token.count / 4)))… (\(token.count) characters)"
    }

    private static func looksSigned(_ word: Substring) -> Bool { word.contains("eyJ") && word.utf8.count > 40 }
}
