import JOSE
import Time

/// Judges authorization requests: RFC 6749, section 4.1.1; OpenID Connect Core 1.0, section 3.1.2.1; RFC 7636, section 4.4.1.
struct AuthorizationRequestCheck: Sendable {
    let clients: ClientRegistry
    let hints: IDTokenHintCheck

    func judge(_ parameters: Parameters, now: Timestamp) -> AuthorizationJudgement {
        // Client and redirect URI first: until both are believed an error must not be sent anywhere (H4).
        guard !parameters.isRepeated("client_id"), let clientID = parameters["client_id"],
            let client = clients[clientID]
        else {
            return .page(
                PageProblem(
                    title: "Unknown application",
                    detail: "No application with this client_id is registered here.",
                    advice: "Register it when the provider starts: --client ID=REDIRECT_URI."))
        }
        guard !parameters.isRepeated("redirect_uri"), let redirectURI = parameters["redirect_uri"],
            client.accepts(redirectURI: redirectURI)
        else {
            return .page(
                PageProblem(
                    title: "Unregistered redirect URI",
                    detail: "The address to return to is not registered for \(client.name).",
                    advice: "It is compared character by character. Registered: "
                        + client.redirectURIs.joined(separator: ", ")))
        }
        guard ["query", nil].contains(parameters["response_mode"]), !parameters.isRepeated("response_mode") else {
            return .page(
                PageProblem(
                    title: "Unsupported response mode",
                    detail: "This provider answers in the query of the redirect URI.",
                    advice: "Leave response_mode out, or set it to query."))
        }
        let target = RedirectTarget(uri: redirectURI, state: parameters["state"])
        do {
            return .valid(try check(parameters, client: client, target: target, now: now))
        } catch {
            return .refused(error, target)
        }
    }

    private func check(
        _ parameters: Parameters, client: RegisteredClient, target: RedirectTarget, now: Timestamp
    ) throws(OAuthError) -> AuthorizationRequest {
        if let repeated = parameters.firstRepeated { throw .invalidRequest("\(printable(repeated)) comes twice.") }
        try refuseWhatIsNotOffered(parameters)
        let audience = try audience(parameters)
        let prompt = try prompt(parameters)
        guard let responseType = parameters["response_type"] else { throw .invalidRequest("response_type is missing.") }
        guard responseType == "code" else {
            throw OAuthError(.unsupportedResponseType, "Only response_type=code is offered.")
        }
        let challenge = try challenge(parameters)
        var maximumAge: Duration?
        if let text = parameters["max_age"] {
            guard let seconds = Int64(text), seconds >= 0, seconds <= 10_000_000_000 else {
                throw .invalidRequest("max_age must be a number of seconds.")
            }
            maximumAge = .seconds(seconds)
        }
        var hintedSubject: String?
        if let hint = parameters["id_token_hint"] {
            guard let believed = hints.believed(hint, now: now) else {
                throw .invalidRequest("id_token_hint is not an ID token of this provider.")
            }
            hintedSubject = believed.subject
        }
        let asked = parameters["scope"]?.split(separator: " ").map(String.init) ?? []
        var scope: [String] = []
        for value in asked where ProviderScope(rawValue: value) != nil && !scope.contains(value) { scope.append(value) }
        return AuthorizationRequest(
            clientID: client.id, redirectURI: target.uri, state: target.state, scope: scope,
            nonce: parameters["nonce"], challenge: challenge, prompt: prompt, maximumAge: maximumAge,
            loginHint: parameters["login_hint"], hintedSubject: hintedSubject,
            contexts: (parameters["acr_values"] ?? "").split(separator: " ").compactMap {
                AuthenticationContext(rawValue: String($0))
            },
            audience: audience)
    }

    /// OpenID Connect Core 1.0, sections 6 and 7.2.1: what is not supported is refused by name, and no `request_uri` is ever
    /// fetched (H1).
    private func refuseWhatIsNotOffered(_ parameters: Parameters) throws(OAuthError) {
        if parameters["request"] != nil { throw OAuthError(.requestNotSupported, "Request objects are not offered.") }
        if parameters["request_uri"] != nil {
            throw OAuthError(.requestURINotSupported, "request_uri is not offered.")
        }
        if parameters["registration"] != nil {
            throw OAuthError(.registrationNotSupported, "Dynamic registration is not offered.")
        }
    }

    private func challenge(_ parameters: Parameters) throws(OAuthError) -> String {
        guard let challenge = parameters["code_challenge"] else {
            throw .invalidRequest("code_challenge is missing: every client needs PKCE with S256 (RFC 7636).")
        }
        // RFC 7636, section 4.3: without a method it would be plain, which is not offered.
        guard parameters["code_challenge_method"] == "S256" else {
            throw .invalidRequest("code_challenge_method must be S256.")
        }
        guard CodeVerifier.isChallenge(challenge) else {
            throw .invalidRequest("code_challenge must be the base64url of a SHA-256 digest: 43 characters.")
        }
        return challenge
    }

    private func prompt(_ parameters: Parameters) throws(OAuthError) -> Set<AuthorizationRequest.Prompt> {
        var prompt: Set<AuthorizationRequest.Prompt> = []
        for word in (parameters["prompt"] ?? "").split(separator: " ") {
            guard let value = AuthorizationRequest.Prompt(rawValue: String(word)) else {
                throw .invalidRequest("prompt has an unknown value.")
            }
            prompt.insert(value)
        }
        if prompt.contains(.none), prompt.count > 1 { throw .invalidRequest("prompt=none goes with no other value.") }
        return prompt
    }

    /// RFC 8707, section 2; Auth0 calls it `audience`.
    private func audience(_ parameters: Parameters) throws(OAuthError) -> String? {
        let named = parameters.all("resource") + parameters.all("audience")
        guard let first = named.first else { return nil }
        guard named.allSatisfy({ $0 == first }) else {
            throw OAuthError(.invalidTarget, "One access token is for one API.")
        }
        guard ResourceIdentifier.isOne(first) else {
            throw OAuthError(.invalidTarget, "resource and audience must be absolute URIs without a fragment.")
        }
        return first
    }

    /// RFC 6749, section 4.1.2.1: a description has neither quotes nor backslashes nor anything beyond ASCII.
    private func printable(_ name: String) -> String {
        name.utf8.count <= 40 && name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
            ? name : "A parameter"
    }
}
