package import Bytes
import Formats

/// Sends a browser to end its session at the provider, too (OpenID Connect RP-Initiated Logout, section 2).
package struct ProviderLogout: Sendable {
    /// How the browser gets there.
    package enum Way: Sendable, Equatable {
        /// A redirect to this URL. It holds personal data: not to be logged (F5).
        case redirect(String)
        /// A form for a page to post: the URL would be too long.
        case form(action: String, fields: [Field])
    }

    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// The raw ID token of the session, expired or not.
    package var idTokenHint: Secret?
    /// False when ID tokens are somebody's bearer tokens: then none is put into an address (F3).
    package var sendsIDToken = true
    /// Named instead of the ID token.
    package var subject: String?
    /// The registered URL of our own landing (F4).
    package var postLogoutRedirectURI: String
    /// Of ``LogoutCookie``.
    ///
    /// Some providers only send the browser back when there is one.
    package var state: String
    package var uiLocales: String?

    package init(idTokenHint: Secret?, postLogoutRedirectURI: String, state: String) {
        self.idTokenHint = idTokenHint
        self.postLogoutRedirectURI = postLogoutRedirectURI
        self.state = state
    }

    /// The longest URL that proxies and servers take without complaint.
    static let longestURL = 4096

    /// Nil when the provider has no such endpoint: the local logout is all there is (F6).
    package func way(_ metadata: ProviderMetadata, _ settings: ProviderSettings) -> Way? {
        guard settings.logout.endSession, let endpoint = metadata.endSessionEndpoint else { return nil }
        var parameters: [(String, String)] = []
        if sendsIDToken, let hint = idTokenHint?.exposedText {
            parameters.append(("id_token_hint", hint))
        } else if let subject {
            parameters.append(("logout_hint", subject))
        }
        parameters.append(("client_id", settings.clientID))
        parameters.append(("post_logout_redirect_uri", postLogoutRedirectURI))
        parameters.append(("state", state))
        if let uiLocales { parameters.append(("ui_locales", uiLocales)) }
        let url = AuthorizationRequest.appending(parameters, to: endpoint)
        if url.utf8.count <= Self.longestURL { return .redirect(url) }
        return .form(action: endpoint, fields: parameters.map { Field(name: $0.0, value: $0.1) })
    }
}
