import Formats
import HTTPServer
import TestSupport
import Testing
import Time

@testable import DevIdentityProvider

struct AuthorizeEndpointTests {
    @Test("H9 the answer carries code, the exact state, and iss", arguments: ProviderLayout.allCases)
    func answers(layout: ProviderLayout) async throws {
        let harness = try ProviderHarness(layout)
        let end = try await TestPerson(harness).walk(ProviderHarness.parameters(["state": "a b+c&d=é/?"]))
        #expect(end.address.hasPrefix(ProviderHarness.redirect + "?code="))
        #expect(end.address.contains("state=a+b%2Bc%26d%3D%C3%A9%2F%3F"))
        #expect(end["iss"] == harness.issuer.text)
    }

    @Test("H9 errors carry state and iss too")
    func errorsCarryIssuer() async throws {
        let harness = try ProviderHarness()
        let response = await TestPerson(harness).open(ProviderHarness.parameters(["response_type": "token"]))
        let end = TestPerson.End(address: response.header("Location") ?? "", page: response)
        #expect(end["error"] == "unsupported_response_type")
        #expect(end["state"] == "st-1")
        #expect(end["iss"] == "http://127.0.0.1:8081")
        #expect(response.status == 303)
    }

    @Test(
        "H4 an unregistered redirect URI ends on a page, never in a redirect",
        arguments: [
            "http://localhost:8080/bff/callback/", "http://localhost:8080/BFF/callback",
            "http://localhost:8080/bff/callback?x=1", "http://localhost:8080/x/../bff/callback",
            "http://localhost:8081/bff/callback", "https://localhost:8080/bff/callback",
            "http://localhost.evil.example/bff/callback", "http://localhost:8080/bff/callbac\u{212A}",
            "http://127.0.0.1:8080/bff/callback",
        ])
    func unregisteredRedirect(uri: String) async throws {
        let response = await TestPerson(try ProviderHarness()).open(ProviderHarness.parameters(["redirect_uri": uri]))
        #expect(response.status == 400)
        #expect(response.header("Location") == nil)
    }

    @Test("H4 an unknown, missing or doubled client ends on a page")
    func unknownClient() async throws {
        let person = TestPerson(try ProviderHarness())
        for parameters in [
            ProviderHarness.parameters(client: "nobody"), ProviderHarness.parameters(["client_id": nil]),
            ProviderHarness.parameters() + [("client_id", "public")],
            ProviderHarness.parameters() + [("redirect_uri", ProviderHarness.redirect)],
        ] {
            let response = await person.open(parameters)
            #expect(response.status == 400)
            #expect(response.header("Location") == nil)
        }
    }

    @Test("H4 a native client may use its private scheme, and any port on a loopback literal")
    func nativeClient() async throws {
        let harness = try ProviderHarness()
        let end = try await TestPerson(harness).walk(
            ProviderHarness.parameters(client: "native", ["redirect_uri": "yourApp:/callback"]))
        #expect(end.address.hasPrefix("yourApp:/callback?code="))
        let loopback = try await TestPerson(harness).walk(
            ProviderHarness.parameters(client: "native", ["redirect_uri": "http://127.0.0.1:54321/cb"]))
        #expect(loopback.address.hasPrefix("http://127.0.0.1:54321/cb?code="))
        let named = await TestPerson(harness).open(
            ProviderHarness.parameters(client: "native", ["redirect_uri": "http://localhost:54321/cb"]))
        #expect(named.status == 400)
    }

    @Test("H6 PKCE with S256 is required of every client", arguments: ["public", "confidential"])
    func challengeRequired(client: String) async throws {
        let person = TestPerson(try ProviderHarness())
        let short = String(ProviderHarness.challenge(of: "x").dropLast())
        for overrides: [String: String?] in [
            ["code_challenge": nil, "code_challenge_method": nil], ["code_challenge": nil],
            ["code_challenge_method": "plain"], ["code_challenge_method": nil], ["code_challenge": short],
            ["code_challenge": short + "!"], ["code_challenge": short + "=="],
        ] {
            let response = await person.open(ProviderHarness.parameters(client: client, overrides))
            let end = TestPerson.End(address: response.header("Location") ?? "", page: response)
            #expect(end["error"] == "invalid_request", "\(overrides)")
        }
    }

    @Test(
        "H8 only response_type=code, only response_mode=query, nothing twice",
        arguments: [
            ("response_type", nil, "invalid_request"), ("response_type", "token", "unsupported_response_type"),
            ("response_type", "code id_token", "unsupported_response_type"),
            ("response_type", "none", "unsupported_response_type"),
        ] as [(String, String?, String)])
    func responseType(name: String, value: String?, error: String) async throws {
        let response = await TestPerson(try ProviderHarness()).open(ProviderHarness.parameters([name: value]))
        #expect(TestPerson.End(address: response.header("Location") ?? "", page: response)["error"] == error)
    }

    @Test("H8 an unsupported response mode is answered without a redirect, a doubled parameter with one")
    func responseMode() async throws {
        let person = TestPerson(try ProviderHarness())
        for mode in ["form_post", "fragment", "query.jwt", "x"] {
            let response = await person.open(ProviderHarness.parameters(["response_mode": mode]))
            #expect(response.status == 400 && response.header("Location") == nil)
        }
        let twice = await person.open(ProviderHarness.parameters() + [("scope", "openid")])
        #expect(TestPerson.End(address: twice.header("Location") ?? "", page: twice)["error"] == "invalid_request")
    }

    @Test("H10 request objects and registration are refused by name, and request_uri is never fetched (H1)")
    func requestObjects() async throws {
        let person = TestPerson(try ProviderHarness())
        for (name, error) in [
            ("request", "request_not_supported"), ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            let response = await person.open(ProviderHarness.parameters([name: "http://127.0.0.1:1/x"]))
            #expect(TestPerson.End(address: response.header("Location") ?? "", page: response)["error"] == error)
        }
    }

    @Test("H10 POST works like GET; unknown parameters and scopes are ignored; the nonce may be absent")
    func postAndUnknown() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        let parameters = ProviderHarness.parameters([
            "scope": "openid foo bar", "display": "popup", "ui_locales": "fr-CA xx", "claims_locales": "fr",
            "claims": "{}", "unknown": "x", "nonce": nil,
        ])
        let login = await person.send("POST", harness.path(.authorize), form: parameters)
        #expect(login.status == 200)
        let consent = await person.follow(try await person.press(("user", "bob"), on: login))
        let last = try await person.press(("decision", "allow"), on: consent)
        let end = TestPerson.End(address: last.header("Location") ?? "", page: last)
        let code = try #require(end["code"])
        let tokens = try await harness.redeem(code, verifier: ProviderHarness.verifier).json
        #expect(tokens["scope"]?.string == "openid")
        #expect(try await harness.claims(of: tokens["id_token"]?.string)["nonce"] == nil)
    }

    @Test("H10 prompt=none: login_required, consent_required, then silent success; with another value invalid_request")
    func promptNone() async throws {
        let person = TestPerson(try ProviderHarness())
        func silent(_ overrides: [String: String?] = [:]) async -> TestPerson.End {
            let response = await person.open(
                ProviderHarness.parameters(overrides.merging(["prompt": "none"]) { first, _ in first }))
            return TestPerson.End(address: response.header("Location") ?? "", page: response)
        }
        #expect(await silent()["error"] == "login_required")
        _ = try await person.walk(ProviderHarness.parameters())
        #expect(await silent()["code"] != nil)
        #expect(await silent(["scope": "openid address"])["error"] == "consent_required")
        #expect(await silent(["prompt": "none login"])["error"] == "invalid_request")
        #expect(await silent(["prompt": "sometimes"])["error"] == "invalid_request")
    }

    @Test("H10 prompt=login and select_account ask again, and the new auth_time is told")
    func promptLogin() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        let first = try await harness.tokens(browser: person)
        harness.clock.advance(.seconds(100))
        for prompt in ["login", "select_account", "create"] {
            let page = await person.open(ProviderHarness.parameters(["prompt": prompt]))
            #expect(page.text.contains("class=\"people\""))
        }
        let second = try await harness.tokens(browser: person, ["prompt": "login"])
        let before = try await harness.claims(of: first["id_token"]?.string)["auth_time"]?.integer ?? 0
        let after = try await harness.claims(of: second["id_token"]?.string)["auth_time"]?.integer ?? 0
        #expect(after - before == 100)
    }

    @Test("H10 max_age: too long ago asks again, long enough does not, zero always asks, nonsense is refused")
    func maximumAge() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        _ = try await harness.tokens(browser: person)
        harness.clock.advance(.seconds(5))
        #expect(await person.open(ProviderHarness.parameters(["max_age": "1"])).text.contains("class=\"people\""))
        #expect(await person.open(ProviderHarness.parameters(["max_age": "0"])).text.contains("class=\"people\""))
        #expect(await person.open(ProviderHarness.parameters(["max_age": "10000"])).status == 303)
        let again = try await harness.tokens(browser: person, ["max_age": "1"])
        #expect(try await harness.claims(of: again["id_token"]?.string)["auth_time"]?.integer == 1_790_000_005)
        for bad in ["-1", "x", "1.5", "99999999999999999999"] {
            let response = await person.open(ProviderHarness.parameters(["max_age": bad]))
            let end = TestPerson.End(address: response.header("Location") ?? "", page: response)
            #expect(end["error"] == "invalid_request", "\(bad)")
        }
    }

    @Test("H10 login_hint puts the hinted user first")
    func loginHint() async throws {
        for hint in ["carol", "carol@example.com"] {
            let page = await TestPerson(try ProviderHarness()).open(ProviderHarness.parameters(["login_hint": hint]))
                .text
            let first = page.firstMatch(of: /name="user" value="([^"]*)"/)?.1
            #expect(first == "carol")
            #expect(page.contains("suggested"))
        }
    }

    @Test("H10 id_token_hint: the same user passes silently, another one is login_required, a forged one is refused")
    func idTokenHint() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        let token = try #require(try await harness.tokens(browser: person)["id_token"]?.string)
        func silent(_ hint: String) async -> TestPerson.End {
            let response = await person.open(ProviderHarness.parameters(["prompt": "none", "id_token_hint": hint]))
            return TestPerson.End(address: response.header("Location") ?? "", page: response)
        }
        #expect(await silent(token)["code"] != nil)
        #expect(await silent(token + "A")["error"] == "invalid_request")
        _ = try await harness.tokens(as: "bob", browser: person, ["prompt": "login"])
        #expect(await silent(token)["error"] == "login_required")
        // Asked with the hint of Alice, Bob clicks on himself all the same.
        let end = try await person.walk(ProviderHarness.parameters(["id_token_hint": token]), as: "bob")
        #expect(end["error"] == "login_required")
    }

    @Test("H10 acr_values: the asked-for context is reached and told; one that is good enough is not asked for again")
    func contexts() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        _ = try await harness.tokens(browser: person)
        let wanted = AuthenticationContext.twoFactors.rawValue
        let page = await person.open(ProviderHarness.parameters(["acr_values": wanted]))
        #expect(page.text.contains("two factors"))
        let stepped = try await harness.tokens(browser: person, ["acr_values": wanted + " x"])
        let claims = try await harness.claims(of: stepped["id_token"]?.string)
        #expect(claims["acr"]?.string == wanted)
        #expect(claims["amr"]?.array?.contains("otp") == true)
        #expect(await person.open(ProviderHarness.parameters(["acr_values": wanted])).status == 303)
        #expect(await person.open(ProviderHarness.parameters(["acr_values": "unknown"])).status == 303)
    }

    @Test("H12 consent shows client and scopes, is remembered for the set, and forced by prompt=consent")
    func consent() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        let login = await person.open(ProviderHarness.parameters())
        let consent = await person.follow(try await person.press(("user", "alice"), on: login))
        for text in ["public", "offline_access", "email", "Alice Anders", "http://localhost:8080"] {
            #expect(consent.text.contains(text), "\(text)")
        }
        _ = try await person.press(("decision", "allow"), on: consent)
        #expect(await person.open(ProviderHarness.parameters()).status == 303)
        #expect(await person.open(ProviderHarness.parameters(["scope": "openid"])).text.contains("class=\"wishes\""))
        #expect(await person.open(ProviderHarness.parameters(["prompt": "consent"])).text.contains("class=\"wishes\""))
        #expect(
            await person.open(ProviderHarness.parameters(client: "native", ["redirect_uri": "yourApp:/callback"]))
                .text.contains("class=\"wishes\""))
    }

    @Test("H12 denial and cancelling are access_denied, and nothing is remembered")
    func denial() async throws {
        let person = TestPerson(try ProviderHarness())
        let login = await person.open(ProviderHarness.parameters())
        let cancelled = try await person.press(("cancel", "1"), on: login)
        #expect(
            TestPerson.End(address: cancelled.header("Location") ?? "", page: cancelled)["error"] == "access_denied")
        let again = await person.open(ProviderHarness.parameters())
        let consent = await person.follow(try await person.press(("user", "alice"), on: again))
        let denied = try await person.press(("decision", "deny"), on: consent)
        #expect(TestPerson.End(address: denied.header("Location") ?? "", page: denied)["error"] == "access_denied")
        #expect(await person.open(ProviderHarness.parameters()).text.contains("class=\"wishes\""))
        // The page of a finished interaction is worth nothing any more.
        #expect(try await person.press(("decision", "allow"), on: consent).status == 400)
    }

    @Test("H12 the person can become somebody else on the consent page")
    func switchUser() async throws {
        let person = TestPerson(try ProviderHarness())
        let login = await person.open(ProviderHarness.parameters())
        let consent = await person.follow(try await person.press(("user", "alice"), on: login))
        let chooser = await person.follow(try await person.press(("decision", "switch"), on: consent))
        #expect(chooser.text.contains("class=\"people\""))
        let other = await person.follow(try await person.press(("user", "bob"), on: chooser))
        #expect(other.text.contains("Bob Brandt"))
    }

    @Test("H12 a click on the consent page of one user never counts for another")
    func consentNamesItsUser() async throws {
        let person = TestPerson(try ProviderHarness())
        let login = await person.open(ProviderHarness.parameters())
        let consent = await person.follow(try await person.press(("user", "alice"), on: login))
        // In another tab Bob signs in.
        let tab = await person.open(ProviderHarness.parameters(["prompt": "login"]))
        _ = try await person.press(("user", "bob"), on: tab)
        let answer = try await person.press(("decision", "allow"), on: consent)
        #expect(answer.status == 200 && answer.text.contains("Bob Brandt"))
    }

    @Test("H11 forms of other browsers, other sites and without token are refused")
    func crossSiteForms() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        let login = await person.open(ProviderHarness.parameters())
        let foreign = try await person.press(
            ("user", "alice"), on: login, headers: [("Sec-Fetch-Site", "cross-site")])
        #expect(foreign.status == 403)
        let sibling = try await person.press(("user", "alice"), on: login, headers: [("Sec-Fetch-Site", "same-site")])
        #expect(sibling.status == 403)
        let form = try #require(PageForms.first(in: login.text))
        let stripped = form.fields.filter { $0.0 != "csrf" } + [("user", "alice")]
        #expect(await person.send("POST", form.action, form: stripped).status == 403)
        let other = TestPerson(harness)
        _ = await other.open(ProviderHarness.parameters())
        #expect(try await other.press(("user", "alice"), on: login).status == 400)
        #expect(try await person.press(("user", "alice"), on: login).status == 303)
    }

    @Test("H11 pages cannot be framed or stored, hold no script, and redirect with 303")
    func pageHeaders() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        let login = await person.open(ProviderHarness.parameters())
        let answer = try await person.press(("user", "alice"), on: login)
        #expect(answer.status == 303)
        let consent = await person.follow(answer)
        let problem = await person.open([])
        for page in [login, consent, problem] {
            #expect(page.header("Content-Security-Policy")?.contains("frame-ancestors 'none'") == true)
            #expect(page.header("Content-Security-Policy")?.contains("script") == false)
            #expect(page.header("X-Frame-Options") == "DENY")
            #expect(page.header("Cache-Control") == "no-store")
            #expect(page.header("Access-Control-Allow-Origin") == nil)
            #expect(!page.text.contains("<script") && !page.text.contains("style="))
        }
    }

    @Test("H11 what comes from outside is escaped on every page")
    func escaping() async throws {
        let harness = try ProviderHarness { settings in
            settings.clients.append(
                try DevClient(id: "<b>evil</b>", name: "<script>\"'&", redirectURIs: [ProviderHarness.redirect]))
        }
        let page = await TestPerson(harness).open(
            ProviderHarness.parameters(client: "<b>evil</b>", ["login_hint": "<i>\"x"])
        ).text
        #expect(page.contains("&lt;script&gt;"))
        #expect(!page.contains("<script>") && !page.contains("<b>evil"))
    }

    @Test("H2 a login makes a new cookie; the old one is worth nothing")
    func loginRenewsCookie() async throws {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        _ = try await person.walk(ProviderHarness.parameters())
        let before = person.cookies["postern-dev-login-8081"]
        _ = try await person.walk(ProviderHarness.parameters(["prompt": "login"]))
        #expect(before != nil && person.cookies["postern-dev-login-8081"] != before)
        let stale = await harness.send(
            "GET", harness.path(.authorize) + "?" + FormEncoding.encode(ProviderHarness.parameters(["prompt": "none"])),
            headers: [("Cookie", "postern-dev-login-8081=" + (before ?? ""))])
        #expect(stale.header("Location")?.contains("login_required") == true)
    }

    @Test("H1 a name that merely resolves to this machine is refused")
    func rebinding() async throws {
        let harness = try ProviderHarness()
        let response = await harness.provider.respond(
            to: ServiceRequest(target: "/jwks", host: "evil.example:8081"))
        #expect(response.status == 421)
    }
}
