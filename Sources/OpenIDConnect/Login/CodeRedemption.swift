import Bytes
import Formats
import JOSE
import Time

/// Trades a code for tokens and makes sure of whom they speak (OpenID Connect Core, section 3.1.3).
struct CodeRedemption: Sendable {
    let endpoint: TokenEndpoint
    let idTokens: IDTokenCheck
    let userinfo: UserinfoRequest
    let observe: @Sendable (ProviderEvent) -> Void

    private var settings: ProviderSettings { endpoint.calls.settings }
    private var metadata: ProviderMetadata { endpoint.metadata }

    /// Sends the code once.
    ///
    /// Nothing is called with the access token before the ID token is believed (B25).
    func redeem(_ callback: consuming CheckedCallback) async throws(OpenIDConnectError) -> GrantedTokens {
        let attempt = callback.attempt
        let place = callback.place
        defer { place.leave() }
        let code = callback.code.exposedText ?? ""
        let response = try await exchange(code, attempt)
        guard let rawIDToken = response.idToken?.exposedText else { throw .answer(.idTokenMissing) }
        let idToken = try await idTokens.check(rawIDToken, expectations(attempt, response, code: code))
        guard let subject = idToken.claims["sub"]?.string else { throw .token(.subject) }
        let asked = metadata.scopes(settings)
        let scope = response.scope ?? asked.joined(separator: " ")
        noteWidening(of: asked, to: response.scope)
        let claims = try await userinfo.completed(
            idToken.claims, accessToken: response.accessToken, subject: subject, scope: scope, observe: observe)
        return GrantedTokens(
            response, idToken.claims, claims: claims, subject: subject, issuer: metadata.issuer, scope: scope,
            idToken: response.idToken)
    }

    private func exchange(_ code: String, _ attempt: LoginAttempt) async throws(OpenIDConnectError) -> TokenResponse {
        var form: [(String, String)] = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", attempt.redirectURI),
            ("code_verifier", attempt.proofKey.verifier),
        ]
        for resource in attempt.resources { form.append(("resource", resource)) }
        switch await endpoint.ask(form) {
        case .answered(.granted(let response)):
            guard response.kind == .bearer else { throw .answer(.tokenType) }
            return response
        case .answered(.refused(let code)): throw .tokenEndpoint(code)
        case .answered(.malformed(let problem)): throw .answer(problem)
        case .answered(.unavailable(let reason, let wait)):
            throw .unavailable(reason: reason, retryAfter: wait ?? .seconds(5))
        case .unanswered(let failure): throw .unavailable(reason: failure.reason, retryAfter: .seconds(5))
        case .heldBack(let wait): throw .unavailable(reason: "held_back", retryAfter: wait)
        }
    }

    private func expectations(
        _ attempt: LoginAttempt, _ response: TokenResponse, code: String
    ) -> IDTokenCheck.Expectations {
        IDTokenCheck.Expectations(
            nonce: .sent(attempt.nonce), earliest: attempt.createdAt,
            accessToken: response.accessToken.exposedText ?? "", code: code,
            maxAge: attempt.maxAge.map { .seconds($0) }, acrValues: attempt.acrValues,
            reauthentication: attempt.reauthentication)
    }

    private func noteWidening(of asked: [String], to granted: String?) {
        let more = (granted ?? "").split(separator: " ").map(String.init).filter { !asked.contains($0) }
        if !more.isEmpty { observe(.scopeWidened(more)) }
    }
}

extension GrantedTokens {
    /// From a checked answer.
    ///
    /// - Parameters:
    ///   - protocolClaims: claims of the ID token alone; what protocols depend on comes from there.
    ///   - claims: those completed from userinfo.
    ///   - idToken: the raw token that ``claims`` come from; nil when it is an earlier one.
    ///   - previousRefreshToken: stays when the answer brings no new one (B33).
    init(
        _ response: TokenResponse, _ protocolClaims: JSONObject, claims: JSONObject, subject: String, issuer: String,
        scope: String?, idToken: Secret?, previousRefreshToken: Secret? = nil
    ) {
        self.init(
            accessToken: response.accessToken, tokenType: response.kind.rawValue, expiresIn: response.expiresIn,
            refreshToken: response.refreshToken ?? previousRefreshToken, idToken: idToken, scope: scope,
            issuer: issuer, subject: subject, sid: protocolClaims["sid"]?.string,
            authTime: Self.time(protocolClaims["auth_time"]), acr: protocolClaims["acr"]?.string,
            issuedAt: Self.time(protocolClaims["iat"]), claims: claims)
    }

    /// Zero is no time of an authentication, although one provider writes it.
    private static func time(_ value: JSONValue?) -> Timestamp? {
        guard let seconds = value?.double, (1...253_402_300_799).contains(seconds) else { return nil }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }
}

extension UserinfoRequest {
    /// The ID token's claims with what userinfo adds, if anything has to be added.
    func completed(
        _ claims: JSONObject, accessToken: Secret, subject: String, scope: String?,
        observe: @Sendable (ProviderEvent) -> Void
    ) async throws(OpenIDConnectError) -> JSONObject {
        var completed = claims
        if let want = want(having: claims, scope: scope) {
            do throws(OpenIDConnectError) {
                // What the ID token says is signed and stays.
                completed = try await self.claims(accessToken: accessToken, subject: subject).merging(claims)
            } catch {
                guard want == .should, Self.isForgivable(error) else { throw error }
                observe(.userinfoSkipped(error.reason))
            }
        }
        guard completed.encoded.count <= Self.longest else { throw .answer(.claimsTooLarge) }
        return completed
    }

    /// An endpoint in trouble may be gone without; an answer that is wrong may not (C51, C53).
    static func isForgivable(_ error: OpenIDConnectError) -> Bool {
        switch error {
        case .unavailable, .answer(.userinfoStatus): true
        default: false
        }
    }
}
