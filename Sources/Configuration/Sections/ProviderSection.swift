import Formats
import OpenIDConnect
import Routing

/// `provider`, or an entry of `providers`: an identity provider that signs users in.
struct ProviderSection {
    let section: SectionReader
    /// The origins of the gateway; empty while they are wrong.
    let sites: [URLParts]
    /// The path under which our own endpoints live.
    let endpoints: String

    private var context: ReadingContext { section.context }

    /// Nil when what makes a provider is missing.
    func read() -> ProviderSettings? {
        section.require("issuer", hint: "as the provider's discovery document spells it")
        section.require("client_id")
        let issuer = section.string("issuer")
        let clientID = section.string("client_id")
        var settings = ProviderSettings(issuer: issuer?.value ?? "", clientID: clientID?.value ?? "")
        tolerations(&settings)
        ProviderAddressChecks(section: section, tolerate: settings.tolerate).check(issuer, &settings)
        if let clientID, clientID.value.utf8.contains(where: { $0 >= 0x7F }) {
            context.error(clientID.mark, "\(section.name("client_id")) has letters beyond ASCII")
        }
        kind(&settings)
        ClientAuthenticationSection(section: section).read(into: &settings)
        AuthorizationSection(section: section).read(into: &settings)
        tokens(&settings)
        claims(&settings)
        calls(&settings)
        logout(&settings)
        section.finish()
        return issuer == nil || clientID == nil ? nil : settings
    }

    private func kind(_ settings: inout ProviderSettings) {
        section.choice("preset", into: &settings.preset)
        section.refuseUnsupported(
            "preset", unless: settings.preset == .generic, "`preset: \(settings.preset.rawValue)`")
        section.choice("profile", into: &settings.profile)
        section.refuseUnsupported("profile", unless: settings.profile == nil)
    }

    private func tokens(_ settings: inout ProviderSettings) {
        guard let list = section.distinctStrings("algorithms") else { return }
        if list.value.isEmpty {
            context.error(list.mark, "\(section.name("algorithms")) is empty: no token could be believed")
        }
        var algorithms: [ProviderSettings.Algorithm] = []
        for text in list.value {
            // C3, C4: what is signed with nothing, or with a secret that we share, proves nothing to others.
            if text.value == "none" || text.value.hasPrefix("HS") {
                context.error(text.mark, "tokens signed with \(text.shown) are never accepted")
            } else if let algorithm: ProviderSettings.Algorithm = section.choice(
                text, "an entry of \(section.name("algorithms"))")
            {
                algorithms.append(algorithm)
            }
        }
        if !algorithms.isEmpty { settings.algorithms = algorithms }
    }

    private func claims(_ settings: inout ProviderSettings) {
        section.choice("userinfo", into: &settings.userinfo)
        if section.nullableValue("user_claims") != nil, let list = section.distinctStrings("user_claims") {
            settings.userClaims = list.value.map(\.value)
        }
        guard let names = section.section("claims") else { return }
        if let name = names.string("user") { settings.claims.user = name.value }
        if let name = names.string("email") { settings.claims.email = name.value }
        if let name = names.string("groups") { settings.claims.groups = name.value }
        if let name = names.string("roles") { settings.claims.roles = name.value }
        for key in ["user", "email", "groups", "roles"] {
            guard let name = names.string(key), !ClaimName.isWellFormed(name.value) else { continue }
            context.error(name.mark, "\(names.name(key)) is a claim or a dotted path to one, not \(name.shown)")
        }
        names.finish()
    }

    private func calls(_ settings: inout ProviderSettings) {
        section.duration("clock_skew", into: &settings.clockSkew, in: .zero ... .seconds(300))
        section.duration("timeout", into: &settings.timeout, in: .milliseconds(100) ... .seconds(60))
        if let ca = section.string("ca", nullable: true) { settings.ca = section.certificates(ca, section.name("ca")) }
        if let metadata = section.section("metadata") {
            settings.metadata = MetadataSection(section: metadata, provider: settings).read()
        }
    }

    private func tolerations(_ settings: inout ProviderSettings) {
        guard let list: [Located<ProviderSettings.Toleration>] = section.choices("tolerate") else { return }
        for toleration in list {
            let word = toleration.value.rawValue
            switch toleration.value {
            case .endpointAudience:
                context.error(
                    toleration.mark, "`tolerate: [\(word)]` is not supported yet", hint: "it concerns client assertions"
                )
            case .developmentProvider where sites.contains { $0.scheme == "https" }:
                // H1
                context.error(
                    toleration.mark, "a development provider is refused where `public_url` is https",
                    hint: "it signs in anybody as anybody")
            default:
                settings.tolerate.insert(toleration.value)
                context.warn(
                    toleration.mark,
                    "\(section.name("tolerate")) has \(word): \(ToleranceText.consequence(toleration.value))")
            }
        }
    }

    private func logout(_ settings: inout ProviderSettings) {
        guard let logout = section.section("logout") else { return }
        logout.bool("end_session", into: &settings.logout.endSession)
        logout.bool("revoke", into: &settings.logout.revoke)
        if let path = logout.string("post_logout_path") {
            if !isLocal(path.value) {
                context.error(
                    path.mark, "\(logout.name("post_logout_path")) is a path on this site, not \(path.shown)",
                    hint: "such as /, and not under `endpoints.prefix`")
            } else {
                settings.logout.postLogoutPath = path.value
            }
        }
        logout.finish()
    }

    /// The same judgement as over any other place a browser is sent to (A18, F4).
    private func isLocal(_ path: String) -> Bool {
        guard let prefix = try? PathPattern(prefix: endpoints) else { return false }
        return ReturnTarget(local: path.utf8Span.span, endpoints: prefix) != nil
    }
}

/// What a person gives up by a named relaxation.
enum ToleranceText {
    static func consequence(_ toleration: ProviderSettings.Toleration) -> String {
        switch toleration {
        case .plainHTTP: "whoever is on the way to the provider can sign in as anybody"
        case .developmentProvider: "anybody can sign in as anybody"
        case .endpointAudience: "client assertions name the endpoint as their audience"
        case .logoutTokenWithoutExp: "logout tokens without an end are taken for five minutes"
        case .unverifiedEmail: "e-mail addresses count that nobody has verified"
        case .extraAudience: "ID tokens count that are meant for others too"
        }
    }
}

/// Names of claims.
enum ClaimName {
    /// Segments between dots, none of them empty.
    static func isWellFormed(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }
}
