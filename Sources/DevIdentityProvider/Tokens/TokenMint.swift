import Cryptography
import Formats
import HTTPServer
import JOSE
import Threads
import Time

/// Makes the tokens of one answer of the token endpoint.
struct TokenMint: Sendable {
    let context: ProviderContext

    /// The audience of access tokens whose request named no API; Okta's default custom server has the same.
    static let defaultAudience = "api://default"

    /// The answer of RFC 6749, section 5.1, and OpenID Connect Core 1.0, section 3.1.3.3.
    ///
    /// - Parameter renewing: nil for a code; for a refresh the new refresh token, or nil inside when the old one stays.
    func answer(
        grant: Grant, id: GrantID, scope: [String], client: RegisteredClient, renewing: String??, now: Timestamp
    ) throws(CryptographyError) -> ServiceResponse {
        let key = context.keys.current
        let accessToken = try accessToken(grant: grant, id: id, scope: scope, key: key, now: now)
        var members: [(String, JSONValue)] = [
            ("access_token", .string(accessToken)),
            ("token_type", "Bearer"),
            ("expires_in", .integer(context.lifetimes.accessToken.wholeSeconds)),
            ("scope", .string(scope.joined(separator: " "))),
        ]
        if scope.contains(ProviderScope.openid.rawValue) {
            let idToken = try idToken(
                grant: grant, scope: scope, accessToken: accessToken, isRenewal: renewing != nil, key: key, now: now)
            members.append(("id_token", .string(idToken)))
        }
        if let refreshToken = try refreshToken(grant: grant, id: id, renewing: renewing, now: now) {
            members.append(("refresh_token", .string(refreshToken)))
        }
        return .unstoredJSON(.object(JSONObject(members)))
    }

    private func refreshToken(
        grant: Grant, id: GrantID, renewing: String??, now: Timestamp
    ) throws(CryptographyError) -> String? {
        if let renewing { return renewing }
        guard grant.allows(ProviderScope.offlineAccess.rawValue) else { return nil }
        let token = try context.random.secretText()
        context.state.withLock { $0.tokens.addRefreshToken(SHA256Digest(text: token), of: id, now: now) }
        return token
    }

    // MARK: Access tokens

    private func accessToken(
        grant: Grant, id: GrantID, scope: [String], key: SigningKey, now: Timestamp
    ) throws(CryptographyError) -> String {
        let identifier = try context.random.identifier()
        let ends = now + context.lifetimes.accessToken
        let audience = audience(grant: grant, scope: scope)
        let token: String
        switch context.issuer.layout.accessTokenFormat(audience: grant.audience) {
        case .opaque: token = try context.random.secretText()
        case .signed:
            // RFC 9068, section 2.2.
            let claims = JSONObject([
                ("iss", .string(context.issuer.text)),
                ("sub", .string(grant.subject)),
                ("aud", audience.count == 1 ? .string(audience[0]) : .array(audience.map { .string($0) })),
                ("exp", .integer(ends.seconds)),
                ("iat", .integer(now.seconds)),
                ("jti", .string(identifier)),
                ("client_id", .string(grant.clientID)),
                ("scope", .string(scope.joined(separator: " "))),
                ("auth_time", .integer(grant.authenticatedAt.seconds)),
                ("acr", .string(grant.authenticationContext.rawValue)),
            ])
            token = try key.sign(claims, typ: "at+jwt")
        }
        let record = AccessRecord(
            grantID: id, grant: grant, scope: scope, audience: audience, identifier: identifier, issuedAt: now,
            endsAt: ends)
        context.state.withLock { $0.tokens.addAccessToken(SHA256Digest(text: token), record, now: now) }
        return token
    }

    /// Auth0 adds its userinfo endpoint to the API that was asked for, when there is somebody to tell about.
    private func audience(grant: Grant, scope: [String]) -> [String] {
        guard let audience = grant.audience else { return [Self.defaultAudience] }
        let addsUserinfo = context.issuer.layout == .auth0 && scope.contains(ProviderScope.openid.rawValue)
        return addsUserinfo ? [audience, context.issuer.url(of: .userinfo)] : [audience]
    }

    // MARK: ID tokens

    /// OpenID Connect Core 1.0, sections 2 and 12.2.
    private func idToken(
        grant: Grant, scope: [String], accessToken: String, isRenewal: Bool, key: SigningKey, now: Timestamp
    ) throws(CryptographyError) -> String {
        var claims = JSONObject([
            ("iss", .string(context.issuer.text)),
            ("sub", .string(grant.subject)),
            ("aud", .string(grant.clientID)),
            ("exp", .integer((now + context.lifetimes.idToken).seconds)),
            ("iat", .integer(now.seconds)),
            ("auth_time", .integer(grant.authenticatedAt.seconds)),
            ("acr", .string(grant.authenticationContext.rawValue)),
            ("amr", .array(grant.authenticationContext.methods.map { .string($0) })),
            ("sid", .string(grant.sessionID)),
            ("at_hash", .string(key.halfHash(of: accessToken))),
        ])
        // Section 12.2: the ID token of a refresh should have no nonce.
        if let nonce = grant.nonce, !isRenewal { claims["nonce"] = .string(nonce) }
        if context.issuer.layout.putsProfileInIDToken, let user = context.users[grant.subject] {
            for (name, value) in UserClaims.open(to: scope, of: user) where claims[name] == nil { claims[name] = value }
        }
        return try key.sign(claims, typ: "JWT")
    }
}
