import Bytes
import Cryptography
import Time

/// Codes, access tokens and refresh tokens, all by digest (H27), and what may be done with each.
///
/// ```
/// code ──redeem──► family ─┬─ access token
///                          └─ refresh token ──renew──► refresh token (the old one is "replaced") …
///          a second valid redemption, or a replaced token used again ──► the family is revoked
/// ```
struct TokenBook: Sendable {
    private let lifetimes: ProviderLifetimes
    private var codes = ExpiringTable<SHA256Digest, CodeRecord>(capacity: 20_000)
    /// The root of every token: without its grant a token is worth nothing, so that revoking is forgetting the grant.
    private var families = ExpiringTable<GrantID, Grant>(capacity: 20_000)
    private var accessTokens = ExpiringTable<SHA256Digest, AccessRecord>(capacity: 60_000)
    private var refreshTokens = ExpiringTable<SHA256Digest, RefreshRecord>(capacity: 60_000)
    /// Challenges whose verifier has been redeemed, by client: a verifier serves once (RFC 7636, section 7.1).
    private var usedChallenges = ExpiringTable<SHA256Digest, Void>(capacity: 20_000)
    private var lastGrant: UInt64 = 0

    init(lifetimes: ProviderLifetimes) { self.lifetimes = lifetimes }

    // MARK: Codes

    /// Remembers a code under its digest.
    mutating func addCode(
        _ code: SHA256Digest, grant: Grant, redirectURI: String, challenge: String, now: Timestamp
    ) {
        let record = CodeRecord(
            grant: grant, redirectURI: redirectURI, challenge: challenge, issuedAt: now,
            endsAt: now + lifetimes.code, redeemedAs: nil)
        // Kept longer than it can be redeemed: H3 has to recognize the second use.
        codes.insert(code, record, until: now + lifetimes.codeMemory, now: now)
    }

    /// Redeems a code: RFC 6749, section 4.1.3, and RFC 7636, section 4.6.
    ///
    /// The checks come in an order that matters: a code that somebody else presents, or without its verifier, is refused
    /// before its use is looked at, so that who merely saw a code cannot have the tokens of its owner revoked (H3).
    mutating func redeem(
        _ code: SHA256Digest, clientID: String, redirectURI: String?, verifier: CodeVerifier, now: Timestamp
    ) throws(OAuthError) -> Redemption {
        guard let record = codes.find(code, at: now), record.grant.clientID == clientID else {
            throw .invalidGrant("The code is unknown, has ended, or belongs to another client.")
        }
        guard let redirectURI, redirectURI.isExactly(record.redirectURI) else {
            throw .invalidGrant("redirect_uri must be the one of the authorization request.")
        }
        guard verifier.matches(challenge: record.challenge) else {
            throw .invalidGrant("The code_verifier does not fit the code_challenge.")
        }
        if let first = record.redeemedAs {
            families.remove(first)
            throw .invalidGrant("The code was used before; the tokens it brought are revoked.")
        }
        guard now < record.endsAt else { throw .invalidGrant("The code has ended.") }
        let challenge = challengeKey(clientID: clientID, challenge: record.challenge)
        guard usedChallenges.find(challenge, at: now) == nil else {
            throw .invalidGrant("The code_verifier was used before; each request needs its own.")
        }
        usedChallenges.insert(challenge, (), until: now + lifetimes.verifierMemory, now: now)
        lastGrant += 1
        let id = GrantID(number: lastGrant)
        families.insert(id, record.grant, until: now + lifetimes.family, now: now)
        codes.update(code) { $0.redeemedAs = id }
        return Redemption(id: id, grant: record.grant)
    }

    private func challengeKey(clientID: String, challenge: String) -> SHA256Digest {
        // A challenge has no line break, a client identifier neither: no two pairs look alike.
        SHA256Digest(text: clientID + "\n" + challenge)
    }

    // MARK: Access tokens

    /// Remembers an access token of `id` under its digest.
    mutating func addAccessToken(_ token: SHA256Digest, _ record: AccessRecord, now: Timestamp) {
        accessTokens.insert(token, record, until: record.endsAt, now: now)
    }

    /// What is known about an access token that is neither expired nor revoked.
    func accessToken(_ token: SHA256Digest, at now: Timestamp) -> AccessRecord? {
        guard let record = accessTokens.find(token, at: now), families.find(record.grantID, at: now) != nil else {
            return nil
        }
        return record
    }

    // MARK: Refresh tokens

    /// Remembers the first refresh token of a family.
    mutating func addRefreshToken(_ token: SHA256Digest, of id: GrantID, now: Timestamp) {
        add(RefreshRecord(grantID: id, familyEndsAt: now + lifetimes.family, replacedAt: nil), under: token, now: now)
    }

    private mutating func add(_ record: RefreshRecord, under token: SHA256Digest, now: Timestamp) {
        // Idle expiry, but never beyond the end of the family (H15).
        let ends = min(now + lifetimes.refreshIdle, record.familyEndsAt)
        refreshTokens.insert(token, record, until: ends, now: now)
    }

    /// A refresh token that may be used now.
    struct Renewal: Sendable {
        let grantID: GrantID
        let grant: Grant
        fileprivate let record: RefreshRecord
    }

    /// Judges a refresh token (H15): RFC 9700, section 4.14.2.
    mutating func renewal(
        with token: SHA256Digest, clientID: String, now: Timestamp
    ) throws(OAuthError) -> Renewal {
        guard let record = refreshTokens.find(token, at: now), let grant = families.find(record.grantID, at: now),
            grant.clientID == clientID
        else {
            throw .invalidGrant("The refresh token is unknown, has ended, was revoked, or belongs to another client.")
        }
        if let replacedAt = record.replacedAt, now.since(replacedAt) >= lifetimes.refreshGrace {
            // Two parties hold tokens of one family, and nobody can tell which of them is the thief.
            families.remove(record.grantID)
            throw .invalidGrant("The refresh token was used before; its whole family is revoked.")
        }
        return Renewal(grantID: record.grantID, grant: grant, record: record)
    }

    /// Puts `successor` in the place of `token`.
    mutating func replace(_ token: SHA256Digest, by successor: SHA256Digest, _ renewal: Renewal, now: Timestamp) {
        refreshTokens.update(token) { $0.replacedAt = $0.replacedAt ?? now }
        let record = RefreshRecord(
            grantID: renewal.grantID, familyEndsAt: renewal.record.familyEndsAt, replacedAt: nil)
        add(record, under: successor, now: now)
    }

    /// The grant behind a refresh token that still works, for introspection.
    func refreshToken(_ token: SHA256Digest, at now: Timestamp) -> Grant? {
        guard let record = refreshTokens.find(token, at: now), record.replacedAt == nil else { return nil }
        return families.find(record.grantID, at: now)
    }

    // MARK: Revocation

    /// RFC 7009, section 2.1: a refresh token takes its whole family with it, an access token only itself.
    ///
    /// A token of another client stays as it is.
    mutating func revoke(_ token: SHA256Digest, of clientID: String, now: Timestamp) {
        if let record = accessTokens.find(token, at: now) {
            if record.grant.clientID == clientID { accessTokens.remove(token) }
        } else if let record = refreshTokens.find(token, at: now),
            families.find(record.grantID, at: now)?.clientID == clientID
        {
            families.remove(record.grantID)
        }
    }
}
