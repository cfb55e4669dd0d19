import Formats
import HTTPServer
import TestSupport
import Testing
import Time

@testable import DevIdentityProvider

struct EndSessionEndpointTests {
    private func logout(
        _ person: TestPerson, _ harness: ProviderHarness, _ parameters: [(String, String)], method: String = "GET"
    ) async -> ServiceResponse {
        let path = harness.path(.endSession)
        if method == "POST" { return await person.send("POST", path, form: parameters) }
        return await person.send("GET", path + "?" + FormEncoding.encode(parameters))
    }

    private func isSignedIn(_ person: TestPerson) async -> Bool {
        let response = await person.open(ProviderHarness.parameters(["prompt": "none"]))
        return response.header("Location")?.contains("code=") == true
    }

    private func signedIn() async throws -> (ProviderHarness, TestPerson, hint: String) {
        let harness = try ProviderHarness()
        let person = TestPerson(harness)
        let hint = try #require(try await harness.tokens(browser: person)["id_token"]?.string)
        return (harness, person, hint)
    }

    @Test("H23 with a valid hint the login ends at once, and state comes back", arguments: ["GET", "POST"])
    func withHint(method: String) async throws {
        let (harness, person, hint) = try await signedIn()
        let response = await logout(
            person, harness,
            [
                ("id_token_hint", hint), ("client_id", "public"), ("post_logout_redirect_uri", ProviderHarness.landing),
                ("state", "s&1"),
            ], method: method)
        #expect(response.status == 303)
        #expect(response.header("Location") == ProviderHarness.landing + "?state=s%261")
        #expect(await isSignedIn(person) == false)
    }

    @Test("H23 an expired ID token still serves as hint; without state none is sent")
    func expiredHint() async throws {
        let (harness, person, hint) = try await signedIn()
        harness.clock.advance(.hours(2))
        let response = await logout(
            person, harness, [("id_token_hint", hint), ("post_logout_redirect_uri", ProviderHarness.landing)])
        #expect(response.header("Location") == ProviderHarness.landing)
    }

    @Test("H23 without an address to return to: a page")
    func noAddress() async throws {
        let (harness, person, hint) = try await signedIn()
        let response = await logout(person, harness, [("id_token_hint", hint), ("state", "x")])
        #expect(response.status == 200 && response.text.contains("You are signed out"))
        #expect(await isSignedIn(person) == false)
    }

    @Test(
        "H23 without a hint, or with a bad one, the person is asked and nothing redirects",
        arguments: [[], [("state", "x")], [("id_token_hint", "garbage")], [("client_id", "public")]]
            as [[(String, String)]])
    func withoutHint(parameters: [(String, String)]) async throws {
        let (harness, person, _) = try await signedIn()
        let page = await logout(person, harness, parameters)
        #expect(page.status == 200 && page.text.contains("Sign out?"))
        #expect(await isSignedIn(person))
        let stayed = try await person.press(("confirm", "no"), on: page)
        #expect(stayed.text.contains("still signed in"))
        #expect(await isSignedIn(person))
        let gone = try await person.press(("confirm", "yes"), on: page)
        #expect(gone.status == 200 && gone.text.contains("You are signed out"))
        #expect(await isSignedIn(person) == false)
    }

    @Test("H23 a modified hint is no hint")
    func modifiedHint() async throws {
        let (harness, person, hint) = try await signedIn()
        let parts = hint.split(separator: ".").map(String.init)
        let other = try #require(try await harness.tokens(as: "bob")["id_token"]?.string).split(separator: ".").map(
            String.init)
        let page = await logout(
            person, harness,
            [
                ("id_token_hint", [parts[0], other[1], parts[2]].joined(separator: ".")),
                ("post_logout_redirect_uri", ProviderHarness.landing),
            ])
        #expect(page.status == 200 && page.text.contains("Sign out?"))
        #expect(await isSignedIn(person))
    }

    @Test("H23 with a client and its address the person is asked, and returned after confirming")
    func confirmedReturn() async throws {
        let (harness, person, _) = try await signedIn()
        let page = await logout(
            person, harness,
            [("client_id", "public"), ("post_logout_redirect_uri", ProviderHarness.landing), ("state", "abc")])
        #expect(page.text.contains("Sign out?"))
        let response = try await person.press(("confirm", "yes"), on: page)
        #expect(response.header("Location") == ProviderHarness.landing + "?state=abc")
    }

    @Test("H23 an address that is not registered character by character ends on a page")
    func badAddress() async throws {
        let (harness, person, hint) = try await signedIn()
        for uri in [
            ProviderHarness.landing + "?x=1", ProviderHarness.landing + "/", "http://evil.example/",
            ProviderHarness.redirect,
        ] {
            let response = await logout(
                person, harness, [("id_token_hint", hint), ("post_logout_redirect_uri", uri)])
            #expect(response.status == 400 && response.header("Location") == nil, "\(uri)")
        }
        #expect(await isSignedIn(person))
    }

    @Test("H23 client_id must be the hint's client, and known")
    func otherClient() async throws {
        let (harness, person, hint) = try await signedIn()
        for client in ["native", "nobody"] {
            let response = await logout(person, harness, [("id_token_hint", hint), ("client_id", client)])
            #expect(response.status == 400)
        }
        #expect(await isSignedIn(person))
    }

    @Test("H23 the hint of an earlier login asks before it ends another one")
    func hintOfEarlierLogin() async throws {
        let (harness, person, hint) = try await signedIn()
        _ = try await harness.tokens(as: "bob", browser: person, ["prompt": "login"])
        let page = await logout(
            person, harness, [("id_token_hint", hint), ("post_logout_redirect_uri", ProviderHarness.landing)])
        #expect(page.text.contains("Sign out?") && page.text.contains("Bob Brandt"))
    }

    @Test("H23 the confirmation cannot be sent from elsewhere, nor its address changed")
    func forgedConfirmation() async throws {
        let (harness, person, _) = try await signedIn()
        let page = await logout(person, harness, [("client_id", "public")])
        let form = try #require(PageForms.first(in: page.text))
        let changed = form.fields + [("post_logout_redirect_uri", "http://evil.example/"), ("confirm", "yes")]
        #expect(await person.send("POST", form.action, form: changed).status == 403)
        #expect(await logout(person, harness, [("confirm", "yes")], method: "POST").status == 403)
        #expect(await logout(person, harness, [("confirm", "yes")]).status == 403)
        let cross = try await person.press(("confirm", "yes"), on: page, headers: [("Sec-Fetch-Site", "cross-site")])
        #expect(cross.status == 403)
        #expect(await isSignedIn(person))
    }

    @Test("H23 nobody signed in: the signed-out page; with a valid hint the way back")
    func nobody() async throws {
        let (harness, _, hint) = try await signedIn()
        let stranger = TestPerson(harness)
        #expect(await logout(stranger, harness, []).text.contains("You are signed out"))
        let back = await logout(
            stranger, harness, [("id_token_hint", hint), ("post_logout_redirect_uri", ProviderHarness.landing)])
        #expect(back.header("Location") == ProviderHarness.landing)
    }
}
