package import Cryptography
package import JOSE

/// What a person may turn about a development provider.
package struct DevProviderSettings: Sendable {
    package var issuer: Issuer
    package var clients: [DevClient]
    package var users: DevUsers = .standard
    package var lifetimes: ProviderLifetimes
    /// Whether a refresh brings a new refresh token and retires the old one (H15).
    package var rotatesRefreshTokens = true
    package var signingAlgorithm: SignatureAlgorithm = .RS256
    /// A key to sign with in place of a fresh one; with it tests get the same tokens each time (H28).
    ///
    /// Never off loopback.
    package var fixedKey: PrivateKey?
    package var random: RandomSource = .system
    /// The provider can be reached from other machines (`--expose`).
    package var isExposed = false

    package init(issuer: Issuer, clients: [DevClient]) {
        self.issuer = issuer
        self.clients = clients
        lifetimes = ProviderLifetimes(issuer.layout)
    }
}

/// Why a development provider does not start.
package enum DevProviderError: Error, Equatable {
    case clientTwice(String)
    case noUsers
    /// Fixed keys and seeded randomness are for tests on this machine (H28).
    case fixedOffLoopback
    case cryptography(CryptographyError)
}
