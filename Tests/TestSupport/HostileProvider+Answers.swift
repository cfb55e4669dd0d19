package import Cryptography
package import Formats
import JOSE
import Threads
internal import Time

/// What the provider says when nobody bends it.
extension HostileProvider {
    func metadata(_ script: Script) -> JSONObject {
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        func url(_ endpoint: Endpoint) -> JSONValue { .string(base + endpoint.rawValue) }
        var document: JSONObject = [
            "issuer": .string(issuer), "authorization_endpoint": url(.authorize), "token_endpoint": url(.token),
            "jwks_uri": url(.keys), "userinfo_endpoint": url(.userinfo), "revocation_endpoint": url(.revoke),
            "end_session_endpoint": url(.logout), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        ]
        script.metadata(&document)
        return document
    }

    func keySet(_ script: Script) -> JSONObject {
        let keys = state.withLock { $0.keys }
        var set = JSONWebKeySet(
            keys.map { JSONWebKey(publicKey: $0.key.publicKey, kid: $0.kid, algorithm: .ES256) }
        ).object
        script.keySet(&set)
        return set
    }

    func isAuthenticated(_ call: Call) -> Bool {
        let header = call.header("Authorization")
        guard let secret else { return header == nil && call.values("client_id") == [clientID] }
        if let header {
            let pair = FormEncoding.encode(one: clientID) + ":" + FormEncoding.encode(one: secret)
            return call.value("client_secret") == nil && header == "Basic " + Base64.encode([UInt8](pair.utf8))
        }
        return call.values("client_id") == [clientID] && call.values("client_secret") == [secret]
    }

    func token(_ call: Call, _ script: Script) -> Answer {
        guard isAuthenticated(call) else { return .error("invalid_client", status: 401) }
        switch call.value("grant_type") {
        case "authorization_code": return redeem(call, script)
        case "refresh_token": return refresh(call, script)
        default: return .error("unsupported_grant_type")
        }
    }

    private func redeem(_ call: Call, _ script: Script) -> Answer {
        let code = call.value("code") ?? ""
        let verifier = call.value("code_verifier") ?? ""
        let challenge = Base64URL.encode(HashAlgorithm.sha256.hash([UInt8](verifier.utf8)))
        let redirectURI = call.value("redirect_uri")
        let grant = state.withLock { state -> Grant? in
            guard let grant = state.codes[code], !grant.isUsed, grant.challenge == challenge,
                grant.redirectURI == redirectURI
            else { return nil }
            state.codes[code]?.isUsed = true
            return grant
        }
        guard let grant else { return .error("invalid_grant") }
        return issue(grant, script, withIDToken: true)
    }

    private func refresh(_ call: Call, _ script: Script) -> Answer {
        let token = call.value("refresh_token") ?? ""
        let grant = state.withLock { state -> Grant? in
            guard let grant = state.refreshTokens[token] else {
                if let subject = state.replacedTokens[token] { state.reuses[subject, default: 0] += 1 }
                return nil
            }
            if script.rotatesRefreshTokens {
                state.refreshTokens[token] = nil
                state.replacedTokens[token] = grant.subject
            }
            return grant
        }
        guard var grant else { return .error("invalid_grant") }
        grant.nonce = nil
        return issue(grant, script, withIDToken: script.refreshBringsIDToken, isRefresh: true)
    }

    private func issue(_ grant: Grant, _ script: Script, withIDToken: Bool, isRefresh: Bool = false) -> Answer {
        let accessToken = fresh("access")
        var response: JSONObject = ["access_token": .string(accessToken), "token_type": "Bearer"]
        if let lifetime = script.lifetime { response["expires_in"] = .integer(lifetime) }
        state.withLock { $0.accessTokens[accessToken] = grant }
        if script.issuesRefreshTokens, !isRefresh || script.rotatesRefreshTokens {
            let refreshToken = fresh("refresh")
            state.withLock { $0.refreshTokens[refreshToken] = grant }
            response["refresh_token"] = .string(refreshToken)
        }
        if withIDToken {
            response["id_token"] = .string(script.idToken(idToken(grant, script, accessToken: accessToken)))
        }
        script.tokenResponse(&response)
        return .json(response)
    }

    private func idToken(_ grant: Grant, _ script: Script, accessToken: String) -> String {
        let key = state.withLock { $0.keys[0] }
        var claims: JSONObject = [
            "iss": .string(issuer), "sub": .string(grant.subject), "aud": .string(clientID),
            "exp": .integer(now.seconds + 300), "iat": .integer(now.seconds), "auth_time": .integer(grant.authTime),
            "sid": .string(grant.sid),
            "at_hash": .string(ClaimCheck.leftHalfHash(of: accessToken, algorithm: .ES256)),
        ]
        if let nonce = grant.nonce { claims["nonce"] = .string(nonce) }
        claims = script.claims.merging(claims)
        script.idTokenClaims(&claims)
        var header: JSONObject = ["alg": "ES256", "kid": .string(key.kid)]
        script.idTokenHeader(&header)
        return Self.sign(header: header, claims: claims.encoded, key: key.key)
    }

    /// A token with exactly this header: the signature is ECDSA whatever `alg` says.
    package static func sign(header: JSONObject, claims: [UInt8], key: PrivateKey) -> String {
        let input = Base64URL.encode(header.encoded) + "." + Base64URL.encode(claims)
        do {
            return input + "." + Base64URL.encode(try key.sign([UInt8](input.utf8), .ecdsa(.p256)))
        } catch {
            fatalError("cannot sign: \(error)")
        }
    }

    func userinfo(_ call: Call, _ script: Script) -> Answer {
        let token = call.header("Authorization")?.split(separator: " ").last.map(String.init) ?? ""
        guard let grant = state.withLock({ $0.accessTokens[token] }) else {
            return .error("invalid_token", status: 401)
        }
        var claims = script.claims.merging(["sub": .string(grant.subject)])
        script.userinfo(&claims)
        return .json(claims)
    }
}
