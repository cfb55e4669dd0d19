package import Cryptography
import Formats
package import HTTP
import Time

/// What leads to a login: what the browser asked for, what the site and its rules demand.
package struct LoginStart: Sendable {
    /// The URL registered with the provider: the site's origin and the callback path, never from a request (A4).
    package var redirectURI: String
    /// A path on this site, already judged.
    package var returnTarget: String?
    /// The query parameters of the login request.
    package var parameters: [(name: String, value: String)] = []
    /// `acr` values that a rule demands (A24).
    package var acrValues: [String] = []
    /// How long ago the user may have authenticated, by a rule (A22).
    package var maxAge: Duration?
    /// A rule demands a new authentication (A23).
    package var reauthenticate = false
    /// Digest of the session cookie of this request, if it has one.
    package var previousSession: SHA256Digest?

    package init(redirectURI: String, returnTarget: String? = nil) {
        self.redirectURI = redirectURI
        self.returnTarget = returnTarget
    }
}

/// The way to the provider: where to send the browser and with which cookie.
package struct LoginRedirect: Sendable {
    /// Absolute URL of the authorization endpoint with all parameters.
    package let location: String
    /// The attempt, sealed.
    package let cookie: SetCookie
}

/// An authorization request (OpenID Connect Core, section 3.1.2.1): code flow, PKCE, state and nonce, always.
struct AuthorizationRequest {
    let settings: ProviderSettings
    let metadata: ProviderMetadata

    /// Makes state, nonce and proof key, seals the attempt and writes the URL.
    func make(_ start: LoginStart, now: Timestamp, cookies: AttemptCookies) throws(OpenIDConnectError) -> LoginRedirect
    {
        let asked = try RequestParameters(
            start.parameters, settings: settings, promptValues: metadata.promptValuesSupported)
        let state: String
        let nonce: String
        let proofKey: ProofKey
        do throws(CryptographyError) {
            state = Base64URL.encode(try RandomBytes.make(32))
            nonce = Base64URL.encode(try RandomBytes.make(32))
            proofKey = try ProofKey()
        } catch {
            throw .system
        }
        let attempt = LoginAttempt(
            provider: settings.name, issuer: metadata.issuer, redirectURI: start.redirectURI,
            responseMode: settings.responseMode, nonce: nonce, proofKey: proofKey, returnTarget: start.returnTarget,
            maxAge: Self.maxAge(start, asked), acrValues: start.acrValues,
            reauthentication: start.reauthenticate ? .demanded : asked.asksForLogin ? .asked : .notAsked,
            isSilent: asked.isSilent && !start.reauthenticate, resources: settings.resources, createdAt: now,
            previousSession: start.previousSession)
        let cookie = try cookies.cookie(attempt, state: state)
        return LoginRedirect(location: url(attempt, state: state, asked: asked), cookie: cookie)
    }

    /// The stricter of what a rule and what the browser asks for.
    private static func maxAge(_ start: LoginStart, _ asked: RequestParameters) -> Int? {
        let demanded = start.reauthenticate ? 0 : start.maxAge.map { Int(clamping: max($0.wholeSeconds, 0)) }
        switch (demanded, asked.maxAge) {
        case (let a?, let b?): return min(a, b)
        case (let a, let b): return a ?? b
        }
    }

    private func url(_ attempt: LoginAttempt, state: String, asked: RequestParameters) -> String {
        var parameters: [(String, String)] = [
            ("response_type", "code"), ("client_id", settings.clientID), ("redirect_uri", attempt.redirectURI),
            ("scope", metadata.scopes(settings).joined(separator: " ")), ("state", state), ("nonce", attempt.nonce),
            ("code_challenge", attempt.proofKey.challenge), ("code_challenge_method", "S256"),
        ]
        if attempt.responseMode != .query { parameters.append(("response_mode", attempt.responseMode.rawValue)) }
        for resource in attempt.resources { parameters.append(("resource", resource)) }
        // Each name once (A6): what a rule demands wins over the browser, the browser over the configuration.
        var extra: [(String, String)] = []
        func add(_ name: String, _ value: String) {
            if !extra.contains(where: { $0.0 == name }) { extra.append((name, value)) }
        }
        if attempt.reauthentication == .demanded { add("prompt", "login") }
        if let maxAge = attempt.maxAge { add("max_age", String(maxAge)) }
        if !attempt.acrValues.isEmpty { add("acr_values", attempt.acrValues.joined(separator: " ")) }
        for pair in asked.pairs { add(pair.name, pair.value) }
        if let audience = settings.audience { add("audience", audience) }
        for (name, value) in settings.authorizationParameters.sorted(by: { $0.key < $1.key })
        where !RequestParameters.isReserved(name) {
            add(name, value)
        }
        return Self.appending(parameters + extra, to: metadata.authorizationEndpoint)
    }

    /// Adds to a query that the endpoint may already have (RFC 6749, section 3.1).
    static func appending(_ parameters: [(String, String)], to endpoint: String) -> String {
        let border = !endpoint.contains("?") ? "?" : endpoint.hasSuffix("?") || endpoint.hasSuffix("&") ? "" : "&"
        return endpoint + border + FormEncoding.encode(parameters)
    }
}
