import Bytes
import Formats
import HTTP
import TestSupport
import Testing
import Time

@testable import OpenIDConnect

@Suite("ProviderLogout") struct ProviderLogoutTests {
    private let landing = "https://app.example.com/bff/logout/callback"

    private func query(_ logout: ProviderLogout, _ harness: ClientHarness) async throws -> [(
        name: String, value: String
    )] {
        _ = try await harness.client.metadata()
        guard case .redirect(let url) = try #require(await harness.client.endSession(logout)) else { return [] }
        return try parameters(of: url)
    }

    @Test("F3 hint, client, landing and state")
    func parametersOfLogout() async throws {
        let harness = try ClientHarness()
        var logout = ProviderLogout(idTokenHint: Secret("a.b.c"), postLogoutRedirectURI: landing, state: "st")
        logout.subject = "alice"
        let query = try await query(logout, harness)
        #expect(query.map(\.name) == ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"])
        #expect(query.value("id_token_hint") == "a.b.c" && query.value("client_id") == "postern")
        #expect(query.value("post_logout_redirect_uri") == landing && query.value("state") == "st")
    }

    @Test("F3 where ID tokens are bearer tokens the subject stands in; ui_locales goes along")
    func hintVariant() async throws {
        let harness = try ClientHarness()
        var logout = ProviderLogout(idTokenHint: Secret("a.b.c"), postLogoutRedirectURI: landing, state: "st")
        logout.subject = "alice"
        logout.sendsIDToken = false
        logout.uiLocales = "de"
        let query = try await query(logout, harness)
        #expect(query.value("id_token_hint") == nil && query.value("logout_hint") == "alice")
        #expect(query.value("ui_locales") == "de")
    }

    @Test("F3 the endpoint's query stays, and an address too long becomes a form")
    func long() async throws {
        let harness = try ClientHarness()
        harness.provider.bend {
            $0.metadata = { $0["end_session_endpoint"] = "https://idp.example.com/logout?tenant=1" }
        }
        let short = ProviderLogout(idTokenHint: nil, postLogoutRedirectURI: landing, state: "st")
        #expect(try await query(short, harness).value("tenant") == "1")
        let long = ProviderLogout(
            idTokenHint: Secret(String(repeating: "x", count: 5000)), postLogoutRedirectURI: landing, state: "st")
        guard case .form(let action, let fields) = await harness.client.endSession(long) else {
            Issue.record("no form")
            return
        }
        #expect(action == "https://idp.example.com/logout?tenant=1")
        #expect(fields.map(\.name) == ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"])
    }

    @Test(
        "F6 no endpoint, or nobody wants it, or nothing is known yet: the local logout is all; F2 nothing is asked for")
    func none() async throws {
        let logout = ProviderLogout(idTokenHint: nil, postLogoutRedirectURI: landing, state: "st")
        let without = try ClientHarness()
        without.provider.bend { $0.metadata = { $0["end_session_endpoint"] = nil } }
        _ = try await without.client.metadata()
        #expect(await without.client.endSession(logout) == nil)
        let off = try ClientHarness { $0.logout.endSession = false }
        _ = try await off.client.metadata()
        #expect(await off.client.endSession(logout) == nil)
        let early = try ClientHarness()
        #expect(await early.client.endSession(logout) == nil)
        #expect(early.provider.calls.isEmpty)
    }
}

@Suite("LogoutCookie") struct LogoutCookieTests {
    private let clock = FakeClock()
    private let cookie = LogoutCookie(ClientHarness.sealed)

    @Test("F4 the state leads back to where the browser wanted to go")
    func roundTrip() throws {
        for target in ["/goodbye", nil] {
            let (state, set) = try cookie.begin(returnTarget: target, now: clock.now)
            #expect(
                set.name == "__Host-Http-postern-logout" && set.maxAge == 600 && set.sameSite == .lax && set.isSecure)
            #expect(state.utf8.count == 43)
            let cookies = [(name: set.name, value: set.value)]
            #expect(cookie.land(state: state, cookies: cookies, now: clock.now) == .known(returnTarget: target))
        }
        #expect(
            LogoutCookie(SealedCookies(keys: [], site: "http://localhost", isSecure: false)).name == "postern-logout")
    }

    @Test("F4 a wrong, missing, old or foreign state leads to the neutral page")
    func neutral() throws {
        let (state, set) = try cookie.begin(returnTarget: "/goodbye", now: clock.now)
        let pair = (name: set.name, value: set.value)
        let later = clock.now + .minutes(10) + .milliseconds(1)
        #expect(cookie.land(state: nil, cookies: [pair], now: clock.now) == .unknown)
        #expect(cookie.land(state: state + "1", cookies: [pair], now: clock.now) == .unknown)
        #expect(cookie.land(state: state, cookies: [], now: clock.now) == .unknown)
        #expect(cookie.land(state: state, cookies: [pair, pair], now: clock.now) == .unknown)
        #expect(cookie.land(state: state, cookies: [(set.name, "junk")], now: clock.now) == .unknown)
        #expect(cookie.land(state: state, cookies: [pair], now: later) == .unknown)
        let (other, _) = try cookie.begin(returnTarget: nil, now: clock.now)
        #expect(cookie.land(state: other, cookies: [pair], now: clock.now) == .unknown)
        #expect(cookie.deletion?.maxAge == 0)
    }
}

@Suite("LoginLoopCookie") struct LoginLoopCookieTests {
    private let clock = FakeClock()
    private let loop = LoginLoopCookie(ClientHarness.sealed)

    @Test("A51 the third completed login to one target within 30 seconds is a loop")
    func third() throws {
        var cookies: [(name: String, value: String)] = []
        for expected in [false, false, true, true] {
            let (isLoop, cookie) = loop.completed(returnTarget: "/page", cookies: cookies, now: clock.now)
            #expect(isLoop == expected)
            let set = try #require(cookie)
            #expect(set.name == "__Host-Http-postern-loop" && set.maxAge == 30)
            cookies = [(set.name, set.value)]
            clock.advance(.seconds(5))
        }
    }

    @Test("A51 other targets and older logins do not count; a cookie of somebody's making does not either")
    func others() throws {
        func complete(_ target: String, _ cookies: [(name: String, value: String)]) throws -> (
            Bool, [(name: String, value: String)]
        ) {
            let (isLoop, cookie) = loop.completed(returnTarget: target, cookies: cookies, now: clock.now)
            let set = try #require(cookie)
            return (isLoop, [(set.name, set.value)])
        }
        var (isLoop, cookies) = try complete("/a", [])
        (isLoop, cookies) = try complete("/a", cookies)
        (isLoop, cookies) = try complete("/b", cookies)
        #expect(!isLoop)
        (isLoop, cookies) = try complete("/b", cookies)
        clock.advance(.seconds(31))
        (isLoop, cookies) = try complete("/b", cookies)
        #expect(!isLoop)
        (isLoop, cookies) = try complete("/b", [(loop.name, "junk")])
        #expect(!isLoop)
        #expect(loop.deletion?.maxAge == 0)
    }
}
