package import Bytes
package import Formats
import JOSE
import Time

/// What a session knows that a refresh needs.
package struct RefreshRequest: Sendable {
    package let refreshToken: Secret
    /// Of the session; a refresh token never goes to another issuer (B30).
    package let issuer: String
    package let subject: String
    /// The session's claims.
    package let claims: JSONObject
    package let scope: String?

    package init(refreshToken: Secret, issuer: String, subject: String, claims: JSONObject, scope: String?) {
        self.refreshToken = refreshToken
        self.issuer = issuer
        self.subject = subject
        self.claims = claims
        self.scope = scope
    }
}

/// What became of a refresh (B33–B37).
package enum RefreshOutcome: Sendable, Equatable {
    /// New tokens; claims are those of before where the answer brought none.
    case renewed(GrantedTokens)
    /// The refresh token is dead: never try it again.
    ///
    /// - Parameter endsNow: the session ends at once; else when its access token does (B35).
    case fatal(reason: String, endsNow: Bool)
    /// The provider is in trouble: the session goes on with what it has (B36).
    case transient(reason: String, retryAfter: Duration)
    /// This client itself is refused: a person must act; sessions go on with what they have (B36).
    case operatorError(reason: String)

    /// All values of ``label``.
    package static let labels = ["renewed", "fatal", "transient", "operator_error"]

    /// A word for `refreshes_total{outcome}`.
    package var label: String {
        switch self {
        case .renewed: "renewed"
        case .fatal: "fatal"
        case .transient: "transient"
        case .operatorError: "operator_error"
        }
    }
}

/// Trades a refresh token for new tokens (RFC 6749, section 6; OpenID Connect Core, section 12).
struct TokenRefresh: Sendable {
    let endpoint: TokenEndpoint
    let idTokens: IDTokenCheck
    let userinfo: UserinfoRequest
    let observe: @Sendable (ProviderEvent) -> Void

    private var settings: ProviderSettings { endpoint.calls.settings }

    func refresh(_ request: RefreshRequest) async -> RefreshOutcome {
        guard request.issuer.isExactly(endpoint.metadata.issuer), let token = request.refreshToken.exposedText else {
            return .fatal(reason: "other_issuer", endsNow: true)
        }
        let begun = endpoint.calls.time.now()
        // No scope: that asks for what was granted, never for more (B38).
        var form = [("grant_type", "refresh_token"), ("refresh_token", token)]
        for resource in settings.resources { form.append(("resource", resource)) }
        var outcome = await endpoint.ask(form)
        // The answer may be lost although the provider rotated the token; most allow a short while in which the old one
        // gives the same again (B34; FAPI 2.0 Security Profile, section 5.3.2.1).
        if case .unanswered(let failure) = outcome, failure.mayHaveArrived { outcome = await endpoint.ask(form) }
        switch outcome {
        case .answered(let answer): return await judge(answer, request, begun)
        case .unanswered(let failure): return .transient(reason: failure.reason, retryAfter: .seconds(5))
        case .heldBack(let wait): return .transient(reason: "held_back", retryAfter: wait)
        }
    }

    private func judge(_ answer: TokenAnswer, _ request: RefreshRequest, _ begun: Timestamp) async -> RefreshOutcome {
        switch answer {
        case .granted(let response):
            guard response.kind == .bearer else { return .fatal(reason: "answer_token_type", endsNow: false) }
            return await accept(response, request, begun)
        case .refused(.invalidGrant): return .fatal(reason: "invalid_grant", endsNow: true)
        case .refused(let code) where code == .invalidClient || code == .unauthorizedClient:
            return .operatorError(reason: code.rawValue)
        case .refused(let code): return .fatal(reason: code.rawValue, endsNow: false)
        // A maintenance page: the token may still be good.
        case .malformed(.notJSON): return .transient(reason: "answer_not_json", retryAfter: .seconds(10))
        case .malformed(.status): return .transient(reason: "answer_status", retryAfter: .seconds(10))
        case .malformed(let problem): return .fatal(reason: problem.rawValue, endsNow: false)
        case .unavailable(let reason, let wait): return .transient(reason: reason, retryAfter: wait ?? .seconds(5))
        }
    }

    private func accept(_ response: TokenResponse, _ request: RefreshRequest, _ begun: Timestamp) async
        -> RefreshOutcome
    {
        let scope = response.scope ?? request.scope
        guard let raw = response.idToken?.exposedText else { return .renewed(kept(response, request, scope)) }
        do throws(OpenIDConnectError) {
            let expected = IDTokenCheck.Expectations(
                nonce: .absentOr(request.claims["nonce"]?.string), earliest: begun,
                accessToken: response.accessToken.exposedText ?? "", code: nil)
            let claims = try await idTokens.check(raw, expected).claims
            // The same user in the same login (OpenID Connect Core, section 12.2): else all of the answer goes, and the
            // session with it (B37).
            guard let subject = claims["sub"]?.string, subject.isExactly(request.subject),
                Self.isSameAuthentication(claims, request.claims)
            else { return .fatal(reason: "refreshed_other_login", endsNow: true) }
            let completed: JSONObject
            do throws(OpenIDConnectError) {
                completed = try await renewed(claims, response, request, scope)
            } catch {
                return .fatal(reason: error.reason, endsNow: true)
            }
            return .renewed(
                GrantedTokens(
                    response, claims, claims: completed, subject: subject, issuer: request.issuer, scope: scope,
                    idToken: response.idToken, previousRefreshToken: request.refreshToken))
        } catch {
            guard Self.isForWantOfKeys(error), isAboutTheSame(raw, request) else {
                return .fatal(reason: error.reason, endsNow: true)
            }
            // The key cannot be had just now. A refresh need not bring an ID token, so this one is left aside; throwing
            // away the rotated refresh token would end the session for a lag in key publication.
            observe(.refreshedIDTokenIgnored(error.reason))
            return .renewed(kept(response, request, scope))
        }
    }

    /// New tokens, everything else as before.
    private func kept(_ response: TokenResponse, _ request: RefreshRequest, _ scope: String?) -> GrantedTokens {
        GrantedTokens(
            response, request.claims, claims: request.claims, subject: request.subject, issuer: request.issuer,
            scope: scope, idToken: nil, previousRefreshToken: request.refreshToken)
    }

    private static func isSameAuthentication(_ new: JSONObject, _ old: JSONObject) -> Bool {
        guard let time = new["auth_time"], let before = old["auth_time"] else { return true }
        return time == before
    }

    private static func isForWantOfKeys(_ error: OpenIDConnectError) -> Bool {
        switch error {
        case .unavailable, .token(.noKey): true
        default: false
        }
    }

    /// Even of a token that cannot be verified: one that names somebody else says that something is wrong.
    private func isAboutTheSame(_ raw: String, _ request: RefreshRequest) -> Bool {
        guard let claims = try? JSONWebToken.parse(raw).claims, let issuer = claims["iss"]?.string,
            let subject = claims["sub"]?.string
        else { return false }
        return issuer.isExactly(request.issuer) && subject.isExactly(request.subject)
    }

    /// The new claims; where userinfo does not answer, what it said before stays.
    ///
    /// - Throws: for an answer that is wrong, as at the login: one about somebody else, above all (C51, C53).
    private func renewed(
        _ claims: JSONObject, _ response: TokenResponse, _ request: RefreshRequest, _ scope: String?
    ) async throws(OpenIDConnectError) -> JSONObject {
        do throws(OpenIDConnectError) {
            return try await userinfo.completed(
                claims, accessToken: response.accessToken, subject: request.subject, scope: scope, observe: observe)
        } catch {
            guard UserinfoRequest.isForgivable(error) || Self.isForWantOfKeys(error) else { throw error }
            observe(.userinfoSkipped(error.reason))
            return request.claims.merging(claims)
        }
    }
}
