package import Bytes

/// What a person may turn about the demo API.
package struct DemoAPISettings: Sendable {
    /// Whose tokens are believed, exactly as it stands in them.
    package var issuer: String
    /// Where the provider is reached from here, when that is another address (D5a).
    package var backChannelURL: String?
    /// What a token's `aud` must contain.
    package var audience = standardAudience

    /// The audience of tokens whose request named no API.
    package static var standardAudience: String { TokenMint.defaultAudience }

    /// Who asks about opaque tokens; without it they are refused.
    package var introspectionClient: IntrospectionClient?

    package init(issuer: String) { self.issuer = issuer }

    /// The demo API as a client of its provider.
    package struct IntrospectionClient: Sendable {
        package let id: String
        package let secret: Secret

        package init(id: String, secret: Secret) {
            self.id = id
            self.secret = secret
        }
    }
}
