import Bytes
import Formats

/// How this client shows a provider who it is, on one request (RFC 6749, section 2.3).
enum ClientAuthentication: Sendable, Equatable {
    /// A public client: the identifier alone.
    case none(clientID: String)
    /// In the `Authorization` header.
    case basic(clientID: String, secret: Secret)
    /// In the body.
    case post(clientID: String, secret: Secret)

    /// The method that settings and metadata lead to.
    ///
    /// Nil when the settings ask for what this client cannot do, or a secret is missing.
    init?(_ settings: ProviderSettings) {
        if let secret = settings.clientSecret, secret.exposedText?.isEmpty ?? true { return nil }
        switch (settings.effectiveClientAuthentication, settings.clientSecret) {
        case (.none, nil): self = .none(clientID: settings.clientID)
        case (.clientSecretBasic, let secret?): self = .basic(clientID: settings.clientID, secret: secret)
        case (.clientSecretPost, let secret?): self = .post(clientID: settings.clientID, secret: secret)
        default: return nil
        }
    }

    /// Adds exactly one proof, either a header or body parameters, never part of the URL (B4, B6).
    func apply(to form: inout [(String, String)], _ headers: inout [(name: String, value: String)]) {
        switch self {
        case .none(let clientID):
            // RFC 6749, section 4.1.3: a client that does not authenticate names itself.
            form.append(("client_id", clientID))
        case .post(let clientID, let secret):
            form.append(("client_id", clientID))
            form.append(("client_secret", secret.exposedText ?? ""))
        case .basic(let clientID, let secret):
            headers.append(("Authorization", "Basic " + Self.basicCredentials(clientID, secret.exposedText ?? "")))
        }
    }

    /// Both halves are form-encoded first: a colon in the identifier would move the border between them (RFC 6749,
    /// section 2.3.1 and appendix B).
    static func basicCredentials(_ clientID: String, _ secret: String) -> String {
        let pair = FormEncoding.encode(one: clientID) + ":" + FormEncoding.encode(one: secret)
        return Base64.encode([UInt8](pair.utf8))
    }

    /// The name in `token_endpoint_auth_methods_supported`.
    var name: String {
        switch self {
        case .none: "none"
        case .basic: "client_secret_basic"
        case .post: "client_secret_post"
        }
    }
}
