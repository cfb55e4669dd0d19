import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// The gateway as most will run it: nginx ends TLS in front of it, a provider elsewhere, a real browser.
    @Suite struct BehindTLS {
        private static let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("deploy/nginx/postern.conf")

        /// An application of one page; `/api/…` says what it got, but not the token.
        static func application(_ request: EchoUpstream.Request, _ peer: ScriptedPeer) throws {
            if request.target.hasPrefix("/api/") {
                let body = "{\"method\":\"\(request.method)\",\"target\":\"\(request.target)\"}"
                return try peer.send(EchoUpstream.answer(body, fields: ["Content-Type: application/json"]))
            }
            let body = "<!doctype html><title>Shop</title><h1>\(request.target)</h1>"
            try peer.send(EchoUpstream.answer(body, fields: ["Content-Type: text/html"]))
        }

        @Test(
            "E1, E2, E4, E5, E10, A4 Chromium, nginx with TLS, glewlwyd: login, API call, reload, logout with the __Host-Http- cookie; no token in reach"
        )
        func wholeWay() async throws {
            try await onThread {
                let site = TLSTerminator.origin
                let provider = try Glewlwyd(clients: [.init(id: "shop", secret: "shop-secret", origin: site)])
                let upstream = try EchoUpstream()
                upstream.answers(Self.application)
                var options = GatewayUnderTest.Options()
                options.clientID = "shop"
                options.publicURL = site
                options.routes.append("{ path: /bye, upstream: api, access: public }")
                let gateway = try GatewayUnderTest(
                    issuer: provider.issuer, secret: "shop-secret", upstream: upstream.port, options: options)
                let nginx = try TLSTerminator(
                    sample: String(contentsOf: Self.sample, encoding: .utf8), gateway: gateway.port)
                let browser = try Chromium(switches: nginx.browserSwitches)
                defer { browser.quit() }

                try browser.open(site + "/orders?page=2")
                try provider.signIn(browser)
                try browser.waitForURL { $0 == site + "/orders?page=2" }
                #expect(try browser.text("h1") == "/orders?page=2")

                let cookies = try browser.cookies.filter { $0.attributes["domain"]?.contains("example.com") == true }
                #expect(cookies.allSatisfy { $0.name.hasPrefix("__Host-Http-postern") }, "\(cookies)")
                let cookie = try #require(cookies.first { $0.name == "__Host-Http-postern" })
                let wanted = [
                    "domain": TLSTerminator.host, "path": "/", "secure": "1", "httpOnly": "1", "sameSite": "Lax",
                    "session": "1",
                ]
                for (name, value) in wanted { #expect(cookie.attributes[name] == value, "\(cookie.attributes)") }
                #expect(try browser.run("return document.cookie") as? String == "")

                let called = try browser.fetch("/api/orders", method: "POST", body: "{}")
                #expect(called.status == 200 && called.body.contains("/api/orders"), "\(called)")
                let request = try #require(upstream.requests.last)
                let bearer = try #require(request.bearer)
                #expect(try provider.introspect(bearer)["active"] as? Bool == true)
                #expect(request.header("X-Forwarded-Proto") == "https" && request.header("Cookie") == nil)

                let before = upstream.requests.count
                try browser.reload()
                #expect(try browser.text("h1") == "/orders?page=2")
                #expect(upstream.requests.count > before && upstream.requests.last?.bearer == bearer)

                let user = try browser.fetch("/bff/user", headers: ["X-CSRF": "1"])
                let session = try browser.fetch("/bff/session")
                #expect(user.status == 200 && session.status == 200, "\(user) \(session)")
                let rows = try JSONSerialization.jsonObject(with: Data(user.body.utf8)) as? [[String: Any]] ?? []
                let logout = try #require(rows.first { $0["type"] as? String == "bff:logout_url" }?["value"] as? String)
                let reach = try browser.reach
                for text in [reach, called.body, user.body, session.body] {
                    #expect(TokenHunt.find([bearer, cookie.value], in: text) == [])
                }

                try browser.run("location.href = arguments[0]", [logout + "&returnUrl=/bye"])
                try provider.signOut(browser)
                try browser.waitForURL { $0 == site + "/bye" }
                #expect(try browser.text("h1") == "/bye")
                #expect(try browser.cookies.filter { $0.name == "__Host-Http-postern" }.isEmpty)
                #expect(try browser.fetch("/api/orders").status == 401)
                #expect(try provider.introspect(bearer)["active"] as? Bool == false)

                let wire = try browser.wire()
                #expect(wire.addresses.contains { $0.contains("id_token_hint=") })
                #expect(wire.addresses.contains { $0.hasPrefix(site + "/bff/callback?") })
                #expect(TokenHunt.find([bearer], in: wire.text) == [])
                #expect(!wire.addresses.contains { $0.contains(cookie.value) })
            }
        }
    }
}
