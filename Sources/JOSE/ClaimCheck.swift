private import Bytes
private import Cryptography
package import Formats
package import Time

/// What a verified token must say, one rule a function (C13–C25; OpenID Connect Core, section 3.1.3.7).
///
/// Strings are compared byte by byte. A claim of the wrong type is refused like a wrong one.
package enum ClaimCheck {
    /// Clocks may differ by no more than this, whatever is configured (C25).
    package static let greatestSkew = Duration.seconds(300)

    /// `iss` is exactly `expected`: no folding of case, no tolerance for a slash (C13).
    package static func issuer(_ claims: JSONObject, is expected: String) throws(JOSEError) {
        guard let issuer = claims["iss"]?.string, issuer.isExactly(expected) else { throw .issuer }
    }

    /// `aud` is `clientID` alone, as a string or in a list (C14).
    ///
    /// - Parameter toleratingOthers: accepts further audiences, but then `azp` must name this client (C15).
    package static func audience(
        _ claims: JSONObject, is clientID: String, toleratingOthers: Bool = false
    ) throws(JOSEError) {
        let audiences = try audiences(claims)
        guard audiences.contains(where: { $0.isExactly(clientID) }) else { throw .audience }
        guard !audiences.allSatisfy({ $0.isExactly(clientID) }) else { return }
        guard toleratingOthers else { throw .extraAudience }
        guard claims.contains("azp") else { throw .authorizedParty }
        try authorizedParty(claims, is: clientID)
    }

    /// `aud` contains `resource`, possibly among others: the rule of resource servers (C62; RFC 9068, section 4).
    package static func audience(_ claims: JSONObject, contains resource: String) throws(JOSEError) {
        guard try audiences(claims).contains(where: { $0.isExactly(resource) }) else { throw .audience }
    }

    /// `azp`, when it is there, is `clientID` (C15).
    package static func authorizedParty(_ claims: JSONObject, is clientID: String) throws(JOSEError) {
        guard let value = claims["azp"] else { return }
        guard let party = value.string, party.isExactly(clientID) else { throw .authorizedParty }
    }

    /// `exp` is there, and `now` lies before it, give or take `skew` (C16).
    @discardableResult
    package static func expiry(_ claims: JSONObject, now: Timestamp, skew: Duration) throws(JOSEError) -> Timestamp {
        guard let expiry = claims["exp"].flatMap(NumericDate.read) else { throw .expiry }
        guard now < expiry + clamped(skew) else { throw .expired }
        return expiry
    }

    /// `iat` is there, not in the future and not before `earliest`, give or take `skew` (C17).
    ///
    /// Towards the future the tolerance is at least 10 and at most 60 seconds (FAPI 2.0 Security Profile, section
    /// 5.3.2.1).
    /// - Parameter earliest: when the login began that this token answers; nil: however old.
    @discardableResult
    package static func issuedAt(
        _ claims: JSONObject, now: Timestamp, skew: Duration, earliest: Timestamp? = nil
    ) throws(JOSEError) -> Timestamp {
        guard let issued = claims["iat"].flatMap(NumericDate.read) else { throw .issuedAt }
        guard issued <= now + min(max(skew, .seconds(10)), .seconds(60)) else { throw .issuedInFuture }
        if let earliest, issued < earliest - clamped(skew) { throw .issuedTooLongAgo }
        return issued
    }

    /// `nbf`, when it is there, has come, give or take `skew` (C18).
    package static func notBefore(_ claims: JSONObject, now: Timestamp, skew: Duration) throws(JOSEError) {
        guard let value = claims["nbf"] else { return }
        guard let start = NumericDate.read(value), start <= now + clamped(skew) else { throw .notYetValid }
    }

    /// `sub`: 1 to 255 ASCII characters, none of them a control character (C19).
    @discardableResult
    package static func subject(_ claims: JSONObject) throws(JOSEError) -> String {
        guard let subject = claims["sub"]?.string, (1...255).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw .subject }
        return subject
    }

    /// `nonce` is the one that was sent; none when none was sent (C20).
    package static func nonce(_ claims: JSONObject, is sent: String?) throws(JOSEError) {
        switch (claims["nonce"], sent) {
        case (nil, nil): return
        case (.string(let nonce), let sent?) where ConstantTime.equal(nonce, sent): return
        default: throw .nonce
        }
    }

    /// `auth_time`, when it is there or asked for, is a time that has come and not too long ago (C21).
    ///
    /// - Parameters:
    ///   - isRequired: it was asked for, by `max_age` or otherwise.
    ///   - maxAge: how long ago the user may have authenticated; nil: however long.
    @discardableResult
    package static func authenticationTime(
        _ claims: JSONObject, isRequired: Bool, maxAge: Duration?, now: Timestamp, skew: Duration
    ) throws(JOSEError) -> Timestamp? {
        guard let value = claims["auth_time"] else {
            if isRequired || maxAge != nil { throw .authenticationTime }
            return nil
        }
        let skew = clamped(skew)
        guard let time = NumericDate.read(value), time <= now + skew else { throw .authenticationTime }
        if let maxAge, now - skew > time + max(maxAge, .zero) { throw .authenticationTooOld }
        return time
    }

    /// `acr` is one of `accepted`; `"0"` never is (C22; OpenID Connect Core, section 2).
    @discardableResult
    package static func authenticationContext(
        _ claims: JSONObject, oneOf accepted: [String]
    ) throws(JOSEError) -> String {
        guard let context = claims["acr"]?.string, context != "0", accepted.contains(where: { $0.isExactly(context) })
        else { throw .authenticationContext }
        return context
    }

    /// `at_hash`, when it is there, belongs to `accessToken` (C23; OpenID Connect Core, section 3.1.3.6).
    package static func accessTokenHash(
        _ claims: JSONObject, accessToken: String, algorithm: SignatureAlgorithm
    ) throws(JOSEError) {
        guard matches(claims["at_hash"], accessToken, algorithm) else { throw .accessTokenHash }
    }

    /// `c_hash`, when it is there, belongs to `code` (C24; OpenID Connect Core, section 3.3.2.11).
    package static func codeHash(
        _ claims: JSONObject, code: String, algorithm: SignatureAlgorithm
    ) throws(JOSEError) {
        guard matches(claims["c_hash"], code, algorithm) else { throw .codeHash }
    }

    /// The value of `at_hash` or `c_hash`: the left half of the hash, base64url.
    package static func leftHalfHash(of value: String, algorithm: SignatureAlgorithm) -> String {
        let hash = algorithm.hash.hash([UInt8](value.utf8))
        return Base64URL.encode([UInt8](hash.prefix(hash.count / 2)))
    }

    private static func matches(_ claim: JSONValue?, _ value: String, _ algorithm: SignatureAlgorithm) -> Bool {
        guard let claim else { return true }
        guard let written = claim.string else { return false }
        return ConstantTime.equal(written, leftHalfHash(of: value, algorithm: algorithm))
    }

    /// A string, or a list of strings that is not empty.
    private static func audiences(_ claims: JSONObject) throws(JOSEError) -> [String] {
        switch claims["aud"] {
        case .string(let audience):
            return [audience]
        case .array(let values):
            let audiences = values.compactMap(\.string)
            guard !audiences.isEmpty, audiences.count == values.count else { throw .audience }
            return audiences
        default:
            throw .audience
        }
    }

    private static func clamped(_ skew: Duration) -> Duration { min(max(skew, .zero), greatestSkew) }
}
