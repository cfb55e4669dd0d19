import Formats
import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// How a login ends, and what is not believed.
    @Suite struct Callback {
        @Test("A42 no callback without its attempt's cookie reaches the token endpoint")
        func state() async throws {
            try await onThread {
                let stage = try Stage()
                let victim = TestBrowser()
                let callback = try stage.pendingCallback(victim)
                let state = try #require(
                    URLComponents(string: callback)?.queryItems?.first { $0.name == "state" }?.value)
                let altered = callback.replacingOccurrences(of: state, with: String(state.reversed()))
                let missing = callback.replacingOccurrences(of: "state=", with: "stat=")
                let stranger = TestBrowser()
                let another = try stage.signedIn("bob")
                _ = try stage.pendingCallback(another, "bob")
                let before = stage.redemptions
                for (browser, url, name) in [
                    (stranger, callback, "no cookie"), (victim, altered, "altered"), (victim, missing, "missing"),
                    (stranger, missing, "nothing at all"),
                ] {
                    let answer = try browser.askOnce(url, from: .crossSite)
                    #expect(answer.status == 400, "\(name): \(answer.head)")
                    #expect(browser.jar[Stage.cookie] == nil, "\(name)")
                }
                // Somebody else's callback in a browser with an attempt and a session of its own: neither is touched.
                let answer = try another.askOnce(callback, from: .crossSite)
                #expect(answer.status != 200 && answer.header("Set-Cookie")?.contains("postern=") != true)
                #expect(stage.redemptions == before)
                #expect(try stage.user(another).text.contains("bob"))
                // And the victim's own attempt still works.
                #expect(try victim.ask(callback, from: .crossSite).status == 200)
            }
        }

        @Test("A41, A48 repeated and contradictory parameters are refused before any token request")
        func parameters() async throws {
            try await onThread {
                let stage = try Stage()
                for (name, change) in [
                    ("code twice", { (url: String) in url + "&code=b" }), ("state twice", { $0 + "&state=b" }),
                    ("iss twice", { $0 + "&iss=b" }), ("error and code", { $0 + "&error=access_denied" }),
                    ("neither", { $0.replacingOccurrences(of: "code=", with: "cod=") }),
                    ("access token", { $0 + "&access_token=x" }), ("ID token", { $0 + "&id_token=x" }),
                    ("empty code", { $0.replacingOccurrences(of: "code=code-", with: "code=&x=") }),
                ] as [(String, (String) -> String)] {
                    let browser = TestBrowser()
                    let url = change(try stage.pendingCallback(browser))
                    let answer = try browser.askOnce(url, from: .crossSite)
                    #expect([400, 502].contains(answer.status), "\(name): \(answer.head)")
                    #expect(browser.jar[Stage.cookie] == nil, "\(name)")
                }
                #expect(stage.redemptions == 0)
                let browser = TestBrowser()
                let page = try browser.ask(try stage.pendingCallback(browser) + "&foo=bar", from: .crossSite)
                #expect(page.status == 200)
            }
        }

        @Test("A43 fifty parallel copies of one callback make exactly one token request")
        func parallelCallbacks() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                let callback = try stage.pendingCallback(browser)
                let message = try browser.message(callback, .navigation, from: .crossSite)
                let answers = try atOnce(50) { _ in try RawClient.ask(port: message.port, message.text) }
                #expect(stage.redemptions == 1)
                #expect(answers.count { $0.status == 303 } == 1)
                for answer in answers { #expect([303, 400].contains(answer.status), "\(answer.head)") }
            }
        }

        @Test("A44 the issuer of an answer must be there and equal, in errors too")
        func issuer() async throws {
            try await onThread {
                let stage = try Stage()
                let honest = stage.issuer
                for wrong in [nil, honest + "1", honest + "/", honest.uppercased(), "", "https%3A%2F%2Fidp"]
                    as [String?]
                {
                    for error in [false, true] {
                        stage.provider.bend { script in
                            script.callback = { parameters in
                                parameters.removeAll { $0.name == "iss" }
                                if let wrong { parameters.append(("iss", wrong)) }
                                if error {
                                    parameters.removeAll { $0.name == "code" }
                                    parameters.append(("error", "access_denied"))
                                }
                            }
                        }
                        let browser = TestBrowser()
                        let answer = try browser.askOnce(try stage.pendingCallback(browser), from: .crossSite)
                        #expect([400, 502].contains(answer.status), "\(wrong ?? "none") \(error): \(answer.head)")
                        #expect(browser.jar[Stage.cookie] == nil)
                    }
                }
                #expect(stage.redemptions == 0)
            }
        }

        @Test("A47 the provider's errors become pages of ours; its text is never repeated")
        func errors() async throws {
            try await onThread {
                let stage = try Stage()
                for (error, statuses) in [
                    ("access_denied", [403]), ("temporarily_unavailable", [503]), ("server_error", [503]),
                    ("login_required", [401]), ("invalid_request", [400, 502]), ("unauthorized_client", [400, 502]),
                    ("<script>alert(1)</script>", [400, 502]), ("x\r\nSet-Cookie: a=b", [400, 502]),
                ] as [(String, [Int])] {
                    stage.provider.bend { script in
                        script.callback = { parameters in
                            parameters.removeAll { $0.name == "code" }
                            parameters += [
                                ("error", error), ("error_description", "<script>canary</script>\r\n"),
                                ("error_uri", "https://evil.example/"),
                            ]
                        }
                    }
                    let browser = TestBrowser()
                    let answer = try browser.askOnce(try stage.pendingCallback(browser), from: .crossSite)
                    #expect(statuses.contains(answer.status), "\(error): \(answer.head)")
                    #expect(!answer.text.contains("canary") && !answer.text.contains("evil"))
                    #expect(!answer.text.contains("<script"))
                    #expect(answer.header("Location") == nil)
                    #expect(answer.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
                }
                #expect(stage.redemptions == 0)
                #expect(!stage.gateway.log.contains("canary"))
            }
        }

        @Test("A49 a code whose redemption got no answer is not sent again")
        func lostAnswer() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.provider = ["timeout: 1s"]
                let stage = try Stage(options)
                stage.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .lost : nil } }
                let browser = TestBrowser()
                let callback = try stage.pendingCallback(browser)
                let answer = try browser.askOnce(callback, from: .crossSite)
                #expect([502, 503, 504].contains(answer.status), "\(answer.head)")
                #expect(answer.header("Location") == nil)
                _ = try browser.askOnce(callback, from: .crossSite)
                #expect(stage.redemptions == 1)
                #expect(browser.jar[Stage.cookie] == nil)
            }
        }

        @Test("A49 the same for 500 and for errors of the protocol", arguments: [500, 502, 503, 400, 401])
        func failedRedemption(status: Int) async throws {
            try await onThread {
                let stage = try Stage()
                stage.provider.bend {
                    $0.intercept = { call, _ in
                        guard call.endpoint == .token else { return nil }
                        return status < 500
                            ? .error("invalid_grant", status: status) : .text("<h1>oops", status: status)
                    }
                }
                let browser = TestBrowser()
                let answer = try browser.askOnce(try stage.pendingCallback(browser), from: .crossSite)
                #expect(answer.status >= 400 && answer.header("Location") == nil, "\(answer.head)")
                #expect(!answer.text.contains("oops"))
                #expect(stage.redemptions == 1)
                #expect(browser.jar[Stage.cookie] == nil)
            }
        }

        @Test("A50, A52, E41, E44 a login makes a new session id, and the old one is dead, whoever comes back")
        func fixation() async throws {
            try await onThread {
                let stage = try Stage()
                let planted = String(repeating: "A", count: 43)
                let victim = TestBrowser()
                victim.jar.plant(Stage.cookie, planted)
                try stage.signIn(victim)
                let first = try #require(victim.jar[Stage.cookie])
                #expect(first != planted)
                let attacker = TestBrowser()
                attacker.jar.plant(Stage.cookie, planted)
                #expect(try stage.user(attacker).status == 401)
                // A second login in the same browser, even as somebody else, ends the first.
                try stage.signIn(victim, "bob")
                let second = try #require(victim.jar[Stage.cookie])
                #expect(second != first)
                attacker.jar.plant(Stage.cookie, first)
                let answer = try stage.user(attacker)
                #expect(answer.status == 401)
                // Its tokens go back to the provider, as at a logout (B63); those of the new session do not.
                try eventually("revoked: \(stage.provider.revoked)") { stage.provider.revoked.count == 2 }
                #expect(stage.provider.revoked.first?.hasPrefix("refresh-") == true)
                #expect(try victim.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                #expect(try stage.user(victim).text.contains("bob"))
                #expect(!(try stage.user(victim).text.contains("\"alice\"")))
                #expect(victim.jar.refused.isEmpty, "\(victim.jar.refused)")
            }
        }

        @Test("A50 the session present when the login began ends, although the callback came without it")
        func earlierSession() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                let old = try #require(browser.jar[Stage.cookie])
                let callback = try stage.pendingCallback(browser)
                browser.jar.remove(Stage.cookie)
                #expect(try browser.ask(callback, from: .crossSite).status == 200)
                let thief = TestBrowser()
                thief.jar.plant(Stage.cookie, old)
                #expect(try stage.user(thief).status == 401)
            }
        }

        @Test("A51 a callback from the history goes home with a session, and to a page without")
        func replay() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                let callback = try stage.pendingCallback(browser)
                let attempt = browser.jar
                #expect(try browser.ask(callback, from: .crossSite).status == 200)
                let again = try browser.askOnce(callback, from: .user)
                #expect(again.status == 303 && again.header("Location") == "/")
                let stranger = TestBrowser()
                stranger.jar = attempt
                let page = try stranger.askOnce(callback, from: .user)
                #expect(page.status == 400)
                #expect(page.header("Location") == nil && page.text.contains("/bff/login"))
                #expect(stranger.jar[Stage.cookie] == nil)
                #expect(stage.redemptions == 1)
            }
        }

        @Test("A51 the third login to the same page within half a minute stops with a page; logout clears the count")
        func loop() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = TestBrowser()
                for count in 1...3 {
                    // Something takes the session cookie away each time.
                    browser.jar.remove(Stage.cookie)
                    let page = try browser.ask(stage.url("/bff/login?returnUrl=/loop")) {
                        !$0.hasSuffix("/loop")
                    }
                    if count < 3 {
                        #expect(page.status == 303, "\(count): \(page.response.head)")
                    } else {
                        #expect(page.status == 200 && page.header("Location") == nil, "\(page.response.head)")
                        #expect(page.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
                    }
                }
                let other = TestBrowser()
                for _ in 0..<4 {
                    let page = try other.ask(stage.url("/bff/login?returnUrl=/loop"))
                    #expect(page.url == stage.url("/loop"), "\(page.trail)")
                    try other.ask(try stage.logoutURL(other), from: .sameOrigin)
                }
            }
        }

        @Test("A54, A55, B27, F5 no secret is in the log, and none but a code in a browser's answers")
        func canaries() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.top = ["log: { level: debug }"]
                let stage = try Stage(options) { $0.lifetime = 1 }
                let browser = try stage.signedIn()
                let session = try #require(browser.jar[Stage.cookie])
                stage.upstream.answers { request, peer in
                    try peer.send(EchoUpstream.answer(request.head, fields: ["X-Echo: \(request.bearer ?? "")"]))
                }
                try eventually("refresh") {
                    _ = try browser.ask(stage.url("/api?access_token=query-canary"), .fetch, from: .sameOrigin)
                    return stage.refreshes > 0
                }
                try browser.ask(try stage.logoutURL(browser), from: .sameOrigin)
                let failed = TestBrowser()
                let callback = try stage.pendingCallback(failed)
                _ = try TestBrowser().askOnce(callback, from: .crossSite)
                _ = try failed.askOnce(callback + "x", from: .crossSite)
                try stage.gateway.stop()
                let log = stage.gateway.log
                // The beginnings of JOSE headers: three letters alone stand in sealed cookies by chance.
                let tokens = ["eyJhbGci", "eyJ0eXAi", "eyJraWQi"]
                for canary in ["canary", session, "s3cret", "code_verifier"] + tokens {
                    #expect(!log.contains(canary), "\(canary) is in the log")
                }
                for (url, response) in browser.responses where url.hasPrefix(stage.gateway.origin) {
                    #expect(!(response.head + response.text).contains("access-"), "\(url): \(response.head)")
                    #expect(!(response.head + response.text).contains("refresh-"), "\(url): \(response.head)")
                    let isLogout = response.header("Location")?.contains("/logout") == true
                    for token in tokens where !isLogout {
                        #expect(!(response.head + response.text).contains(token), "\(url): \(response.head)")
                    }
                }
            }
        }
    }
}
