import Formats
import JOSE
import Time

/// Judges JWT access tokens: RFC 9068, section 4.
struct SignedTokenCheck: Sendable {
    let issuer: String
    let audience: String
    /// Clocks of two machines differ.
    private static let skew = Duration.seconds(60)

    /// C60 to C64 for a token whose keys are at hand.
    func judge(_ compact: String, keys: JSONWebKeySet, now: Timestamp) throws(JOSEError) -> AccessToken {
        let token = try JSONWebToken.parse(compact).verified(
            with: keys, allowed: SignatureAlgorithm.standard, as: .accessToken)
        let claims = token.claims
        try ClaimCheck.issuer(claims, is: issuer)
        try ClaimCheck.audience(claims, contains: audience)
        let ends = try ClaimCheck.expiry(claims, now: now, skew: Self.skew)
        _ = try ClaimCheck.issuedAt(claims, now: now, skew: Self.skew)
        try ClaimCheck.notBefore(claims, now: now, skew: Self.skew)
        let subject = try ClaimCheck.subject(claims)
        // Section 2.2: without these it is no access token of this profile.
        guard let clientID = claims["client_id"]?.string, !clientID.isEmpty, let identifier = claims["jti"]?.string,
            !identifier.isEmpty
        else { throw .malformedClaims }
        // C64: a token bound to a key is worth nothing as a plain bearer token.
        if claims.contains("cnf") { throw .wrongType }
        return AccessToken(
            format: .signed, subject: subject, clientID: clientID, scope: Self.words(claims["scope"]), endsAt: ends)
    }

    static func words(_ scope: JSONValue?) -> [String] {
        scope?.string?.split(separator: " ").map(String.init) ?? []
    }
}
