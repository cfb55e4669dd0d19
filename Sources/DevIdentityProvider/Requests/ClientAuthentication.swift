import Bytes
import Formats
import HTTPServer
import Threads
import Time

/// Finds out which client calls, and whether it is that client (H13): RFC 6749, section 2.3.
struct ClientAuthentication: Sendable {
    let context: ProviderContext

    /// Who called.
    ///
    /// A public client only says who it is; PKCE and the refresh token have to prove the rest.
    func client(of request: ServiceRequest, form: Parameters) throws(ClientRefusal) -> RegisteredClient {
        let basic = try basicCredentials(request)
        let posted = form["client_secret"]
        // RFC 6749, section 2.3: one method a request.
        if basic != nil, posted != nil {
            throw ClientRefusal(.invalidRequest("Two client authentication methods in one request."), status: 400)
        }
        if form["client_assertion"] != nil || form["client_assertion_type"] != nil {
            throw ClientRefusal(.invalidClient("Client assertions are not offered."), status: 401)
        }
        if let basic, let named = form["client_id"], named != basic.id {
            throw ClientRefusal(.invalidRequest("client_id is not the client that authenticates."), status: 400)
        }
        guard let id = basic?.id ?? form["client_id"] else {
            throw ClientRefusal(.invalidClient("No client authentication and no client_id."), status: 401)
        }
        return try judge(id: id, secret: basic?.secret ?? posted, peer: request.peer, wasBasic: basic != nil)
    }

    /// The calling client, which must have proved itself by a secret (H22).
    func confidentialClient(of request: ServiceRequest, form: Parameters) throws(ClientRefusal) -> RegisteredClient {
        let client = try client(of: request, form: form)
        guard client.isConfidential else {
            throw ClientRefusal(.invalidClient("This endpoint needs a client with a secret."), status: 401)
        }
        return client
    }

    private func judge(
        id: String, secret: String?, peer: String, wasBasic: Bool
    ) throws(ClientRefusal) -> RegisteredClient {
        let now = context.time.now()
        // One refusal for every reason: which clients exist is nobody's business.
        let refusal = ClientRefusal(
            .invalidClient("The client is unknown, or its secret is wrong or missing."), status: 401,
            triedBasic: wasBasic)
        guard let client = context.clients[id] else { throw refusal }
        guard client.isConfidential else {
            // A secret sent by a client that has none points to a mistake in its configuration.
            if secret != nil { throw refusal }
            return client
        }
        guard let secret else { throw refusal }
        guard context.state.withLock({ $0.attempts.allows(clientID: id, peer: peer, at: now) }) else {
            throw ClientRefusal(
                .invalidClient("Too many wrong secrets; try again in a minute."), status: 401, triedBasic: wasBasic,
                retryAfter: 60)
        }
        guard context.clients.accepts(secret: secret, of: client) else {
            context.state.withLock { $0.attempts.noteFailure(clientID: id, peer: peer, now: now) }
            throw refusal
        }
        context.state.withLock { $0.attempts.noteSuccess(clientID: id, peer: peer) }
        return client
    }

    /// `client_secret_basic`: identifier and secret are form-encoded before they are joined (RFC 6749, section 2.3.1).
    private func basicCredentials(_ request: ServiceRequest) throws(ClientRefusal) -> (id: String, secret: String)? {
        let lines = request.headers("authorization")
        guard let line = lines.first else { return nil }
        let words = line.split(separator: " ", maxSplits: 1)
        guard lines.count == 1, words.count == 2, words[0].lowercased() == "basic",
            let decoded = Base64.decode(String(words[1])), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let id = Self.formDecoded(Array(decoded[..<colon])),
            let secret = Self.formDecoded(Array(decoded[(colon + 1)...])), !id.isEmpty
        else {
            throw ClientRefusal(
                .invalidClient("The Authorization field is not Basic client authentication."), status: 401,
                triedBasic: true)
        }
        return (id, secret)
    }

    private static func formDecoded(_ bytes: [UInt8]) -> String? {
        // Read as the name of a form field that has no value.
        guard !bytes.contains(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "=") }) else { return nil }
        if bytes.isEmpty { return "" }
        guard let pairs = try? FormEncoding.parse(bytes.span), pairs.count == 1 else { return nil }
        return pairs[0].name
    }
}

/// A caller that was not let in.
struct ClientRefusal: Error, Sendable {
    let error: OAuthError
    let status: Int
    /// Basic was tried, so the answer has to name it (RFC 6749, section 5.2).
    let triedBasic: Bool
    let retryAfter: Int?

    init(_ error: OAuthError, status: Int, triedBasic: Bool = false, retryAfter: Int? = nil) {
        self.error = error
        self.status = status
        self.triedBasic = triedBasic
        self.retryAfter = retryAfter
    }

    var response: ServiceResponse {
        var headers: [(name: String, value: String)] = []
        if triedBasic { headers.append(("WWW-Authenticate", "Basic realm=\"postern-dev\", charset=\"UTF-8\"")) }
        if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
        return .refusal(error, status: status, headers: headers)
    }
}
