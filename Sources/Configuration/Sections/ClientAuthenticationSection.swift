import Bytes
import OpenIDConnect

/// How the gateway proves to a provider who it is: the keys around `client_authentication` (A2, RFC 6749, section 2.3).
struct ClientAuthenticationSection {
    let section: SectionReader

    private var context: ReadingContext { section.context }

    func read(into settings: inout ProviderSettings) {
        section.choice("client_authentication", into: &settings.clientAuthentication)
        let method = settings.clientAuthentication
        let known: Set<ProviderSettings.ClientAuthenticationChoice> = [
            .auto, .none, .clientSecretBasic, .clientSecretPost,
        ]
        section.refuseUnsupported(
            "client_authentication", unless: known.contains(method), "`client_authentication: \(method.rawValue)`")
        section.refuseUnsupported("private_key", unless: section.nullableValue("private_key") == nil)
        section.refuseUnsupported("client_certificate", unless: section.nullableValue("client_certificate") == nil)
        // The value may be unreadable, which was reported; a secret was meant all the same.
        let isSecretMeant = section.nullableValue("client_secret") != nil
        if let secret = section.string("client_secret", nullable: true, secret: true) {
            settings.clientSecret = Secret(secret.value)
        }
        switch method {
        case .none where isSecretMeant:
            context.error(
                section.mark(of: "client_secret"),
                "`client_authentication: none` is for clients without a `client_secret`",
                hint: "leave one of them out")
        case .clientSecretBasic where !isSecretMeant, .clientSecretPost where !isSecretMeant:
            context.error(
                section.valueMark(of: "client_authentication"),
                "`client_authentication: \(method.rawValue)` needs a `client_secret`",
                hint: "such as client_secret: ${file:/run/secrets/client_secret}")
        case .auto where !isSecretMeant, .none:
            context.warn(
                section.mark(of: section.has("client_authentication") ? "client_authentication" : "client_id"),
                "this is a public client; for a gateway a confidential client is the stronger choice",
                hint: "register it as a web application and set client_secret")
        default: break
        }
    }
}
