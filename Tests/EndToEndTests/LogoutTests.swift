import Formats
import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// How sessions are left.
    @Suite struct Logout {
        @Test("F1 nobody else's page can log somebody out")
        func forced() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let bare = stage.url("/bff/logout")
                let right = try stage.logoutURL(browser)
                let wrong = right.dropLast(4) + "AAAA"
                let publicID = try stage.user(browser).text.components(
                    separatedBy: "\"bff:session_state\",\"value\":\""
                )
                .last.map { String($0.prefix { $0 != "\"" }) }
                for (url, kind, initiator, method) in [
                    (bare, .image, .crossSite, "GET"), (bare, .iframe, .crossSite, "GET"),
                    (bare, .formPost, .crossSite, "POST"), (bare, .navigation, .user, "GET"),
                    (String(wrong), .navigation, .sameOrigin, "GET"), (bare + "?sid=", .navigation, .sameOrigin, "GET"),
                    (bare + "?sid=sid-1-canary", .navigation, .sameOrigin, "GET"),
                    (bare + "?sid=" + (publicID ?? ""), .navigation, .sameOrigin, "GET"),
                    (right + "&sid=x", .navigation, .sameOrigin, "GET"), (right, .formPost, .sameOrigin, "POST"),
                    (right, .image, .crossSite, "GET"), (right, .iframe, .crossSite, "GET"),
                    (right, .fetch, .crossSite, "GET"),
                ] as [(String, TestBrowser.Kind, TestBrowser.Initiator, String)] {
                    // The cookie comes along whatever the browser is: the worst case.
                    let cookie = browser.jar.header(for: "localhost", crossSite: false, topLevel: true) ?? ""
                    let answer = try TestBrowser().askOnce(
                        url, kind, from: initiator, method: method, headers: ["Cookie": cookie])
                    #expect([400, 401, 403, 405].contains(answer.status), "\(url) \(kind): \(answer.head)")
                    #expect(try stage.user(browser).status == 200, "\(url) \(kind) \(initiator)")
                }
                #expect(try browser.askOnce(right, from: .sameOrigin).status == 302)
            }
        }

        @Test("F2, F3, F4 logout ends the session here, revokes, and comes back from the provider")
        func complete() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let page = try browser.ask(try stage.logoutURL(browser) + "&returnUrl=/bye", from: .sameOrigin) {
                    !$0.hasSuffix("/bye")
                }
                #expect(page.status == 303 && page.header("Location") == "/bye", "\(page.response.head)")
                let request = try #require(page.trail.first { $0.contains("/logout?") && $0.hasPrefix(stage.issuer) })
                let items = try #require(URLComponents(string: request)?.queryItems)
                func value(_ name: String) -> String? { items.first { $0.name == name }?.value }
                #expect(value("id_token_hint")?.hasPrefix("eyJ") == true)
                #expect(value("client_id") == "postern")
                #expect(value("post_logout_redirect_uri") == stage.url("/bff/logout/callback"))
                #expect((value("state") ?? "").utf8.count >= 22)
                #expect(stage.provider.revoked.contains { $0.hasPrefix("refresh-") })
                #expect(browser.jar[Stage.cookie] == nil && browser.jar["postern-logout"] == nil)
                #expect(browser.jar.refused.isEmpty, "\(browser.jar.refused)")
                // The landing's URL again, from the history: the neutral page.
                let landing = try #require(page.trail.last)
                let again = try browser.askOnce(landing)
                #expect(again.status == 200 && again.header("Location") == nil, "\(again.head)")
            }
        }

        @Test("F4 a landing with a wrong or no state is the neutral page")
        func landing() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                _ = try browser.askOnce(try stage.logoutURL(browser) + "&returnUrl=/bye", from: .sameOrigin)
                let jar = browser.jar
                for query in ["", "?state=", "?state=x", "?state=a&state=b", "?returnUrl=//evil", "?state=%ff"] {
                    browser.jar = jar
                    let answer = try browser.askOnce(stage.url("/bff/logout/callback") + query, from: .crossSite)
                    #expect(answer.status == 200 && answer.header("Location") == nil, "\(query): \(answer.head)")
                    #expect(!answer.text.contains("evil"))
                }
            }
        }

        @Test("F2 a provider that is down keeps nobody signed in")
        func providerDown() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let old = browser.jar[Stage.cookie] ?? ""
                let url = try stage.logoutURL(browser)
                stage.stopProvider()
                let answer = try browser.askOnce(url, from: .sameOrigin)
                #expect(answer.status == 302, "\(answer.head)")
                #expect(browser.jar[Stage.cookie] == nil)
                browser.jar.plant(Stage.cookie, old)
                #expect(try stage.user(browser).status == 401)
            }
        }

        @Test("F6 without an end_session_endpoint the logout ends here")
        func noEndpoint() async throws {
            try await onThread {
                let stage = try Stage { $0.metadata = { $0["end_session_endpoint"] = nil } }
                let browser = try stage.signedIn()
                let answer = try browser.askOnce(try stage.logoutURL(browser), from: .sameOrigin)
                #expect(answer.status == 302 && answer.header("Location") == "/", "\(answer.head)")
                #expect(browser.jar[Stage.cookie] == nil)
            }
        }

        @Test("E7, F1, F2 a planted second cookie keeps nobody signed in: the sid tells which session is meant")
        func secondCookie() async throws {
            try await onThread {
                let stage = try Stage()
                let other = try stage.signedIn("bob")
                for planted in ["x", String(repeating: "A", count: 43), try #require(other.jar[Stage.cookie])] {
                    for isFirst in [true, false] {
                        let browser = try stage.signedIn()
                        let own = try #require(browser.jar[Stage.cookie])
                        let logout = try stage.logoutURL(browser)
                        let pair = isFirst ? [planted, own] : [own, planted]
                        let cookies = ["Cookie": pair.map { "\(Stage.cookie)=\($0)" }.joined(separator: "; ")]
                        for wrong in [stage.url("/bff/logout"), String(logout.dropLast(4) + "AAAA")] {
                            let answer = try TestBrowser().askOnce(wrong, from: .sameOrigin, headers: cookies)
                            #expect(answer.status == 400, "\(answer.head)")
                            #expect(try stage.user(browser).status == 200)
                        }
                        let answer = try TestBrowser().askOnce(logout, from: .sameOrigin, headers: cookies)
                        #expect(answer.status == 302, "\(answer.head)")
                        #expect(answer.header("Location")?.hasPrefix(stage.issuer + "/logout?") == true)
                        #expect(try stage.user(browser).status == 401, "\(planted)")
                    }
                }
                #expect(try stage.user(other).status == 200)
                // Two that open nothing are nobody's session: nothing to do.
                let nobody = ["Cookie": "\(Stage.cookie)=x; \(Stage.cookie)=\(String(repeating: "A", count: 43))"]
                let answer = try TestBrowser().askOnce(
                    stage.url("/bff/logout"), from: .sameOrigin, headers: nobody)
                #expect(answer.status == 302 && answer.header("Location") == "/", "\(answer.head)")
            }
        }

        @Test("F7 a double click is no error")
        func twice() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let url = try stage.logoutURL(browser)
                _ = try browser.askOnce(url, from: .sameOrigin)
                for again in [url, stage.url("/bff/logout"), stage.url("/bff/logout?sid=x")] {
                    let answer = try browser.askOnce(again, from: .sameOrigin)
                    #expect(answer.status == 302 && answer.header("Location") == "/", "\(answer.head)")
                }
            }
        }
    }
}
