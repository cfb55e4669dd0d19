import Routing

/// `token_exchange` of a route: the token that goes upstream in place of the session's (RFC 8693).
struct TokenExchangeSection {
    let route: SectionReader

    func read() -> TokenExchangeSettings? {
        guard let section = route.section("token_exchange", nullable: true) else { return nil }
        defer { section.finish() }
        var settings = TokenExchangeSettings()
        settings.audience = section.string("audience", nullable: true)?.value
        if let scope = section.string("scope", nullable: true) {
            settings.scope = scope.value
            // One text, as the request will carry it (RFC 8693, section 2.1).
            let words = scope.value.split(separator: " ", omittingEmptySubsequences: false)
            if words.contains(where: \.isEmpty) {
                section.context.error(scope.mark, "\(section.name("scope")) has a space too many")
            }
            for word in words where !word.isEmpty { ScopeName.check(scope.map { _ in String(word) }, section.context) }
        }
        if let resource = section.string("resource", nullable: true) {
            settings.resource = resource.value
            if !AbsoluteURI.isWellFormed(resource.value) {
                section.context.error(
                    resource.mark, "\(section.name("resource")) is no absolute URI: \(resource.shown)",
                    hint: "such as https://api.example.com, without a fragment")
            }
        }
        if settings == TokenExchangeSettings(), section.namedValues.allSatisfy(\.value.isNull) {
            section.context.error(
                section.mark, "\(Quoted(section.path)) says nothing about the token to ask for",
                hint: "`audience`, `scope` or `resource`")
        }
        return settings
    }
}
