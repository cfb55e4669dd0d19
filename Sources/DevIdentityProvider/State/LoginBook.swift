import Cryptography
import Time

/// Somebody who is signed in at the provider.
struct LoginSession: Sendable {
    let subject: String
    /// The `sid` claim.
    let sessionID: String
    let authenticatedAt: Timestamp
    let context: AuthenticationContext
}

/// An authorization request that waits for a person.
struct Interaction: Sendable {
    let request: AuthorizationRequest
    /// The browser it belongs to: digest of a cookie that only this browser has.
    let browser: SHA256Digest
    /// The login made for this very request: it satisfies `prompt=login` and `max_age` once.
    var freshLogin: SHA256Digest?
}

/// Logins, waiting requests and remembered consent.
struct LoginBook: Sendable {
    private let lifetimes: ProviderLifetimes
    private var sessions = ExpiringTable<SHA256Digest, LoginSession>(capacity: 20_000)
    private var interactions = ExpiringTable<SHA256Digest, Interaction>(capacity: 5_000)
    private var consents = ExpiringTable<ConsentKey, Void>(capacity: 20_000)

    init(lifetimes: ProviderLifetimes) { self.lifetimes = lifetimes }

    // MARK: Logins

    func session(_ cookie: SHA256Digest, at now: Timestamp) -> LoginSession? { sessions.find(cookie, at: now) }

    mutating func begin(_ session: LoginSession, cookie: SHA256Digest, now: Timestamp) {
        sessions.insert(cookie, session, until: now + lifetimes.login, now: now)
    }

    mutating func end(_ cookie: SHA256Digest) { sessions.remove(cookie) }

    /// Ends the login that an ID token's `sid` names.
    mutating func end(sessionID: String) { sessions.removeAll { $0.sessionID == sessionID } }

    // MARK: Waiting requests

    mutating func wait(_ interaction: Interaction, id: SHA256Digest, now: Timestamp) {
        interactions.insert(id, interaction, until: now + lifetimes.interaction, now: now)
    }

    /// The request `id`, if it waits for this browser.
    func interaction(_ id: SHA256Digest, browser: SHA256Digest, at now: Timestamp) -> Interaction? {
        guard let found = interactions.find(id, at: now), found.browser == browser else { return nil }
        return found
    }

    mutating func noteLogin(_ cookie: SHA256Digest, in interaction: SHA256Digest) {
        interactions.update(interaction) { $0.freshLogin = cookie }
    }

    mutating func finish(_ interaction: SHA256Digest) { interactions.remove(interaction) }

    // MARK: Consent

    /// Consent is remembered for a set of scope values, not for each: what was allowed together was judged together (H12).
    private struct ConsentKey: Hashable, Sendable {
        let subject: String
        let clientID: String
        let scope: Set<String>
        let audience: String?

        init(_ request: AuthorizationRequest, subject: String) {
            self.subject = subject
            clientID = request.clientID
            scope = Set(request.scope)
            audience = request.audience
        }
    }

    func remembersConsent(of subject: String, to request: AuthorizationRequest, at now: Timestamp) -> Bool {
        consents.find(ConsentKey(request, subject: subject), at: now) != nil
    }

    mutating func rememberConsent(of subject: String, to request: AuthorizationRequest, now: Timestamp) {
        consents.insert(ConsentKey(request, subject: subject), (), until: now + lifetimes.family, now: now)
    }
}
