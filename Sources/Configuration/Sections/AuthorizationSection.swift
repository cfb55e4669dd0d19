import OpenIDConnect

/// What is asked of a provider at a login: scopes, audience, extra parameters.
struct AuthorizationSection {
    let section: SectionReader

    private var context: ReadingContext { section.context }

    func read(into settings: inout ProviderSettings) {
        scopes(&settings)
        if let audience = section.string("audience", nullable: true) { settings.audience = audience.value }
        if let resources = section.strings("resources") {
            for resource in resources.value where !AbsoluteURI.isWellFormed(resource.value) {
                context.error(
                    resource.mark, "an entry of \(section.name("resources")) is no absolute URI: \(resource.shown)",
                    hint: "such as https://api.example.com, without a fragment")
            }
            settings.resources = resources.value.map(\.value)
            section.refuseUnsupported("resources", unless: resources.value.isEmpty)
        }
        section.choice("response_mode", into: &settings.responseMode)
        section.refuseUnsupported(
            "response_mode", unless: settings.responseMode == .query,
            "`response_mode: \(settings.responseMode.rawValue)`")
        section.choice("pushed_authorization", into: &settings.pushedAuthorization)
        section.refuseUnsupported(
            "pushed_authorization", unless: settings.pushedAuthorization != .required,
            "`pushed_authorization: required`")
        section.choice("request_object", into: &settings.requestObject)
        section.refuseUnsupported("request_object", unless: settings.requestObject == .off, "a signed request object")
        section.choice("dpop", into: &settings.dpop)
        section.refuseUnsupported("dpop", unless: settings.dpop == .off, "DPoP")
        parameters(&settings)
    }

    private func scopes(_ settings: inout ProviderSettings) {
        guard section.nullableValue("scopes") != nil, let list = section.distinctStrings("scopes") else { return }
        for scope in list.value { ScopeName.check(scope, context) }
        // A3: without it the answer would be no sign-in.
        if !list.value.contains(where: { $0.value == "openid" }) {
            context.error(list.mark, "\(section.name("scopes")) lacks openid", hint: "without it nobody is signed in")
        }
        settings.scopes = list.value.map(\.value)
    }

    private func parameters(_ settings: inout ProviderSettings) {
        if let block = section.section("authorization_parameters") {
            for entry in block.namedValues {
                _ = block.entry(entry.key)
                checkName(Located(value: entry.key, mark: entry.mark), "authorization_parameters")
                if entry.key == "audience" && settings.audience != nil {
                    context.error(
                        entry.mark, "`audience` stands in \(section.name("audience")) too",
                        hint: "leave one of them out")
                }
                if let value = block.string(entry.key) { settings.authorizationParameters[entry.key] = value.value }
            }
        }
        if let list = section.distinctStrings("allowed_parameters") {
            for name in list.value { checkName(name, "allowed_parameters") }
            settings.allowedParameters = list.value.map(\.value)
        }
    }

    private func checkName(_ name: Located<String>, _ key: String) {
        if Self.isReserved(name.value) {
            let own = ["scope": "use `scopes`", "resource": "use `resources`", "response_mode": "use `response_mode`"]
            context.error(
                name.mark, "\(name.shown) belongs to the gateway: \(section.name(key)) cannot name it",
                hint: name.hint(own[name.value]))
        } else if !name.value.utf8.allSatisfy(Self.isNameByte) {
            context.error(name.mark, "\(name.shown) is no name of a parameter")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "&") && byte != UInt8(ascii: "=")
    }

    /// A20, and what only a provider's other endpoints are told (B27: never an ID token in an address).
    static func isReserved(_ name: String) -> Bool {
        let folded = name.lowercased()
        return folded.hasPrefix("code_challenge") || folded.hasPrefix("client_assertion") || reserved.contains(folded)
    }

    private static let reserved: Set<String> = [
        "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "request",
        "request_uri",
        "resource", "claims", "client_secret", "code_verifier", "grant_type", "id_token_hint", "dpop_jkt",
    ]
}
