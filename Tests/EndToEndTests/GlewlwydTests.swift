import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// The product at a provider that nobody here wrote.
    @Suite struct AtGlewlwyd {
        /// Gateway, provider and API; the client is public (PKCE alone) or confidential (`client_secret_basic`).
        final class Scene {
            let provider: Glewlwyd
            let upstream: EchoUpstream
            let gateway: GatewayUnderTest
            let browser = TestBrowser()
            let isPublic: Bool

            init(_ client: String) throws {
                isPublic = client == "public"
                // Letters and dashes alone: it does not undo the form-encoding of RFC 6749, section 2.3.1.
                let secret = isPublic ? nil : "s3cret-of-the-gateway"
                let port = try freePort()
                provider = try Glewlwyd(clients: [
                    .init(id: "gateway-\(client)", secret: secret, origin: "http://localhost:\(port)")
                ])
                upstream = try EchoUpstream()
                var options = GatewayUnderTest.Options()
                options.clientID = "gateway-\(client)"
                gateway = try GatewayUnderTest(
                    issuer: provider.issuer, secret: secret, upstream: upstream.port, port: port, options: options)
            }

            func url(_ path: String) -> String { gateway.origin + path }

            /// Calls the API as a page of ours does; the bearer token that arrived there comes back.
            func callAPI() throws -> String? {
                upstream.forget()
                let answer = try browser.askOnce(url("/api/orders?page=2"), .fetch, from: .sameOrigin)
                #expect(answer.status == 200, "\(answer.head) \(answer.text)\n\(gateway.log)")
                #expect(answer.text == "GET /api/orders?page=2")
                return upstream.requests.last?.bearer
            }

            func user() throws -> RawResponse {
                try browser.askOnce(url("/bff/user"), .fetch, from: .sameOrigin, headers: ["X-CSRF": "1"])
            }

            func logoutURL() throws -> String {
                let rows = try JSONSerialization.jsonObject(with: Data(try user().body)) as? [[String: Any]] ?? []
                let row = try #require(rows.first { $0["type"] as? String == "bff:logout_url" })
                return url(try #require(row["value"] as? String))
            }
        }

        @Test(
            "A2, E32, F2, F4 glewlwyd: login, an API call with the bearer that it issued, logout to the provider and back",
            arguments: ["public", "confidential"])
        func roundTrip(client: String) async throws {
            try await onThread {
                let scene = try Scene(client)
                let browser = scene.browser
                let landed = try scene.provider.signIn(browser, at: scene.url("/start?tab=1"))
                #expect(
                    landed.status == 200 && landed.text == "GET /start?tab=1", "\(landed.trail)\n\(scene.gateway.log)")
                #expect(browser.jar.refused.isEmpty, "\(browser.jar.refused)")
                let user = try scene.user()
                #expect(user.status == 200 && user.text.contains("alice@example.org"), "\(user.text)")

                let bearer = try #require(try scene.callAPI())
                let token = try scene.provider.introspect(bearer)
                #expect(token["active"] as? Bool == true, "\(token)")
                #expect(token["client_id"] as? String == "gateway-\(client)", "\(token)")
                let known = try scene.provider.userinfo(bearer: bearer)
                #expect(known.status == 200 && known.text.contains("alice@example.org"), "\(known.head) \(known.text)")
                #expect(!browser.received.contains(bearer), "the browser has seen the token")

                let cookie = try #require(browser.jar["postern"])
                let left = try scene.provider.signOut(browser, at: try scene.logoutURL() + "&returnUrl=/start")
                // Signed out, the page asks for a login again: at the provider's own page, not past it.
                #expect(left.url.hasPrefix(scene.provider.origin + "/login.html"), "\(left.trail)")
                let landing = try #require(left.trail.first { $0.contains("/bff/logout/callback?") })
                #expect(landing.hasPrefix(scene.url("/")) && left.trail.contains(scene.url("/start")), "\(left.trail)")
                #expect(browser.jar["postern"] == nil && browser.jar["postern-logout"] == nil)
                browser.jar.plant("postern", cookie)
                #expect(try browser.askOnce(scene.url("/api"), .fetch, from: .sameOrigin).status == 401)

                // Its revocation endpoint takes no public clients; the logout is complete here all the same (B63).
                if !scene.isPublic {
                    try eventually("the provider has revoked the token: \(scene.gateway.log)") {
                        try scene.provider.introspect(bearer)["active"] as? Bool == false
                    }
                }
                for secret in [bearer, cookie, "s3cret", "code=", "state="] {
                    #expect(!scene.gateway.log.contains(secret), "\(secret) is in the log")
                }
            }
        }

        @Test(
            "B30, B33 glewlwyd: an expired token is refreshed, again and again, with the token that does not rotate",
            arguments: ["public", "confidential"])
        func refresh(client: String) async throws {
            try await onThread {
                let scene = try Scene(client)
                // While glewlwyd takes on another lifetime it has no keys for whoever asks.
                try eventually("the provider's keys: \(scene.gateway.log)") {
                    !scene.gateway.events("provider_keys").isEmpty
                }
                // Short for the tokens that are to end, long for the one that is looked at.
                try scene.provider.setTokenLifetime(seconds: 2)
                _ = try scene.provider.signIn(scene.browser, at: scene.url("/start"))
                var seen = [try #require(try scene.callAPI())]
                for lifetime in [2, 300] {
                    try scene.provider.setTokenLifetime(seconds: lifetime)
                    try eventually("a fresh token: \(scene.gateway.log)", within: 30) {
                        let bearer = try #require(try scene.callAPI())
                        if bearer == seen.last { return false }
                        seen.append(bearer)
                        return true
                    }
                }
                #expect(Set(seen).count == 3)
                let bearer = try #require(try scene.callAPI())
                #expect(bearer == seen.last)
                #expect(try scene.provider.introspect(bearer)["active"] as? Bool == true)
                let known = try scene.provider.userinfo(bearer: bearer)
                #expect(known.status == 200 && known.text.contains("alice@example.org"), "\(known.head) \(known.text)")
                #expect(try scene.user().status == 200)
                for token in seen { #expect(!scene.browser.received.contains(token)) }
            }
        }
    }
}
