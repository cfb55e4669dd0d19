import Cryptography
import Formats
import HTTPServer
import Threads
import Time

/// Userinfo: OpenID Connect Core 1.0, section 5.3.
struct UserInfoEndpoint: Sendable {
    let context: ProviderContext

    func answer(_ request: ServiceRequest) -> ServiceResponse {
        let token: String
        switch presented(request) {
        case .absent: return challenge(status: 401, error: nil)
        case .unreadable: return challenge(status: 400, error: "invalid_request")
        case .present(let text): token = text
        }
        let now = context.time.now()
        let digest = SHA256Digest(text: token)
        guard let record = context.state.withLock({ $0.tokens.accessToken(digest, at: now) }),
            let user = context.users[record.grant.subject]
        else { return challenge(status: 401, error: "invalid_token") }
        guard record.scope.contains(ProviderScope.openid.rawValue) else {
            return challenge(status: 403, error: "insufficient_scope", scope: ProviderScope.openid.rawValue)
        }
        var claims = JSONObject([("sub", .string(user.subject))])
        for (name, value) in UserClaims.open(to: record.scope, of: user) { claims[name] = value }
        return .unstoredJSON(.object(claims))
    }

    /// In the header, or in a form body, not both (RFC 6750, section 2); never in the query.
    private func presented(_ request: ServiceRequest) -> BearerToken {
        let inHeader = request.bearerToken
        guard request.method == "POST", let form = request.form else { return inHeader }
        if form.isRepeated("access_token") { return .unreadable }
        guard let inForm = form["access_token"] else { return inHeader }
        return inHeader == .absent ? .present(inForm) : .unreadable
    }

    private func challenge(status: Int, error: String?, scope: String? = nil) -> ServiceResponse {
        BearerChallenge(realm: "postern-dev", error: error, scope: scope).response(status: status)
    }
}

/// The answer to a request without a good enough token: RFC 6750, section 3.
struct BearerChallenge: Sendable {
    let realm: String
    /// Nil when no token was sent: then the challenge has no error code (section 3.1).
    let error: String?
    let scope: String?

    func response(status: Int, description: String? = nil) -> ServiceResponse {
        var field = "Bearer realm=\"\(realm)\""
        var members: [(String, JSONValue)] = [("status", .integer(Int64(status)))]
        if let error {
            field += ", error=\"\(error)\""
            members.append(("error", .string(error)))
        }
        if let description {
            field += ", error_description=\"\(description)\""
            members.append(("error_description", .string(description)))
        }
        if let scope {
            field += ", scope=\"\(scope)\""
            members.append(("scope", .string(scope)))
        }
        return .unstoredJSON(
            .object(JSONObject(members)), status: status, headers: [("WWW-Authenticate", field)])
    }
}
