import Time

/// How long what a development provider gives out is good for.
package struct ProviderLifetimes: Sendable {
    /// Of a code (H2).
    package var code: Duration
    package var accessToken: Duration
    package var idToken: Duration = .minutes(60)
    /// A refresh token that nobody uses ends after this.
    package var refreshIdle: Duration = .days(7)
    /// A family of refresh tokens ends after this, whatever happens (H15).
    package var family: Duration = .days(30)
    /// A replaced refresh token is accepted this long from the same client, for an answer that was lost.
    ///
    /// 0: never.
    package var refreshGrace: Duration = .zero
    /// A login at the provider.
    package var login: Duration = .hours(8)
    /// From the authorization request to the last click.
    package var interaction: Duration = .minutes(10)
    /// A redeemed code is recognized this long (H3).
    package var codeMemory: Duration = .hours(1)
    /// A used verifier is recognized this long.
    package var verifierMemory: Duration = .hours(24)
    /// A key that signs no more is published this long (H19).
    package var retiredKey: Duration = .hours(2)

    /// The lifetimes of `layout`.
    package init(_ layout: ProviderLayout) {
        code = layout.codeLifetime
        accessToken = layout.accessTokenLifetime
    }
}
