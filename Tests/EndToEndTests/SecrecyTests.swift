import Formats
import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// What must not be seen, and who must not be asked.
    @Suite struct Secrecy {
        @Test("A21 a silent login ends silently: back to a page that needs no session, else a page with a link")
        func silent() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = [
                    "{ path: /, upstream: api }", "{ path: /open/, upstream: api, access: public }",
                    "{ path: /maybe/, upstream: api, access: optional }",
                ]
                let stage = try Stage(options) { script in
                    script.callback = { parameters in
                        parameters.removeAll { $0.name == "code" }
                        parameters.append(("error", "login_required"))
                    }
                }
                for target in ["/open/page?x=1", "/maybe/page"] {
                    let browser = TestBrowser()
                    let encoded = target.replacingOccurrences(of: "?", with: "%3F")
                    let page = try browser.ask(stage.url("/bff/login?prompt=none&returnUrl=\(encoded)"))
                    #expect(page.status == 200 && page.url == stage.url(target), "\(page.trail)")
                    let landing = try #require(browser.responses.last { $0.url.contains("/bff/callback") })
                    #expect(landing.response.status == 303)
                    #expect(browser.jar.names("postern-login-").isEmpty)
                }
                let asked = stage.provider.calls(to: .authorize).count
                let closed = try TestBrowser().ask(stage.url("/bff/login?prompt=none&returnUrl=/private"))
                #expect(closed.status == 401 && closed.text.contains("/bff/login?returnUrl=%2Fprivate"))
                // One silent attempt, and nothing after it.
                #expect(stage.provider.calls(to: .authorize).count == asked + 1)
                // A person who was asked and did not sign in is told so, wherever they wanted to go.
                #expect(try TestBrowser().ask(stage.url("/bff/login?returnUrl=/open/page")).status == 401)
                #expect(stage.tokenRequests.isEmpty)
            }
        }

        @Test("D11, C6 no address comes from a request, a token or an answer: only the provider is ever asked")
        func onlyTheProvider() async throws {
            try await onThread {
                let evil = try EchoUpstream()
                let address = "http://127.0.0.1:\(evil.port)"
                let stage = try Stage { script in
                    script.idTokenHeader = { header in
                        header["jku"] = .string(address + "/jku")
                        header["x5u"] = .string(address + "/x5u")
                    }
                    script.idTokenClaims = { claims in
                        claims["_claim_names"] = ["role": "src"]
                        claims["_claim_sources"] = ["src": ["endpoint": .string(address + "/claims")]]
                        claims["profile"] = .string(address + "/profile")
                    }
                    script.tokenResponse = { $0["userinfo_endpoint"] = .string(address + "/userinfo") }
                }
                let names = [
                    "issuer", "iss", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint",
                    "request_uri", "redirect_uri", "resource", "sector_identifier_uri", "provider_url",
                ]
                let query = names.map { "\($0)=" + address.replacingOccurrences(of: ":", with: "%3A") + "%2F" }
                    .joined(separator: "&")
                let browser = TestBrowser()
                let page = try browser.ask(stage.url("/bff/login?returnUrl=/x&\(query)"))
                #expect(page.status == 200 && browser.jar[Stage.cookie] != nil, "\(page.trail)")
                #expect(evil.connections == 0)
                // WebFinger (OpenID Connect Discovery, section 2) would begin at a path of the user's own host.
                for call in stage.provider.calls { #expect(!call.url.contains("webfinger")) }
                let authorize = try #require(stage.provider.calls(to: .authorize).first)
                #expect(!authorize.url.contains("127.0.0.1%3A\(evil.port)"))
            }
        }

        @Test("E10, A10 what cookies hold is opaque: decoded, it shows nothing of tokens, user, state or target")
        func opaqueCookies() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                try browser.ask(stage.url("/bff/login?login_hint=alice&returnUrl=/target-canary"))
                try browser.ask(try stage.logoutURL(browser) + "&returnUrl=/target-canary", from: .sameOrigin)
                let authorize = try #require(stage.provider.calls(to: .authorize).first)
                let secrets = [
                    "alice", "Alice", "canary", "access-", "refresh-", "eyJ", stage.issuer,
                    try #require(authorize.value("nonce")), try #require(authorize.value("state")),
                    try #require(stage.tokenRequests.first?.value("code_verifier")),
                ]
                var values: [String] = []
                for (url, response) in browser.responses where url.hasPrefix(stage.gateway.origin) {
                    for (name, value) in response.headers where name.lowercased() == "set-cookie" {
                        let pair = value.prefix { $0 != ";" }
                        values.append(String(pair[pair.index(after: pair.firstIndex(of: "=") ?? pair.startIndex)...]))
                    }
                }
                #expect(values.filter { !$0.isEmpty }.count >= 4, "\(values)")
                for value in values where !value.isEmpty {
                    let bytes = try #require(Base64URL.decode(value), "\(value)")
                    let text = String(decoding: bytes, as: UTF8.self)
                    for secret in secrets { #expect(!text.contains(secret) && !value.contains(secret), "\(secret)") }
                }
            }
        }

        @Test("E14 the documents say that ports do not keep cookies apart")
        func portsDocumented() throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
                .replacingOccurrences(of: "\n", with: " ")
            #expect(text.contains("Let nothing that you do not trust share its host name"))
            #expect(text.contains("cookies do not tell ports apart"))
        }

        @Test(
            "E44, E49, F2 a logout that the store could not be told of holds, is not called one, and reaches the store later"
        )
        func untoldLogout() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let cookie = try #require(browser.jar[Stage.cookie])
                let logout = try stage.logoutURL(browser)
                let holder = try ChildProcess([
                    "sqlite3", "-cmd", ".timeout 20000", "-cmd", "BEGIN IMMEDIATE;", "-cmd",
                    ".system echo held; sleep 30", stage.gateway.database,
                ])
                defer { holder.signal(SIGKILL) }
                try eventually("the lock is held: \(holder.output)", within: 30) { holder.output.contains("held") }
                // Nobody is told "signed out" of what a crash would take back; the cookie stays for another try.
                for kind in [TestBrowser.Kind.navigation, .tool] {
                    let refused = try browser.askOnce(logout, kind, from: .sameOrigin)
                    #expect(refused.status == 503 && refused.header("Retry-After") == "2", "\(refused.head)")
                    #expect(refused.header("Set-Cookie") == nil && refused.header("Location") == nil)
                    if kind == .tool {
                        #expect(refused.text.contains("\"reason\":\"sign_out_not_recorded\""), "\(refused.text)")
                    } else {
                        #expect(refused.text.contains("not signed out for good"), "\(refused.text)")
                    }
                }
                // What the page asks for meanwhile gets nothing, and does not lose the cookie either.
                let meanwhile = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(meanwhile.status == 401 && browser.jar[Stage.cookie] == cookie, "\(meanwhile.head)")
                try eventually("the tokens do not wait: \(stage.provider.revoked)") {
                    stage.provider.revoked.contains { $0.hasPrefix("refresh-") }
                }
                try eventually("the store could not be told: \(stage.gateway.log)") {
                    !stage.gateway.events("store_failed").isEmpty
                }
                let thief = TestBrowser()
                thief.jar.plant(Stage.cookie, cookie)
                #expect(try thief.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 401)
                holder.signal(SIGKILL)
                try holder.wait()
                thief.jar.plant(Stage.cookie, cookie)
                #expect(try thief.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 401)
                try eventually("the store has heard of it", within: 20) {
                    let rows = try ChildProcess(["sqlite3", stage.gateway.database, "SELECT count(*) FROM sessions"])
                    try rows.wait()
                    return rows.output.trimmingCharacters(in: .whitespacesAndNewlines) == "0"
                }
                // The same click again: now it is true, and the provider hears of it, too.
                let wrong = try browser.askOnce(String(logout.dropLast(4) + "AAAA"), from: .sameOrigin)
                #expect(wrong.status == 400, "\(wrong.head)")
                let done = try browser.askOnce(logout, from: .sameOrigin)
                #expect(done.status == 302 && done.header("Location")?.hasPrefix(stage.issuer + "/logout?") == true)
                #expect(browser.jar[Stage.cookie] == nil)
                try stage.gateway.restart()
                thief.jar.plant(Stage.cookie, cookie)
                #expect(try thief.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 401)
            }
        }

        @Test(
            "A54 no secret in log, metrics or the admin port, in either format, at any level",
            arguments: ["json", "text"])
        func everyOutput(format: String) async throws {
            try await onThread {
                let admin = try freePort()
                var options = GatewayUnderTest.Options()
                options.top = ["log: { level: debug, format: \(format) }"]
                options.admin = "{ address: \"127.0.0.1:\(admin)\" }"
                let stage = try Stage(options) { $0.lifetime = 1 }
                let browser = try stage.signedIn()
                var secrets = ["canary", "s3cret", "eyJ", "code_verifier", try #require(browser.jar[Stage.cookie])]
                try eventually("refresh", within: 10) {
                    _ = try browser.ask(stage.url("/api?access_token=query-canary"), .fetch, from: .sameOrigin)
                    return stage.refreshes > 0
                }
                let failed = TestBrowser()
                let callback = try stage.pendingCallback(failed)
                for cookie in failed.jar.cookies { secrets.append(cookie.value) }
                _ = try TestBrowser().askOnce(callback, from: .crossSite)
                _ = try failed.askOnce(callback + "&error=error-canary", from: .crossSite)
                let port = UInt16(stage.gateway.port)
                let host = "Host: localhost:\(port)\r\n"
                for line in ["Cookie: postern=a-canary; postern=b-canary", "Bad Header: canary"] {
                    _ = try RawClient.ask(port: port, "GET /?q=query-canary HTTP/1.1\r\n\(host)\(line)\r\n\r\n")
                }
                // The logout ends on a page that begins a second login.
                let logout = try stage.logoutURL(browser)
                try browser.ask(logout, from: .sameOrigin)
                secrets.append(String(logout.suffix(22)))
                for call in stage.provider.calls {
                    for name in ["state", "nonce", "code", "code_verifier", "code_challenge"] {
                        secrets += call.values(name)
                    }
                }
                var output = ""
                for path in ["/metrics", "/healthz", "/readyz", "/", "/sessions"] {
                    let answer = try RawClient.ask(
                        port: UInt16(admin), "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    output += answer.head + answer.text
                }
                for name in [
                    "requests_total{route=\"/\",method=\"GET\",code=\"200\"}", "request_duration_seconds_bucket",
                    "upstream_duration_seconds_count{route=\"/\"}", "connections", "build_info{version=",
                    "logins_total{provider=\"default\",outcome=\"completed\"} 2", "callbacks_rejected_total{reason=",
                    "refreshes_total{provider=\"default\",outcome=\"renewed\"}", "refresh_waiters 0", "sessions 1",
                    "session_cache_hits_total", "session_cache_misses_total", "store_duration_seconds_count{operation=",
                    "provider_up{provider=\"default\"} 1", "jwks_age_seconds{provider=", "clock_skew_seconds{provider=",
                    "csrf_rejected_total{reason=", "duplicate_cookies_total 1",
                ] {
                    #expect(output.contains("\npostern_\(name)"), "\(name) is not in the metrics")
                }
                let renewed = output.split(separator: "\n").first {
                    $0.hasPrefix("postern_refreshes_total{provider=\"default\",outcome=\"renewed\"}")
                }
                #expect(renewed.map { !$0.hasSuffix(" 0") } == true, "a refresh is counted")
                try stage.gateway.stop()
                output += stage.gateway.log
                #expect(output.contains("duplicate_session_cookie"))
                for secret in secrets where !secret.isEmpty {
                    #expect(!output.contains(secret), "\(secret) in \(format) output")
                }
            }
        }

        @Test("The process keeps its memory and its files to itself")
        func hardened() async throws {
            try await onThread {
                let stage = try Stage()
                _ = try stage.signedIn()
                let status = try String(
                    contentsOfFile: "/proc/\(stage.gateway.process.pid)/status", encoding: .utf8)
                #expect(status.contains("Umask:\t0077"))
                // A process that may not be dumped belongs to root in /proc, whoever runs it.
                let manager = FileManager.default
                let owner = try manager.attributesOfItem(atPath: "/proc/\(stage.gateway.process.pid)/environ")
                #expect(owner[.ownerAccountID] as? Int == 0)
                #expect(status.contains("CoreDumping:\t0"))
                let files = try manager.contentsOfDirectory(atPath: stage.gateway.directory).filter {
                    $0.hasPrefix("sessions.db")
                }
                #expect(files.contains("sessions.db") && files.contains("sessions.db-wal"))
                #expect(files.contains { $0.hasSuffix(".key") }, "\(files)")
                for file in files {
                    let mode = try manager.attributesOfItem(atPath: stage.gateway.directory + "/" + file)
                    #expect(mode[.posixPermissions] as? Int == 0o600, "\(file)")
                }
            }
        }
    }
}
