import Formats
import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// How tokens are renewed, and what happens when they cannot be.
    @Suite struct Refreshing {
        /// A stage whose tokens last a second, and a browser whose token is over.
        static func expired(
            _ options: GatewayUnderTest.Options = .init(), providerPort: Int? = nil,
            bend: (inout HostileProvider.Script) -> Void = { _ in }
        ) throws -> (stage: Stage, browser: TestBrowser) {
            let stage = try Stage(options, providerPort: providerPort) { script in
                script.lifetime = 1
                bend(&script)
            }
            let browser = try stage.signedIn()
            stage.upstream.forget()
            letTokensEnd()
            return (stage, browser)
        }

        /// Waits until a token that lasts a second is over.
        static func letTokensEnd() { usleep(1_100_000) }

        @Test("B32, B33 a hundred parallel requests cause one refresh, and all of them succeed")
        func singleFlight() async throws {
            try await onThread {
                let (stage, browser) = try Self.expired()
                let old = try #require(stage.provider.calls(to: .token).last)
                #expect(old.value("grant_type") == "authorization_code")
                stage.provider.bend { script in
                    script.lifetime = 300
                    script.intercept = { call, _ in
                        // Slow, so that everybody has come before it answers.
                        if call.endpoint == .token { try? await Task.sleep(for: .seconds(2)) }
                        return nil
                    }
                }
                let message = try browser.message(stage.url("/api"))
                let answers = try atOnce(100) { _ in try RawClient.ask(port: message.port, message.text).status }
                #expect(answers == Array(repeating: 200, count: 100))
                #expect(stage.refreshes == 1)
                #expect(Set(stage.upstream.requests.map(\.bearer)).count == 1)
                // B38: no more is asked for than was granted.
                let request = try #require(stage.tokenRequests.last)
                #expect(request.value("scope") == nil)
                #expect(request.header("Authorization")?.hasPrefix("Basic ") == true)
            }
        }

        @Test("B33, K1 rotated tokens are used for the next refresh, over and over, and across a restart")
        func rotation() async throws {
            try await onThread {
                let (stage, browser) = try Self.expired()
                for round in 1...3 {
                    #expect(try browser.ask(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                    #expect(stage.refreshes == round)
                    if round == 2 { try stage.gateway.restart() }
                    Self.letTokensEnd()
                }
                #expect(Set(stage.tokenRequests.compactMap { $0.value("refresh_token") }).count == 3)
            }
        }

        @Test("B33, K1 a provider that does not rotate keeps its token in use")
        func noRotation() async throws {
            try await onThread {
                let (stage, browser) = try Self.expired { $0.rotatesRefreshTokens = false }
                for _ in 1...2 {
                    #expect(try browser.ask(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                    Self.letTokensEnd()
                }
                #expect(stage.refreshes == 2)
            }
        }

        @Test("B32 the client that caused a refresh hangs up; the refresh goes on for the others")
        func firstHangsUp() async throws {
            try await onThread {
                let (stage, browser) = try Self.expired()
                stage.provider.bend { script in
                    script.lifetime = 300
                    script.intercept = { call, _ in
                        if call.endpoint == .token { try? await Task.sleep(for: .seconds(1)) }
                        return nil
                    }
                }
                let message = try browser.message(stage.url("/api"))
                let first = try RawClient.connect(port: message.port)
                try first.send(message.text)
                try eventually("the refresh is under way") { stage.refreshes == 1 }
                first.reset()
                #expect(try RawClient.ask(port: message.port, message.text).status == 200)
                #expect(stage.refreshes == 1)
            }
        }

        @Test("B35, B39 invalid_grant ends the session: 401 refresh_failed for fetch, the provider for a navigation")
        func invalidGrant() async throws {
            try await onThread {
                for kind in [TestBrowser.Kind.fetch, .navigation] {
                    let (stage, browser) = try Self.expired()
                    stage.provider.bend {
                        $0.intercept = { call, _ in
                            call.value("grant_type") == "refresh_token" ? .error("invalid_grant") : nil
                        }
                    }
                    let cookie = browser.jar[Stage.cookie]
                    let answer = try browser.askOnce(stage.url("/api"), kind, from: .sameOrigin)
                    if kind == .fetch {
                        #expect(answer.status == 401, "\(answer.head)")
                        #expect(answer.text.contains("\"reason\":\"refresh_failed\""), "\(answer.text)")
                    } else {
                        #expect(answer.status == 302 && answer.header("Location")?.hasPrefix(stage.issuer) == true)
                    }
                    #expect(stage.refreshes == 1)
                    browser.jar.plant(Stage.cookie, cookie ?? "")
                    let again = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                    #expect(again.status == 401)
                    #expect(stage.refreshes == 1)
                    #expect(stage.upstream.requests.isEmpty)
                    if kind == .navigation {
                        #expect(try browser.ask(stage.url("/page")).status == 200)
                    }
                }
            }
        }

        @Test(
            "B36 while the provider fails sessions live on, then 503 with Retry-After, then on again",
            arguments: ["down", "500", "429", "invalid_client", "temporarily_unavailable"])
        func providerFails(how: String) async throws {
            try await onThread {
                let (stage, browser) = try Self.expired()
                switch how {
                case "down": stage.stopProvider()
                case "500":
                    stage.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .empty(500) : nil } }
                case "429":
                    stage.provider.bend {
                        $0.intercept = { call, _ in
                            call.endpoint == .token ? .empty(429, headers: [("retry-after", "1")]) : nil
                        }
                    }
                default:
                    stage.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .error(how) : nil } }
                }
                let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(answer.status == 503, "\(answer.head)")
                #expect((answer.header("Retry-After").flatMap { Int($0) } ?? 0) >= 1)
                // The session itself is well.
                #expect(try stage.user(browser).status == 200)
                #expect(stage.upstream.requests.isEmpty)
                // At once again: answered without another question to the provider.
                let asked = stage.refreshes
                _ = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(stage.refreshes == asked)
                if how == "invalid_client" {
                    try eventually("the operator's alarm: \(stage.gateway.log)") {
                        !stage.gateway.events("provider_refuses_client").isEmpty
                    }
                    return
                }
                if how == "down" { try stage.startProvider() }
                stage.provider.bend { $0.intercept = { _, _ in nil } }
                try eventually("the session goes on", within: 30) {
                    try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200
                }
            }
        }

        @Test("B33a without a refresh token the session ends with the token; routes without token go on")
        func noRefreshToken() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api }", "{ path: /plain/, upstream: api, token: none }"]
                let (stage, browser) = try Self.expired(options) { $0.issuesRefreshTokens = false }
                let cookie = browser.jar[Stage.cookie]
                let answer = try browser.askOnce(stage.url("/plain/x"), .fetch, from: .sameOrigin)
                #expect(answer.status == 200)
                let refused = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(refused.status == 401 && refused.text.contains("\"reason\":\"expired\""), "\(refused.text)")
                // The session itself goes on, and so does its cookie.
                #expect(refused.header("Set-Cookie") == nil && browser.jar[Stage.cookie] == cookie)
                let navigation = try browser.askOnce(stage.url("/page"), from: .sameOrigin)
                #expect(navigation.status == 302)
                let still = try browser.askOnce(stage.url("/plain/x"), .fetch, from: .sameOrigin)
                #expect(still.status == 200, "\(still.head)")
                #expect(stage.refreshes == 0)
            }
        }

        @Test("B37 a refresh that answers for somebody else ends the session; its token is never used")
        func somebodyElse() async throws {
            try await onThread {
                let (stage, browser) = try Self.expired()
                stage.provider.bend { $0.idTokenClaims = { $0["sub"] = "mallory" } }
                let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(answer.status == 401, "\(answer.head)")
                #expect(stage.upstream.requests.isEmpty)
                #expect(stage.refreshes == 1)
            }
        }

        @Test("B40 a logout during a refresh wins, and what the refresh brought is revoked")
        func logoutWins() async throws {
            try await onThread {
                let (stage, browser) = try Self.expired()
                let cookie = browser.jar[Stage.cookie] ?? ""
                let logout = try stage.logoutURL(browser)
                stage.provider.bend { script in
                    script.intercept = { call, _ in
                        if call.value("grant_type") == "refresh_token" { try? await Task.sleep(for: .seconds(2)) }
                        return nil
                    }
                }
                let message = try browser.message(stage.url("/api"))
                let waiting = try RawClient.connect(port: message.port, timeout: .seconds(20))
                try waiting.send(message.text)
                try eventually("the refresh is under way") { stage.refreshes == 1 }
                let left = try browser.askOnce(logout, from: .sameOrigin)
                #expect(left.status == 302)
                #expect(try RawResponse(readingFrom: waiting).status == 401)
                let granted = 4
                try eventually("the new refresh token is revoked: \(stage.provider.revoked)") {
                    stage.provider.revoked.contains {
                        $0.hasPrefix("refresh-") && Int($0.split(separator: "-")[1]) ?? 0 > granted
                    }
                }
                browser.jar.plant(Stage.cookie, cookie)
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 401)
                #expect(stage.upstream.requests.isEmpty)
            }
        }

        @Test(
            "B40 a request that waits while its session is logged out goes nowhere, not even with a token that still lives"
        )
        func logoutWhileWaiting() async throws {
            try await onThread {
                // Every request waits for a refresh once it is due, since the token always ends within five seconds.
                let stage = try Stage { $0.lifetime = 5 }
                let browser = try stage.signedIn()
                let logout = try stage.logoutURL(browser)
                let held = Locked(true)
                // A provider that never answers would not let a failed test end.
                defer { held.withLock { $0 = false } }
                stage.provider.bend {
                    $0.intercept = { call, _ in
                        guard call.endpoint == .token else { return nil }
                        while held.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
                        return .empty(503)
                    }
                }
                let message = try browser.message(stage.url("/api"))
                var waiting = try RawClient.connect(port: message.port, timeout: .seconds(20))
                try eventually("a request waits", within: 30) {
                    waiting = try RawClient.connect(port: message.port, timeout: .seconds(20))
                    let seen = stage.upstream.requests.count
                    try waiting.send(message.text)
                    try eventually("it is somewhere") { stage.refreshes == 1 || stage.upstream.requests.count > seen }
                    return stage.refreshes == 1
                }
                stage.upstream.forget()
                #expect(try browser.askOnce(logout, from: .sameOrigin).status == 302)
                held.withLock { $0 = false }
                #expect(try RawResponse(readingFrom: waiting).status == 401)
                #expect(stage.upstream.requests.isEmpty)
            }
        }

        @Test("B32 who leaves while waiting for a refresh is counted out")
        func waitersLeave() async throws {
            try await onThread {
                let admin = try freePort()
                var options = GatewayUnderTest.Options()
                options.admin = "{ address: \"127.0.0.1:\(admin)\" }"
                let (stage, browser) = try Self.expired(options)
                let held = Locked(true)
                // A provider that never answers would not let a failed test end.
                defer { held.withLock { $0 = false } }
                stage.provider.bend { script in
                    script.lifetime = 300
                    script.intercept = { call, _ in
                        while call.endpoint == .token, held.withLock({ $0 }) {
                            try? await Task.sleep(for: .milliseconds(5))
                        }
                        return nil
                    }
                }
                func waiters() throws -> String? {
                    let metrics = try RawClient.ask(
                        port: UInt16(admin), "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    return metrics.text.split(separator: "\n").first { $0.hasPrefix("postern_refresh_waiters ") }
                        .map { String($0.dropFirst(24)) }
                }
                let message = try browser.message(stage.url("/api"))
                let peers = try (0..<3).map { _ in try RawClient.connect(port: message.port) }
                for peer in peers { try peer.send(message.text) }
                try eventually("they wait") { try waiters() == "3" }
                for peer in peers.prefix(2) { peer.reset() }
                try eventually("two have left") { try waiters() == "1" }
                held.withLock { $0 = false }
                #expect(try RawResponse(readingFrom: peers[2]).status == 200)
                #expect(try waiters() == "0")
            }
        }

        @Test("B20, B21, B22, B23, B25 an answer to the redemption that is not a good one begins no session")
        func badAnswers() async throws {
            try await onThread {
                let stage = try Stage()
                typealias Bend = (inout HostileProvider.Script) -> Void
                func raw(_ text: String, _ status: Int = 200, _ type: String = "application/json") -> Bend {
                    {
                        $0.intercept = { call, _ in
                            call.endpoint == .token ? .text(text, status: status, type: type) : nil
                        }
                    }
                }
                let cases: [(String, Bend)] = [
                    ("HTML", raw("<p>hi", 200, "text/html")), ("204", raw("", 204)), ("array", raw("[]")),
                    ("error in a 200", raw("{\"error\":\"invalid_grant\"}")),
                    ("no access token", { $0.tokenResponse = { $0["access_token"] = nil } }),
                    ("empty access token", { $0.tokenResponse = { $0["access_token"] = "" } }),
                    ("number", { $0.tokenResponse = { $0["access_token"] = 7 } }),
                    ("null", { $0.tokenResponse = { $0["access_token"] = .null } }),
                    ("type mac", { $0.tokenResponse = { $0["token_type"] = "mac" } }),
                    ("no type", { $0.tokenResponse = { $0["token_type"] = nil } }),
                    ("no ID token", { $0.tokenResponse = { $0["id_token"] = nil } }),
                    ("ID token of nobody", { $0.idTokenClaims = { $0["sub"] = nil } }),
                    ("another issuer", { $0.idTokenClaims = { $0["iss"] = "https://evil.example" } }),
                    ("another audience", { $0.idTokenClaims = { $0["aud"] = "other" } }),
                    ("expired", { $0.idTokenClaims = { $0["exp"] = 1000 } }),
                    ("another nonce", { $0.idTokenClaims = { $0["nonce"] = "x" } }),
                    ("no nonce", { $0.idTokenClaims = { $0["nonce"] = nil } }),
                    ("alg none", { $0.idTokenHeader = { $0["alg"] = "none" } }),
                    ("broken signature", { $0.idToken = { String($0.dropLast(4)) + "AAAA" } }),
                    ("at_hash of another token", { $0.idTokenClaims = { $0["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" } }),
                ]
                var pages: Set<String> = []
                for (name, bend) in cases {
                    stage.provider.bend { script in
                        script.intercept = { _, _ in nil }
                        script.tokenResponse = { _ in }
                        script.idTokenClaims = { _ in }
                        script.idTokenHeader = { _ in }
                        script.idToken = { $0 }
                        bend(&script)
                    }
                    let browser = TestBrowser()
                    let answer = try browser.askOnce(try stage.pendingCallback(browser), from: .crossSite)
                    #expect(answer.status == 502, "\(name): \(answer.head)")
                    #expect(browser.jar[Stage.cookie] == nil, "\(name)")
                    // C29: which check failed is nobody's business but the operator's.
                    let id = answer.header("X-Request-Id") ?? ""
                    pages.insert(Self.withoutRequestID(answer.text, id))
                }
                #expect(pages.count == 1, "C29: \(pages.joined(separator: "\n=====\n"))")
                #expect(stage.provider.calls(to: .userinfo).isEmpty)
                #expect(stage.upstream.requests.isEmpty)
            }
        }

        /// The page with its request id, which is the only thing that may differ, taken out.
        static func withoutRequestID(_ page: String, _ id: String) -> String {
            let text = id.isEmpty ? page : page.replacingOccurrences(of: id, with: "ID")
            return text.replacing(/[0-9a-f]{16,}/, with: "ID")
        }

        @Test("B21 the token's type is compared without regard to letter case", arguments: ["bEARER", "BEARER"])
        func tokenType(type: String) async throws {
            try await onThread {
                let stage = try Stage { $0.tokenResponse = { $0["token_type"] = .string(type) } }
                let browser = try stage.signedIn()
                #expect(try browser.ask(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                #expect(stage.upstream.requests.last?.header("Authorization")?.hasPrefix("Bearer access-") == true)
            }
        }
    }
}
