package import Cryptography
package import Formats
import JOSE
import Threads
internal import Time

/// An OpenID provider that behaves well until a test tells it not to.
///
/// Left alone it checks what a strict server checks: client authentication, PKCE, redirect URI, one use of a code, rotation
/// of refresh tokens. Every answer can be bent by its ``Script``. It is a function of calls: unit tests use it as a
/// `BackChannel`, end-to-end tests run it behind a `ServiceHost`.
package final class HostileProvider: Sendable {
    /// The parts of the provider, by path below the issuer.
    package enum Endpoint: String, Sendable, CaseIterable {
        case discovery = "/.well-known/openid-configuration"
        case authorize = "/authorize"
        case token = "/token"
        case keys = "/keys"
        case userinfo = "/userinfo"
        case revoke = "/revoke"
        case logout = "/logout"
    }

    /// A request that reached it.
    package struct Call: Sendable {
        package var endpoint: Endpoint
        package var method: String
        /// As it was called, scheme and authority included where they are known.
        package var url: String
        package var headers: [(name: String, value: String)]
        /// Parameters of the query, then of the form.
        package var query: [(name: String, value: String)]
        package var form: [(name: String, value: String)]

        package func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// All values of a parameter of query or form.
        package func values(_ name: String) -> [String] { (query + form).filter { $0.name == name }.map(\.value) }
        package func value(_ name: String) -> String? { values(name).first }
    }

    package enum Answer: Sendable {
        case response(status: Int, headers: [(name: String, value: String)], body: [UInt8])
        /// The request arrives, the answer does not.
        case lost
        /// The request does not arrive.
        case unreachable

        package static func json(
            _ object: JSONObject, status: Int = 200, headers: [(name: String, value: String)] = []
        ) -> Answer {
            .response(status: status, headers: [("content-type", "application/json")] + headers, body: object.encoded)
        }

        package static func text(_ text: String, status: Int = 200, type: String = "text/html") -> Answer {
            .response(status: status, headers: [("content-type", type)], body: Array(text.utf8))
        }

        package static func empty(_ status: Int, headers: [(name: String, value: String)] = []) -> Answer {
            .response(status: status, headers: headers, body: [])
        }

        package static func error(_ code: String, status: Int = 400) -> Answer {
            .json(["error": .string(code)], status: status)
        }
    }

    /// What a test bends.
    ///
    /// Each closure changes an honest answer; ``intercept`` replaces it.
    package struct Script: Sendable {
        package var metadata: @Sendable (inout JSONObject) -> Void = { _ in }
        package var keySet: @Sendable (inout JSONObject) -> Void = { _ in }
        package var idTokenHeader: @Sendable (inout JSONObject) -> Void = { _ in }
        package var idTokenClaims: @Sendable (inout JSONObject) -> Void = { _ in }
        /// The compact ID token on its way out.
        package var idToken: @Sendable (String) -> String = { $0 }
        package var tokenResponse: @Sendable (inout JSONObject) -> Void = { _ in }
        package var userinfo: @Sendable (inout JSONObject) -> Void = { _ in }
        /// The parameters of an authorization response.
        package var callback: @Sendable (inout [(name: String, value: String)]) -> Void = { _ in }
        /// Asked first, with the number of earlier calls to the same endpoint; nil lets the provider answer.
        package var intercept: @Sendable (Call, Int) async -> Answer? = { _, _ in nil }
        /// Added to every answer.
        package var headers: [(name: String, value: String)] = []
        /// Where its address lies, for calls that are no calls over sockets.
        package var scope = AddressScope.global
        /// Tokens of a code and of a refresh last that long.
        package var lifetime: Int64? = 300
        package var rotatesRefreshTokens = true
        package var refreshBringsIDToken = true
        package var issuesRefreshTokens = true
        /// What is the same for every user.
        package var claims: JSONObject = [
            "name": "Alice Example", "email": "alice@example.com", "email_verified": true,
        ]

        init() {}
    }

    /// What is behind a code or a refresh token.
    struct Grant: Sendable {
        var subject: String
        var nonce: String?
        var challenge = ""
        var redirectURI = ""
        var scope: String
        var sid: String
        var authTime: Int64
        var isUsed = false
    }

    struct State: Sendable {
        var script = Script()
        var calls: [Call] = []
        var codes: [String: Grant] = [:]
        var refreshTokens: [String: Grant] = [:]
        var accessTokens: [String: Grant] = [:]
        /// Refresh tokens that rotation has replaced, with their subject.
        var replacedTokens: [String: String] = [:]
        /// How often a subject's replaced token came back, and was refused.
        var reuses: [String: Int] = [:]
        var revoked: [String] = []
        var keys: [(kid: String, key: PrivateKey)]
        var counter = 0
    }

    package let issuer: String
    package let clientID: String
    /// Nil for a public client.
    package let secret: String?
    let clock: FakeClock?
    let state: Locked<State>

    /// - Parameter clock: nil for the machine's clock.
    package init(
        issuer: String = "https://idp.example.com", clientID: String = "postern", secret: String? = "s3cret",
        clock: FakeClock? = nil
    ) {
        self.issuer = issuer
        self.clientID = clientID
        self.secret = secret
        self.clock = clock
        state = Locked(State(keys: [("key-1", Self.firstKey)]))
    }

    private static let firstKey = makeKey()

    package static func makeKey() -> PrivateKey {
        do { return try PrivateKey.generate(.ec(.p256)) } catch { fatalError("no key: \(error)") }
    }

    var now: Timestamp { clock?.now ?? .read() }

    // MARK: The test's side

    /// Changes the script.
    package func bend(_ change: (inout Script) -> Void) {
        state.withLock { change(&$0.script) }
    }

    /// How often a replaced refresh token of this subject came back, and was refused.
    package func reuses(by subject: String) -> Int { state.withLock { $0.reuses[subject] ?? 0 } }

    package var calls: [Call] { state.withLock { $0.calls } }
    package func calls(to endpoint: Endpoint) -> [Call] { calls.filter { $0.endpoint == endpoint } }
    package func forgetCalls() { state.withLock { $0.calls = [] } }
    /// Tokens given to the revocation endpoint, in order.
    package var revoked: [String] { state.withLock { $0.revoked } }

    /// A new signing key; the old ones stay in the key set unless they are withdrawn.
    package func rotateKey(kid: String, withdrawing: Bool = false) {
        let key = Self.makeKey()
        state.withLock { state in
            if withdrawing { state.keys = [] }
            state.keys.insert((kid, key), at: 0)
        }
    }

    package var signingKey: PrivateKey { state.withLock { $0.keys[0].key } }

    /// A user signs in: what the authorization endpoint makes of a request's URL.
    ///
    /// - Returns: the parameters of the response, as the script wants them.
    package func authorize(
        _ location: String, subject: String = "alice", error: String? = nil
    ) throws -> [(name: String, value: String)] {
        let query = location.split(separator: "?", maxSplits: 1).last.map(String.init) ?? ""
        let parameters = try FormEncoding.parse(query.utf8Span.span)
        return authorize(parameters, subject: subject, error: error)
    }

    // MARK: The provider's side

    func authorize(
        _ parameters: [(name: String, value: String)], subject: String, error: String?
    ) -> [(name: String, value: String)] {
        func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
        let code = fresh("code")
        let grant = Grant(
            subject: subject, nonce: value("nonce"), challenge: value("code_challenge") ?? "",
            redirectURI: value("redirect_uri") ?? "", scope: value("scope") ?? "", sid: fresh("sid"),
            authTime: now.seconds)
        var response: [(name: String, value: String)] = error.map { [("error", $0)] } ?? [("code", code)]
        if let state = value("state") { response.append(("state", state)) }
        response.append(("iss", issuer))
        let script = state.withLock { state in
            state.codes[code] = grant
            return state.script
        }
        script.callback(&response)
        return response
    }

    func fresh(_ kind: String) -> String {
        let number = state.withLock { state in
            state.counter += 1
            return state.counter
        }
        return "\(kind)-\(number)-canary"
    }

    /// Answers a call, after the script had its say.
    package func answer(_ call: Call) async -> Answer {
        let (script, earlier) = state.withLock { state in
            let earlier = state.calls.count { $0.endpoint == call.endpoint }
            state.calls.append(call)
            return (state.script, earlier)
        }
        var answer: Answer
        if let intercepted = await script.intercept(call, earlier) {
            answer = intercepted
        } else {
            answer = honest(call, script)
        }
        if case .response(let status, let headers, let body) = answer {
            answer = .response(status: status, headers: headers + script.headers, body: body)
        }
        return answer
    }

    private func honest(_ call: Call, _ script: Script) -> Answer {
        switch call.endpoint {
        case .discovery: return .json(metadata(script))
        case .keys: return .json(keySet(script))
        case .token: return token(call, script)
        case .userinfo: return userinfo(call, script)
        case .revoke:
            guard isAuthenticated(call) else { return .error("invalid_client", status: 401) }
            state.withLock { $0.revoked += call.values("token") }
            return .empty(200)
        case .authorize, .logout: return .empty(404)
        }
    }
}
