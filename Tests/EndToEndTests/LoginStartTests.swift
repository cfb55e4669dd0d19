import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// How a login begins, and how it does not.
    @Suite struct LoginStart {
        /// A request of some kind, and whether it may begin a login.
        struct Attempt: Sendable {
            let name: String
            let kind: TestBrowser.Kind
            var initiator = TestBrowser.Initiator.user
            var method = "GET"
            var headers: [String: String] = [:]
            let startsLogin: Bool
        }

        static let attempts = [
            Attempt(name: "typed address", kind: .navigation, startsLogin: true),
            Attempt(name: "link of ours", kind: .navigation, initiator: .sameOrigin, startsLogin: true),
            Attempt(name: "link elsewhere", kind: .navigation, initiator: .crossSite, startsLogin: true),
            Attempt(name: "HEAD", kind: .navigation, method: "HEAD", startsLogin: true),
            Attempt(name: "old browser", kind: .oldNavigation, startsLogin: true),
            Attempt(name: "fetch", kind: .fetch, initiator: .sameOrigin, startsLogin: false),
            Attempt(
                name: "fetch that accepts HTML", kind: .fetch, initiator: .sameOrigin,
                headers: ["Accept": "text/html"], startsLogin: false),
            Attempt(name: "cross-site fetch", kind: .fetch, initiator: .crossSite, startsLogin: false),
            Attempt(name: "image", kind: .image, initiator: .crossSite, startsLogin: false),
            Attempt(name: "script", kind: .script, initiator: .sameOrigin, startsLogin: false),
            Attempt(name: "iframe", kind: .iframe, initiator: .crossSite, startsLogin: false),
            Attempt(name: "form post", kind: .formPost, initiator: .sameOrigin, method: "POST", startsLogin: false),
            Attempt(name: "old PUT", kind: .oldNavigation, method: "PUT", startsLogin: false),
            Attempt(name: "tool", kind: .tool, startsLogin: false),
            Attempt(
                name: "WebSocket", kind: .tool,
                headers: [
                    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Accept": "text/html",
                ], startsLogin: false),
        ]

        @Test("A15, A16, A19 navigations go to the provider with 302, everything else gets 401 and begins nothing")
        func kinds() async throws {
            try await onThread {
                let stage = try Stage()
                for attempt in Self.attempts {
                    let browser = TestBrowser()
                    let answer = try browser.askOnce(
                        stage.url("/page?x=1"), attempt.kind, from: attempt.initiator, method: attempt.method,
                        headers: attempt.headers)
                    let what = Comment(rawValue: "\(attempt.name): \(answer.head)")
                    if attempt.startsLogin {
                        #expect(answer.status == 302, what)
                        #expect(answer.header("Location")?.hasPrefix(stage.issuer + "/authorize?") == true, what)
                        #expect(answer.header("Referrer-Policy") == "no-referrer", what)
                        #expect(browser.jar.names("postern-login-").count == 1, what)
                    } else {
                        #expect(answer.status == 401, what)
                        #expect(answer.header("Location") == nil, what)
                        #expect(answer.header("Set-Cookie") == nil, what)
                        #expect(answer.header("WWW-Authenticate") == "Cookie realm=\"postern\"", what)
                        #expect(answer.header("Content-Type") == "application/problem+json", what)
                        #expect(
                            attempt.method == "HEAD" || answer.text.contains("\"reason\":\"absent\""), what)
                    }
                    #expect(answer.header("Cache-Control") == "no-store", what)
                    #expect(browser.jar.refused.isEmpty, "\(browser.jar.refused)")
                }
                #expect(stage.upstream.requests.isEmpty)
            }
        }

        @Test("A15 the login URL of a 401 returns to the page that asked, not to the API")
        func loginURL() async throws {
            try await onThread {
                let stage = try Stage()
                func loginURL(_ referer: String?) throws -> String {
                    let answer = try TestBrowser().askOnce(
                        stage.url("/api/x"), .fetch, from: .sameOrigin, referer: referer)
                    #expect(answer.status == 401)
                    return answer.text
                }
                #expect(try loginURL(stage.url("/page")).contains("\"login_url\":\"/bff/login?returnUrl=%2Fpage\""))
                #expect(try loginURL(nil).contains("\"login_url\":\"/bff/login\""))
                #expect(try loginURL("https://evil.example/page").contains("\"login_url\":\"/bff/login\""))
                #expect(try loginURL(stage.url("/bff/login")).contains("\"login_url\":\"/bff/login\""))
                #expect(try loginURL(stage.url("/app.js")).contains("\"login_url\":\"/bff/login\""))
            }
        }

        @Test("A17, E23 /bff/login takes top-level GET navigations only")
        func loginEndpoint() async throws {
            try await onThread {
                let stage = try Stage()
                for attempt in Self.attempts where !attempt.startsLogin && attempt.kind != .tool {
                    let browser = TestBrowser()
                    let answer = try browser.askOnce(
                        stage.url("/bff/login"), attempt.kind, from: attempt.initiator, method: attempt.method,
                        headers: attempt.headers)
                    let what = Comment(rawValue: "\(attempt.name): \(answer.head)")
                    #expect([401, 403, 405].contains(answer.status), what)
                    #expect(answer.header("Location") == nil && answer.header("Set-Cookie") == nil, what)
                }
                let answer = try TestBrowser().askOnce(stage.url("/bff/login"))
                #expect(answer.status == 302)
                #expect(answer.header("Cache-Control") == "no-store")
                #expect(answer.header("Referrer-Policy") == "no-referrer")
            }
        }

        @Test("A17a prefetches begin and end nothing", arguments: ["prefetch", "prefetch;prerender", "prerender"])
        func prefetch(purpose: String) async throws {
            try await onThread {
                let stage = try Stage()
                let visitor = TestBrowser()
                for path in ["/page", "/bff/login", "/bff/callback?code=x&state=y"] {
                    let answer = try visitor.askOnce(
                        stage.url(path), .navigation, headers: ["Sec-Purpose": purpose])
                    #expect(answer.status == 503, "\(path): \(answer.head)")
                    #expect(answer.header("Cache-Control") == "no-store")
                    #expect(answer.header("Set-Cookie") == nil)
                }
                let browser = try stage.signedIn()
                stage.upstream.forget()
                let headers = ["Sec-Purpose": purpose]
                // A foreign page's speculation rules look like a typed address.
                #expect(try browser.askOnce(stage.url("/page"), headers: headers).status == 503)
                #expect(try browser.askOnce(stage.logoutURL(browser), headers: headers).status == 503)
                #expect(stage.upstream.requests.isEmpty)
                #expect(try stage.user(browser).status == 200)
                let own = try browser.askOnce(stage.url("/page"), from: .sameOrigin, headers: headers)
                #expect(own.status == 200)
                let referred = try browser.askOnce(
                    stage.url("/page"), headers: headers, referer: stage.url("/other"))
                #expect(referred.status == 200)
            }
        }

        /// What must never be followed, percent-encoded where a URL demands it.
        static let evil = [
            "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https:///evil.example",
            "/\t/evil.example", "/\tevil", "/\r\nSet-Cookie:x", "javascript:alert(1)", "/.//evil.example",
            "@evil.example", "https://localhost@evil.example", "https://localhost.evil.example",
            "/%2f%2fevil.example", "/%09/evil.example", "/%0d%0aSet-Cookie:x",
            "/" + String(repeating: "a", count: 2049),
            "http://evil.example/", "/bff/login", "/bff/logout?sid=x", "", " /x", "/x\u{0}y", "/a/../..//evil.example",
            "/%5cevil.example", "///evil.example", "/\u{7f}",
        ]

        @Test("A18 a return URL that is not a local path is 400, and never in a Location")
        func returnURLs() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let logout = try stage.logoutURL(browser)
                for evil in Self.evil {
                    let encoded = evil.utf8.map { byte in
                        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
                            ? String(UnicodeScalar(byte))
                            : "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
                    }.joined()
                    for url in [stage.url("/bff/login?returnUrl="), logout + "&returnUrl="] {
                        let answer = try browser.askOnce(url + encoded)
                        #expect(answer.status == 400, "\(evil.debugDescription) \(url): \(answer.head)")
                        #expect(answer.header("Location") == nil)
                    }
                }
                // Nothing of this ended the session, or went to the provider.
                #expect(try stage.user(browser).status == 200)
                #expect(stage.provider.calls(to: .authorize).count == 1)
                let twice = try browser.askOnce(stage.url("/bff/login?returnUrl=/a&returnUrl=/b"))
                #expect(twice.status == 400)
            }
        }

        @Test(
            "A18 a local return URL is returned to as it is",
            arguments: ["/ok?a=https://x.example/&b=%2F%2F", "/", "/a/b?c=d&e=%20f", "/%C3%A9", "/ok?next=//evil"])
        func goodReturnURLs(path: String) async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                let encoded = path.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                let page = try browser.ask(stage.url("/bff/login?returnUrl=" + encoded)) { next in
                    !next.hasPrefix(stage.gateway.origin) || next.contains("/bff/")
                }
                #expect(page.status == 303)
                #expect(page.header("Location") == path)
            }
        }

        @Test("A18 an overlong page logs in and returns to its path alone")
        func overlong() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                let page = try browser.ask(stage.url("/page?q=" + String(repeating: "x", count: 3000)))
                #expect(page.status == 200 && page.url == stage.url("/page"), "\(page.trail)")
            }
        }

        @Test("A20 callers cannot change what the provider is asked, beyond the list")
        func parameters() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                let hostile = [
                    "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce",
                    "code_challenge", "code_challenge_method", "request", "request_uri", "resource", "claims",
                ]
                let query = hostile.map { "\($0)=EVIL" }.joined(separator: "&")
                let answer = try browser.askOnce(
                    stage.url("/bff/login?\(query)&login_hint=a%26prompt%3Dnone&ui_locales=de&prompt=login"))
                let location = try #require(answer.header("Location"))
                #expect(!location.contains("EVIL"))
                let items = try #require(URLComponents(string: location)?.queryItems)
                for item in items { #expect(items.count { $0.name == item.name } == 1, "\(item)") }
                #expect(items.first { $0.name == "login_hint" }?.value == "a&prompt=none")
                #expect(items.first { $0.name == "prompt" }?.value == "login")
                #expect(items.first { $0.name == "redirect_uri" }?.value == stage.url("/bff/callback"))
            }
        }

        @Test(
            "A4, G14, E30 a foreign Host is 421 and learns nothing",
            arguments: ["evil.example", "localhost:1", "127.0.0.1"])
        func foreignHost(host: String) async throws {
            try await onThread {
                let stage = try Stage()
                for path in ["/page", "/bff/login", "/bff/callback?code=a&state=b"] {
                    let answer = try TestBrowser().askOnce(stage.url(path), headers: ["Host": host])
                    #expect(answer.status == 421, "\(answer.head)")
                    #expect(answer.header("Location") == nil && answer.header("Set-Cookie") == nil)
                }
                let page = try TestBrowser().askOnce(
                    stage.url("/bff/login"), headers: ["X-Forwarded-Host": "evil.example", "Forwarded": "host=evil"])
                #expect(page.header("Location")?.contains("evil") == false)
            }
        }

        @Test("A12 a hundred anonymous navigations leave nothing in the database")
        func nothingStored() async throws {
            try await onThread {
                let stage = try Stage()
                // The clock of the sweeper and the provider's documents are written when their time has come.
                func rows() throws -> [Substring] {
                    try ChildProcess.run(["sqlite3", stage.gateway.database, ".dump"]).output.split(separator: "\n")
                        .filter { !$0.hasPrefix("INSERT INTO heartbeat") && !$0.hasPrefix("INSERT INTO documents") }
                }
                _ = try TestBrowser().askOnce(stage.url("/page"))
                let before = try rows()
                for _ in 0..<100 { #expect(try TestBrowser().askOnce(stage.url("/page")).status == 302) }
                #expect(try rows() == before)
            }
        }

        @Test("A14 three tabs finish in reverse order; fifty abandoned logins keep the cookies small")
        func tabs() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                let callbacks = try ["/one", "/two", "/three"].map { try stage.pendingCallback(browser, to: $0) }
                for (callback, path) in zip(callbacks, ["/one", "/two", "/three"]).reversed() {
                    let page = try browser.ask(callback, from: .crossSite)
                    #expect(page.url == stage.url(path) && page.status == 200, "\(page.trail)")
                }
                let other = TestBrowser()
                for _ in 0..<50 { _ = try stage.pendingCallback(other, to: "/" + String(repeating: "p", count: 1000)) }
                let size = try #require(other.jar.header(for: "localhost", crossSite: false, topLevel: true)).utf8.count
                #expect(size < 8192)
                #expect(other.jar.names("postern-login-").count <= 6)
                let page = try other.ask(try stage.pendingCallback(other), from: .crossSite)
                #expect(page.status == 200)
            }
        }
    }
}
