import Cryptography
import Formats
import HTTPServer
import Threads
import Time

/// The token endpoint: RFC 6749, sections 4.1.3 and 6.
struct TokenEndpoint: Sendable {
    let context: ProviderContext

    func answer(_ request: ServiceRequest) throws(CryptographyError) -> ServiceResponse {
        guard let form = request.form else {
            return .refusal(.invalidRequest("The body must be application/x-www-form-urlencoded."))
        }
        if form.firstRepeated != nil { return .refusal(.invalidRequest("A parameter comes twice.")) }
        let client: RegisteredClient
        do {
            client = try ClientAuthentication(context: context).client(of: request, form: form)
        } catch { return error.response }
        switch form["grant_type"] {
        case "authorization_code": return try redeem(form, client)
        case "refresh_token": return try renew(form, client)
        case nil: return .refusal(.invalidRequest("grant_type is missing."))
        default:
            return .refusal(
                OAuthError(.unsupportedGrantType, "Only authorization_code and refresh_token are offered."))
        }
    }

    private func redeem(_ form: Parameters, _ client: RegisteredClient) throws(CryptographyError) -> ServiceResponse {
        guard let code = form["code"] else { return .refusal(.invalidRequest("code is missing.")) }
        guard let text = form["code_verifier"] else {
            return .refusal(.invalidRequest("code_verifier is missing."))
        }
        guard let verifier = CodeVerifier(text) else {
            return .refusal(.invalidRequest("code_verifier must have 43 to 128 unreserved characters."))
        }
        let now = context.time.now()
        let redirectURI = form["redirect_uri"]
        let digest = SHA256Digest(text: code)
        let outcome = context.state.withLock { state -> Result<Redemption, OAuthError> in
            do throws(OAuthError) {
                return .success(
                    try state.tokens.redeem(
                        digest, clientID: client.id, redirectURI: redirectURI, verifier: verifier, now: now))
            } catch { return .failure(error) }
        }
        switch outcome {
        case .failure(let error): return .refusal(error)
        case .success(let redemption):
            return try context.tokens.answer(
                grant: redemption.grant, id: redemption.id, scope: redemption.grant.scope, client: client,
                renewing: nil,
                now: now)
        }
    }

    private func renew(_ form: Parameters, _ client: RegisteredClient) throws(CryptographyError) -> ServiceResponse {
        guard let token = form["refresh_token"] else {
            return .refusal(.invalidRequest("refresh_token is missing."))
        }
        let now = context.time.now()
        let digest = SHA256Digest(text: token)
        // Drawn before the lock is taken, so that judging and replacing are one step.
        let successor = context.rotatesRefreshTokens ? try context.random.secretText() : nil
        let successorDigest = successor.map { SHA256Digest(text: $0) }
        let asked = form["scope"]?.split(separator: " ").map(String.init)
        let outcome = context.state.withLock { state -> Result<TokenBook.Renewal, OAuthError> in
            do throws(OAuthError) {
                let renewal = try state.tokens.renewal(with: digest, clientID: client.id, now: now)
                // RFC 6749, section 6: less is allowed, more is not; a refusal must not use up the token.
                if let asked, !asked.allSatisfy(renewal.grant.allows) {
                    throw OAuthError(.invalidScope, "A refresh cannot widen the scope.")
                }
                if let successorDigest { state.tokens.replace(digest, by: successorDigest, renewal, now: now) }
                return .success(renewal)
            } catch { return .failure(error) }
        }
        switch outcome {
        case .failure(let error): return .refusal(error)
        case .success(let renewal):
            return try context.tokens.answer(
                grant: renewal.grant, id: renewal.grantID, scope: asked ?? renewal.grant.scope, client: client,
                renewing: .some(successor), now: now)
        }
    }
}
