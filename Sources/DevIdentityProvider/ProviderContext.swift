import Bytes
import Cryptography
import Threads
import Time

/// What every endpoint of a provider works with.
struct ProviderContext: Sendable {
    let issuer: Issuer
    let clients: ClientRegistry
    let users: DevUsers
    let lifetimes: ProviderLifetimes
    let rotatesRefreshTokens: Bool
    let keys: SigningKeys
    let state: Locked<ProviderState>
    let random: RandomSource
    let time: TimeSource
    /// Keys the CSRF tokens of the pages; made at start.
    let formKey: [UInt8]

    var tokens: TokenMint { TokenMint(context: self) }
    var hints: IDTokenHintCheck { IDTokenHintCheck(issuer: issuer.text, keys: keys) }
    var pages: ProviderPages { ProviderPages(issuer: issuer) }
    var cookies: ProviderCookies { ProviderCookies(issuer: issuer) }
}
