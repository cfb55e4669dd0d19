import Bytes
import Formats
import JOSE
import Time

/// Believes an ID token or refuses it, in the order of OpenID Connect Core, section 3.1.3.7 (C1–C25).
struct IDTokenCheck: Sendable {
    let settings: ProviderSettings
    let metadata: ProviderMetadata
    let keys: ProviderKeys
    let time: TimeSource

    /// What this token must fit, beyond what all must.
    struct Expectations: Sendable {
        enum Nonce: Sendable {
            /// The one that was sent with this login (C20).
            case sent(String)
            /// Absent, or the one of the first login (B37).
            case absentOr(String?)
        }

        var nonce: Nonce
        /// The request that this token answers began then (C17).
        var earliest: Timestamp
        var accessToken: String
        var code: String?
        var maxAge: Duration?
        var acrValues: [String] = []
        var reauthentication = LoginAttempt.Reauthentication.notAsked
    }

    func check(_ token: String, _ expected: Expectations) async throws(OpenIDConnectError) -> VerifiedToken {
        let verified = try await verified(token, as: .idToken)
        do throws(JOSEError) {
            try checkClaims(verified, expected)
        } catch {
            throw .token(error)
        }
        return verified
    }

    /// Form, kind and signature, with one look for newer keys (C1–C12).
    ///
    /// Claims are not checked here.
    func verified(_ token: String, as kind: TokenKind) async throws(OpenIDConnectError) -> VerifiedToken {
        let parsed: UnverifiedToken
        do throws(JOSEError) {
            parsed = try JSONWebToken.parse(token)
            // Before any key is fetched: a token must not cause traffic by naming an algorithm we never take (C3).
            guard let algorithm = SignatureAlgorithm(name: parsed.algorithm), allowed.contains(algorithm) else {
                throw .algorithmNotAllowed
            }
        } catch {
            throw .token(error)
        }
        let snapshot = try await keys.current(metadata)
        do throws(JOSEError) {
            return try parsed.verified(with: snapshot.keys, allowed: allowed, as: kind)
        } catch {
            guard error.suggestsNewKeys, let newer = await keys.newer(than: snapshot, kid: parsed.kid, metadata) else {
                throw .token(error)
            }
            do throws(JOSEError) {
                return try parsed.verified(with: newer.keys, allowed: allowed, as: kind)
            } catch {
                throw .token(error)
            }
        }
    }

    private var allowed: [SignatureAlgorithm] {
        settings.algorithms.compactMap { SignatureAlgorithm(name: $0.rawValue) }
    }

    private func checkClaims(_ token: VerifiedToken, _ expected: Expectations) throws(JOSEError) {
        let claims = token.claims
        let skew = settings.clockSkew
        let now = time.now()
        try ClaimCheck.issuer(claims, is: metadata.issuer)
        try ClaimCheck.audience(
            claims, is: settings.clientID, toleratingOthers: settings.tolerate.contains(.extraAudience))
        try ClaimCheck.authorizedParty(claims, is: settings.clientID)
        try ClaimCheck.expiry(claims, now: now, skew: skew)
        try ClaimCheck.issuedAt(claims, now: now, skew: skew, earliest: expected.earliest)
        try ClaimCheck.notBefore(claims, now: now, skew: skew)
        try ClaimCheck.subject(claims)
        try checkNonce(claims, expected.nonce)
        try checkAuthentication(claims, expected, now: now)
        if !expected.acrValues.isEmpty { try ClaimCheck.authenticationContext(claims, oneOf: expected.acrValues) }
        try ClaimCheck.accessTokenHash(claims, accessToken: expected.accessToken, algorithm: token.algorithm)
        if let code = expected.code { try ClaimCheck.codeHash(claims, code: code, algorithm: token.algorithm) }
    }

    private func checkNonce(_ claims: JSONObject, _ rule: Expectations.Nonce) throws(JOSEError) {
        switch rule {
        case .sent(let nonce): try ClaimCheck.nonce(claims, is: nonce)
        case .absentOr(let nonce):
            if claims.contains("nonce") { try ClaimCheck.nonce(claims, is: nonce) }
        }
    }

    /// `auth_time` against `max_age`, and against the start of the login when a new authentication was wanted (A23).
    private func checkAuthentication(
        _ claims: JSONObject, _ expected: Expectations, now: Timestamp
    ) throws(JOSEError) {
        // max_age=0 cannot mean less than no time: it asks for a new authentication (errata 3).
        let isFresh = expected.maxAge == .zero || expected.reauthentication == .demanded
        let authenticated = try ClaimCheck.authenticationTime(
            claims, isRequired: isFresh, maxAge: isFresh ? nil : expected.maxAge, now: now, skew: settings.clockSkew)
        guard isFresh || expected.reauthentication == .asked, let authenticated else { return }
        guard authenticated >= expected.earliest - settings.clockSkew else { throw .authenticationTooOld }
    }
}
