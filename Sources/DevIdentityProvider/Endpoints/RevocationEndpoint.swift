import Cryptography
import HTTPServer
import Threads
import Time

/// Revocation: RFC 7009.
struct RevocationEndpoint: Sendable {
    let context: ProviderContext

    func answer(_ request: ServiceRequest) -> ServiceResponse {
        guard let form = request.form else {
            return .refusal(.invalidRequest("The body must be application/x-www-form-urlencoded."))
        }
        if form.firstRepeated != nil { return .refusal(.invalidRequest("A parameter comes twice.")) }
        let client: RegisteredClient
        do {
            client = try ClientAuthentication(context: context).client(of: request, form: form)
        } catch { return error.response }
        guard let token = form["token"] else { return .refusal(.invalidRequest("token is missing.")) }
        let now = context.time.now()
        context.state.withLock { $0.tokens.revoke(SHA256Digest(text: token), of: client.id, now: now) }
        // Section 2.2: 200 for a token that is not there too; whoever holds it wanted it gone.
        return ServiceResponse(status: 200, headers: [("Cache-Control", "no-store")], body: [])
    }
}
