import Bytes
import Formats
import JOSE
import Time

/// Asks the userinfo endpoint, and believes what it says of the right user only (OpenID Connect Core, section 5.3).
struct UserinfoRequest: Sendable {
    let calls: ProviderCalls
    let metadata: ProviderMetadata
    let idTokens: IDTokenCheck
    /// Claims, as dotted paths, that routes and headers need.
    let needed: [String]

    private var settings: ProviderSettings { calls.settings }

    /// Why to ask.
    enum Want: Sendable {
        /// The settings say always, or a route needs a claim: without an answer the login fails.
        case must
        /// A granted scope promises claims that are missing: without an answer the login goes on.
        case should
    }

    /// Nil when the claims at hand are enough.
    func want(having claims: JSONObject, scope: String?) -> Want? {
        switch settings.userinfo {
        case .never: return nil
        case .always: return .must
        case .whenNeeded:
            guard metadata.userinfoEndpoint != nil else { return nil }
            if needed.contains(where: { ClaimPath($0).value(in: claims) == nil }) { return .must }
            let scopes = scope.map { $0.split(separator: " ") } ?? []
            if scopes.contains("email"), !claims.contains("email") { return .should }
            if scopes.contains("profile"), !Self.profile.contains(where: { claims.contains($0) }) { return .should }
            return nil
        }
    }

    /// Any of these shows that the `profile` scope was honoured (OpenID Connect Core, section 5.4).
    private static let profile = ["name", "preferred_username", "given_name", "family_name", "nickname", "profile"]

    /// Of an answer and of what it leaves in a session.
    static let longest = 128 * 1024

    /// The claims of the user, protocol claims removed.
    func claims(accessToken: Secret, subject: String) async throws(OpenIDConnectError) -> JSONObject {
        guard let endpoint = metadata.userinfoEndpoint, let token = accessToken.exposedText else { throw .settings }
        let response: BackChannelResponse
        do throws(BackChannelFailure) {
            // In the header and nowhere else (RFC 6750, section 2.1).
            response = try await calls.call(
                .userinfo, endpoint, reach: metadata.reach, accept: "application/json",
                headers: [("Authorization", "Bearer " + token)], maximumBytes: Self.longest)
        } catch {
            throw .unavailable(reason: "userinfo_" + error.reason, retryAfter: .seconds(5))
        }
        let claims = try await claims(in: response)
        // Before anything else of it counts: this answer may be about somebody else (token substitution, section 5.3.2).
        guard let found = claims["sub"]?.string, found.isExactly(subject) else { throw .answer(.userinfoSubject) }
        return Self.useful(claims)
    }

    private func claims(in response: BackChannelResponse) async throws(OpenIDConnectError) -> JSONObject {
        switch response.status {
        case 200: break
        case 401: throw .answer(.userinfoRefused)
        case 429, 500...:
            let wait = RetryAfter.read(response, now: calls.time.now()) ?? .seconds(5)
            throw .unavailable(reason: "userinfo_status_\(response.status)", retryAfter: wait)
        default: throw .answer(.userinfoStatus)
        }
        switch response.mediaType {
        case "application/json":
            guard let value = try? JSONValue(parsing: response.body), let object = value.object else {
                throw .answer(.userinfoForm)
            }
            return object
        case "application/jwt":
            guard let text = String(strictUTF8: response.body.span) else { throw .answer(.userinfoForm) }
            let token = try await idTokens.verified(text, as: .userInfo)
            do throws(JOSEError) {
                try ClaimCheck.issuer(token.claims, is: metadata.issuer)
                try ClaimCheck.audience(token.claims, contains: settings.clientID)
                if token.claims.contains("exp") {
                    try ClaimCheck.expiry(token.claims, now: calls.time.now(), skew: settings.clockSkew)
                }
            } catch {
                throw .answer(.userinfoIssuer)
            }
            return token.claims
        default: throw .answer(.userinfoForm)
        }
    }

    /// Claims that others vouch for are neither fetched nor believed (C53), and protocol claims stay those of the ID token.
    private static func useful(_ claims: JSONObject) -> JSONObject {
        var claims = claims
        for name in ["_claim_names", "_claim_sources"] + ProtocolClaims.names { claims[name] = nil }
        return claims
    }
}
