/// A provider of the configuration, as far as it binds sealed rows: another issuer or client opens none of them.
package struct SessionClient: Sendable, Equatable {
    /// The provider's name in the configuration.
    package let provider: String
    package let issuer: String
    package let clientID: String

    package init(provider: String, issuer: String, clientID: String) {
        self.provider = provider
        self.issuer = issuer
        self.clientID = clientID
    }
}
