import Formats
import OpenIDConnect

/// Whether the ways to a provider are fit to carry secrets (D2, D5a, B1).
struct ProviderAddressChecks {
    let section: SectionReader
    let tolerate: Set<ProviderSettings.Toleration>

    private var context: ReadingContext { section.context }

    func check(_ issuer: Located<String>?, _ settings: inout ProviderSettings) {
        if let issuer { check(issuer: issuer) }
        if let url = section.string("backchannel_url", nullable: true) {
            settings.backchannelURL = backchannel(url)
        }
    }

    private func check(issuer: Located<String>) {
        guard let parts = URLParts(issuer.value), ["http", "https"].contains(parts.scheme) else {
            context.error(
                issuer.mark,
                "\(section.name("issuer")) is an address such as https://id.example.com, not \(issuer.shown)")
            return
        }
        if parts.query != nil || parts.fragment != nil {
            context.error(issuer.mark, "\(section.name("issuer")) has no query and no fragment")
        }
        if issuer.value.hasSuffix("/.well-known/openid-configuration") {
            context.error(
                issuer.mark, "\(section.name("issuer")) is the issuer, not its discovery document",
                hint: "leave out /.well-known/openid-configuration")
        }
        if parts.scheme == "http" { checkPlain(issuer, parts, "issuer") }
    }

    private func backchannel(_ url: Located<String>) -> String? {
        guard let parts = URLParts(url.value), ["http", "https"].contains(parts.scheme) else {
            context.error(
                url.mark,
                "\(section.name("backchannel_url")) is an address such as http://keycloak:8080, not \(url.shown)")
            return nil
        }
        if !["", "/"].contains(parts.path) || parts.query != nil || parts.fragment != nil {
            context.error(
                url.mark,
                "\(section.name("backchannel_url")) replaces scheme, host and port: it has no path, query or fragment",
                hint: url.hint("write \(parts.origin)"))
            return nil
        }
        if parts.scheme == "http" {
            checkPlain(url, parts, "backchannel_url")
            if tolerate.contains(.plainHTTP) && !NetworkName.isLoopback(parts.host) {
                context.warn(
                    url.mark, "the provider's keys come over plain http from \(url.shown(parts.authority))",
                    hint: "whoever owns that network owns every login")
            }
        }
        return parts.origin
    }

    private func checkPlain(_ text: Located<String>, _ parts: URLParts, _ key: String) {
        if NetworkName.isLoopback(parts.host) || tolerate.contains(.plainHTTP) { return }
        context.error(
            text.mark, "\(section.name(key)) is https except on localhost and loopback addresses",
            hint: text.hint("write https://\(parts.authority), or `tolerate: [plain_http]`"))
    }
}
