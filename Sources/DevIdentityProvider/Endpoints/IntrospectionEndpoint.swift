import Cryptography
import Formats
import HTTPServer
import Threads
import Time

/// Introspection: RFC 7662.
///
/// For clients with a secret alone; of a token that is not theirs to ask about they learn nothing.
struct IntrospectionEndpoint: Sendable {
    let context: ProviderContext

    func answer(_ request: ServiceRequest) -> ServiceResponse {
        guard let form = request.form else {
            return .refusal(.invalidRequest("The body must be application/x-www-form-urlencoded."))
        }
        if form.firstRepeated != nil { return .refusal(.invalidRequest("A parameter comes twice.")) }
        let caller: RegisteredClient
        do {
            caller = try ClientAuthentication(context: context).confidentialClient(of: request, form: form)
        } catch { return error.response }
        guard let token = form["token"] else { return .refusal(.invalidRequest("token is missing.")) }
        return .unstoredJSON(.object(description(of: SHA256Digest(text: token), for: caller)))
    }

    private func description(of token: SHA256Digest, for caller: RegisteredClient) -> JSONObject {
        let now = context.time.now()
        let inactive = JSONObject([("active", .bool(false))])
        if let record = context.state.withLock({ $0.tokens.accessToken(token, at: now) }) {
            let isForCaller =
                record.grant.clientID == caller.id || caller.resource.map(record.audience.contains) == true
            return isForCaller ? describe(record) : inactive
        }
        if let grant = context.state.withLock({ $0.tokens.refreshToken(token, at: now) }), grant.clientID == caller.id {
            return JSONObject([
                ("active", .bool(true)),
                ("scope", .string(grant.scope.joined(separator: " "))),
                ("client_id", .string(grant.clientID)),
                ("sub", .string(grant.subject)),
                ("iss", .string(context.issuer.text)),
            ])
        }
        return inactive
    }

    private func describe(_ record: AccessRecord) -> JSONObject {
        JSONObject([
            ("active", .bool(true)),
            ("scope", .string(record.scope.joined(separator: " "))),
            ("client_id", .string(record.grant.clientID)),
            ("username", .string(context.users[record.grant.subject]?.displayName ?? record.grant.subject)),
            ("token_type", "Bearer"),
            ("exp", .integer(record.endsAt.seconds)),
            ("iat", .integer(record.issuedAt.seconds)),
            ("sub", .string(record.grant.subject)),
            ("aud", .array(record.audience.map { .string($0) })),
            ("iss", .string(context.issuer.text)),
            ("jti", .string(record.identifier)),
        ])
    }
}
