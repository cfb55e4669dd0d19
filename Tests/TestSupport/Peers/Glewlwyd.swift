import Foundation

/// Glewlwyd (Debian's package, SQLite backend): an OpenID provider that nobody here wrote.
///
/// Each one lives in a directory of its own, on a free port of 127.0.0.1, with fresh keys, and ends with its owner.
package final class Glewlwyd {
    /// A client to register.
    package struct Client: Sendable {
        package var id: String
        /// Nil for a public client.
        package var secret: String?
        /// `scheme://host:port` of the gateway; its callback URIs are registered.
        package var origin: String

        package init(id: String, secret: String?, origin: String) {
            self.id = id
            self.secret = secret
            self.origin = origin
        }
    }

    package static let user = "alice"
    package static let password = "alice-password"

    package let origin: String
    package var issuer: String { origin + "/api/oidc" }
    private let directory: TemporaryFolder
    private let process: ChildProcess
    /// The administrator's browser.
    private let administrator = TestBrowser()
    /// A resource server that may ask about tokens.
    private static let api = (id: "api", secret: "api-secret")

    package init(clients: [Client]) throws {
        let port = try freePort()
        origin = "http://127.0.0.1:\(port)"
        directory = try TemporaryFolder("glewlwyd")
        try Self.prepare(directory.path, port: port)
        process = try ChildProcess(
            ["/usr/bin/glewlwyd", "-c", directory.path + "/glewlwyd.conf"], log: directory.path + "/glewlwyd.log")
        try eventually("glewlwyd answers; it says: \(process.output)", within: 30) {
            guard process.isRunning else {
                throw NeverHappened(description: "glewlwyd ended with \(process.exitCode ?? -1): \(process.output)")
            }
            return (try? administrator.askOnce(origin + "/config/", .tool).status) == 200
        }
        try configure(clients)
    }

    deinit { process.end(within: 5) }

    /// How long access tokens last from now on.
    package func setTokenLifetime(seconds: Int) throws {
        guard var plugin = try manage("GET", "/mod/plugin/oidc") as? [String: Any],
            var parameters = plugin["parameters"] as? [String: Any]
        else { throw NeverHappened(description: "glewlwyd has no plugin") }
        parameters["access-token-duration"] = seconds
        plugin["parameters"] = parameters
        try manage("PUT", "/mod/plugin/oidc", plugin)
        try manage("PUT", "/mod/plugin/oidc/reset")
    }

    /// What the provider says about a token (RFC 7662).
    package func introspect(_ token: String) throws -> [String: Any] {
        let credentials = Data("\(Self.api.id):\(Self.api.secret)".utf8).base64EncodedString()
        let answer = try TestBrowser().askOnce(
            issuer + "/introspect", .tool, method: "POST",
            headers: [
                "Authorization": "Basic \(credentials)", "Content-Type": "application/x-www-form-urlencoded",
            ], body: "token=\(token)")
        guard answer.status == 200,
            let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        else { throw NeverHappened(description: "introspection: \(answer.head) \(answer.text)") }
        return object
    }

    /// Whom the provider knows by an access token.
    package func userinfo(bearer: String) throws -> RawResponse {
        try TestBrowser().askOnce(issuer + "/userinfo", .tool, headers: ["Authorization": "Bearer \(bearer)"])
    }

    // MARK: Setting up

    private static let share = "/usr/share/glewlwyd"

    /// Pages, database and configuration in a fresh directory.
    private static func prepare(_ directory: String, port: Int) throws {
        let files = FileManager.default
        // It answers 404 for symbolic links, and Debian's config.json link points elsewhere: real copies.
        try run(["/bin/cp", "-rL", share + "/webapp", directory + "/web"], mayFail: true)
        try? files.removeItem(atPath: directory + "/web/config.json")
        try files.copyItem(atPath: share + "/templates/config.json", toPath: directory + "/web/config.json")
        let tables = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
        try run(["/usr/bin/sqlite3", directory + "/glewlwyd.db", ".read \(tables)"])
        // No slash at the end of external_url: with one, every endpoint would get two.
        try """
        port=\(port)
        bind_address="127.0.0.1"
        external_url="http://127.0.0.1:\(port)"
        login_url="login.html"
        api_prefix="api"
        static_files_path="\(directory)/web/"
        log_mode="console"
        log_level="WARNING"
        cookie_secure=0
        cookie_same_site="lax"
        session_expiration=86400
        session_key="GLEWLWYD2_SESSION_ID"
        admin_session_authentication="cookie"
        profile_session_authentication="cookie"
        login_api_enabled=true
        admin_scope="g_admin"
        profile_scope="g_profile"
        user_module_path="/usr/lib/glewlwyd/user"
        client_module_path="/usr/lib/glewlwyd/client"
        user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
        plugin_module_path="/usr/lib/glewlwyd/plugin"
        hash_algorithm="SHA512"
        database = { type = "sqlite3"; path = "\(directory)/glewlwyd.db"; };
        static_files_mime_types = (
          { extension = ".html"; mime_type = "text/html"; },
          { extension = ".css"; mime_type = "text/css"; },
          { extension = ".js"; mime_type = "application/javascript"; },
          { extension = ".json"; mime_type = "application/json"; },
          { extension = ".png"; mime_type = "image/png"; },
          { extension = ".ico"; mime_type = "image/x-icon"; },
          { extension = ".woff2"; mime_type = "font/woff2"; }
        );

        """.write(toFile: directory + "/glewlwyd.conf", atomically: true, encoding: .utf8)
        let key = directory + "/key.pem"
        try run(
            ["/usr/bin/openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key])
        try run(["/usr/bin/openssl", "pkey", "-in", key, "-pubout", "-out", directory + "/public.pem"])
    }

    private static func run(_ words: [String], mayFail: Bool = false) throws {
        let outcome = try ChildProcess.run(words)
        guard outcome.code == 0 || mayFail else {
            throw NeverHappened(description: "\(words.joined(separator: " ")): \(outcome.output)")
        }
    }

    /// Plugin, scopes, user and clients, by the administration API.
    private func configure(_ clients: [Client]) throws {
        // The package's database has this administrator.
        try manage("POST", "/auth/", ["username": "admin", "password": "password"])
        let key = try String(contentsOfFile: directory.path + "/key.pem", encoding: .utf8)
        let published = try String(contentsOfFile: directory.path + "/public.pem", encoding: .utf8)
        let scopes = ["openid", "profile", "email", "offline_access"]
        // Client properties that are not declared are not kept.
        guard var store = try manage("GET", "/mod/client/database") as? [String: Any],
            var parameters = store["parameters"] as? [String: Any],
            var format = parameters["data-format"] as? [String: Any]
        else { throw NeverHappened(description: "glewlwyd has no client database") }
        format["post_logout_redirect_uris"] = ["multiple": true, "read": true, "write": true]
        parameters["data-format"] = format
        store["parameters"] = parameters
        try manage("PUT", "/mod/client/database", store)
        try manage("PUT", "/mod/client/database/reset")
        try manage(
            "POST", "/mod/plugin/",
            [
                "module": "oidc", "name": "oidc", "display_name": "OIDC", "enabled": true,
                "parameters": [
                    "iss": issuer, "jwt-type": "rsa", "jwt-key-size": "256", "key": key, "cert": published,
                    "jwks-show": true, "oauth-as-iss-id": true,
                    "access-token-duration": 300, "refresh-token-duration": 3600, "code-duration": 60,
                    "refresh-token-rolling": true, "allow-non-oidc": true, "auth-type-code-enabled": true,
                    "auth-type-code-revoke-replayed": true, "auth-type-token-enabled": false,
                    "auth-type-none-enabled": false, "auth-type-password-enabled": false,
                    "auth-type-client-enabled": true, "auth-type-device-enabled": false,
                    "auth-type-refresh-enabled": true, "allowed-scope": scopes, "name-claim": "mandatory",
                    "email-claim": "mandatory", "scope-claim": "on-demand", "pkce-allowed": true,
                    "pkce-method-plain-allowed": false, "pkce-required": true,
                    "introspection-revocation-allowed": true, "introspection-revocation-allow-target-client": true,
                    "introspection-revocation-auth-scope": ["openid"],
                    "session-management-allowed": true, "session-cookie-name": "GLEWLWYD2_OIDC_SID",
                    "session-cookie-expiration": 86400,
                    // Without this its own logout page cannot ask for what it shows.
                    "front-channel-logout-allowed": true,
                ],
            ])
        for scope in scopes where scope != "openid" {
            try manage(
                "POST", "/scope/",
                [
                    "name": scope, "display_name": scope, "description": scope, "password_required": true,
                    "password_max_age": 0, "scheme": [String: Any](),
                ])
        }
        try manage(
            "POST", "/user/",
            [
                "username": Self.user, "password": Self.password, "name": "Alice", "email": "alice@example.org",
                "enabled": true, "scope": scopes + ["g_profile"],
            ])
        for client in clients + [Client(id: Self.api.id, secret: Self.api.secret, origin: "http://localhost")] {
            var body: [String: Any] = [
                "client_id": client.id, "enabled": true, "scope": ["openid"], "confidential": client.secret != nil,
                "redirect_uri": [client.origin + "/bff/callback"],
                "post_logout_redirect_uris": [client.origin + "/bff/logout/callback"],
                // Without the last it lets the client neither introspect nor revoke.
                "authorization_type": ["code", "refresh_token", "client_credentials"],
                "token_endpoint_auth_method": [client.secret == nil ? "none" : "client_secret_basic"],
            ]
            if let secret = client.secret { body["client_secret"] = secret }
            try manage("POST", "/client/", body)
        }
    }

    /// One call of the administration API.
    @discardableResult
    private func manage(_ method: String, _ path: String, _ body: [String: Any]? = nil) throws -> Any? {
        let text = try body.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) }
        let answer = try administrator.askOnce(
            origin + "/api" + path, .tool, method: method,
            headers: ["Accept": "application/json", "Content-Type": text == nil ? "" : "application/json"],
            body: text ?? (method == "GET" ? nil : ""))
        guard answer.status == 200 else {
            throw NeverHappened(description: "glewlwyd: \(method) \(path): \(answer.head) \(answer.text)")
        }
        return try? JSONSerialization.jsonObject(with: Data(answer.body))
    }
}
