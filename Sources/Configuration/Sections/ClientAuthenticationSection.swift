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
        keys(&settings)
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
        case .privateKeyJWT where section.nullableValue("private_key") == nil:
            lacks("private_key", "such as private_key: /etc/postern/client.key")
        case .tlsClientAuth where section.nullableValue("client_certificate") == nil:
            lacks("client_certificate", "such as client_certificate: { certificate: client.crt, key: client.key }")
        case .clientSecretJWT where !isSecretMeant:
            lacks("client_secret", "such as client_secret: ${file:/run/secrets/client_secret}")
        default: break
        }
    }

    /// What a client proves itself with when it has no secret.
    private func keys(_ settings: inout ProviderSettings) {
        settings.privateKey = section.path("private_key", nullable: true)?.value
        section.refuseUnsupported("private_key", unless: section.nullableValue("private_key") == nil)
        if let pair = section.section("client_certificate", nullable: true) {
            pair.require("certificate", hint: "a PEM file")
            pair.require("key", hint: "a PEM file")
            if let certificate = pair.path("certificate"), let key = pair.path("key") {
                settings.clientCertificate = .init(certificate: certificate.value, key: key.value)
            }
            pair.finish()
        }
        section.refuseUnsupported("client_certificate", unless: section.nullableValue("client_certificate") == nil)
    }

    private func lacks(_ key: String, _ hint: String) {
        context.error(
            section.valueMark(of: "client_authentication"), "this `client_authentication` needs a `\(key)`", hint: hint)
    }
}
