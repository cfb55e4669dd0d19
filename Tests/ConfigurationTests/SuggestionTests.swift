import Testing

@testable import Configuration

@Suite struct SuggestionTests {
    private let words = ["issuer", "client_id", "client_secret", "scopes", "timeout", "same_site", "warning", "path"]

    @Test(
        "A word near another is taken for it",
        arguments: [
            ("isuer", "issuer"), ("clientId", "client_id"), ("client-secret", "client_secret"), ("scope", "scopes"),
            ("tiemout", "timeout"), ("SameSite", "same_site"), ("warn", "warning"), ("paths", "path"),
        ])
    func near(word: String, meant: String) { #expect(Suggestion.nearest(to: word, among: words) == meant) }

    @Test(
        "A word far from all is left alone",
        arguments: ["", "x", "audience", "ttl", String(repeating: "issuer", count: 1000)])
    func far(word: String) { #expect(Suggestion.nearest(to: word, among: words) == nil) }

    @Test(
        "Mistakes are counted as a person would",
        arguments: [
            ("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
        ])
    func distances(a: String, b: String, distance: Int) {
        #expect(Suggestion.distance(Array(a.utf8), Array(b.utf8)) == distance)
    }
}
