internal import Bytes
internal import Formats

/// What a token is supposed to be, told by `typ` (C7; RFC 8725, section 3.11).
///
/// One issuer signs all kinds with the same keys: without this check a logout token or an access token passes as an ID
/// token.
package enum TokenKind: Sendable, CaseIterable {
    /// An ID token.
    case idToken
    /// A signed userinfo response (C52).
    case userInfo
    /// A signed authorization response (JARM).
    case authorizationResponse
    /// A back-channel logout token (F19).
    case logoutToken
    /// A JWT access token (C61; RFC 9068, section 4).
    case accessToken

    /// Refuses a token of another kind.
    func check(typ: String?, claims: JSONObject) throws(JOSEError) {
        // RFC 7515, section 4.1.9: a media type, its `application/` may be left out; case does not matter.
        let type = typ.map { Self.shortened($0) }
        let isPlain = type == nil || type == "jwt"
        let isRight =
            switch self {
            case .idToken, .userInfo, .authorizationResponse: isPlain
            case .logoutToken: isPlain || type == "logout+jwt"
            case .accessToken: type == "at+jwt"
            }
        guard isRight else { throw .wrongType }
        if self != .logoutToken, claims.contains("events") { throw .unexpectedEvents }
    }

    private static func shortened(_ typ: String) -> String {
        let folded = String(decoding: typ.utf8.map(ByteClass.lowercase), as: UTF8.self)
        let prefix = "application/"
        return folded.hasPrefix(prefix) ? String(folded.dropFirst(prefix.count)) : folded
    }
}
