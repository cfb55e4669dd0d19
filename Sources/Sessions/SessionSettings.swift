package import Bytes
private import Time

/// What a person may turn about sessions: the `session:` block of the configuration.
package struct SessionSettings: Sendable, Equatable {
    /// Where sessions are kept; nil: ``StoreLocation/standard(stateDirectory:)``.
    package var store: StoreLocation?
    /// Keys of 32 bytes each; the first seals, all open.
    ///
    /// Empty: a key file is made beside an SQLite database, a random key for memory.
    package var keys: [Secret] = []
    /// The session cookie's name where the site is https.
    package var cookie = "__Host-Http-postern"
    package var sameSite = SameSiteRule.lax
    /// How long a session lives without being used.
    package var idleTimeout = Duration.minutes(30)
    /// How long a session lives at most.
    package var lifetime = Duration.hours(12)
    /// How long before its end an access token is refreshed; never more than a fifth of the token's lifetime (B30).
    package var refreshBefore = Duration.seconds(60)
    /// Memory for sessions.
    package var cache = CacheLimit.bytes(128 << 20)
    /// Sessions of one (issuer, subject); the oldest ends when one more begins; 0 means no limit (E45).
    package var perUser = 20
    /// How long cached sessions are served while the database cannot be reached (E49).
    package var storeGrace = Duration.seconds(30)
    /// How long login, logout and refusal records are kept; zero keeps none.
    package var audit = Duration.days(90)

    package init() {}

    /// Which cross-site requests carry the cookie (6265bis, section 5.6.7).
    package enum SameSiteRule: String, Sendable, CaseIterable {
        case lax, strict
    }

    /// A bound on memory, or on the number of sessions in it.
    package enum CacheLimit: Sendable, Equatable {
        case bytes(Int)
        case sessions(Int)
    }

    /// The cookie's name on a site: browsers refuse the `__Host-` family without `Secure`, so over plain http on
    /// loopback the prefix goes (E5).
    package func cookieName(isSecure: Bool) -> String {
        if isSecure { return cookie }
        for prefix in ["__Host-Http-", "__Host-", "__Secure-", "__Http-"] where cookie.hasPrefix(prefix) {
            return String(cookie.dropFirst(prefix.count))
        }
        return cookie
    }
}
