import Bytes
import Fetching
import Formats
import HTTP
import HTTPServer
import Sockets
import TestSupport
import Testing

@testable import OpenIDConnect

/// The client, libcurl, a socket, and the hostile provider behind it.
@Suite("OpenIDConnect over sockets") struct OverSocketsTests {
    /// What the gateway puts between the two, in small.
    private struct Calls: BackChannel {
        let fetcher: Fetcher

        func send(_ request: BackChannelRequest) async throws(BackChannelFailure) -> BackChannelResponse {
            var fetch = FetchRequest(url: request.url)
            fetch.headers = request.headers
            fetch.host = request.host
            fetch.allowsPlainHTTP = true
            fetch.reach = request.reach
            fetch.timeout = request.timeout
            fetch.maximumBytes = request.maximumBytes
            if let body = request.body { fetch.method = .post(body) }
            do throws(FetchFailure) {
                let answer = try await fetcher.fetch(fetch)
                return BackChannelResponse(
                    status: answer.status, headers: answer.headers, body: answer.body, scope: answer.scope)
            } catch {
                throw BackChannelFailure(reason: "\(error)", mayHaveArrived: error.mayHaveArrived)
            }
        }
    }

    /// A provider on a port of its own, and a client of it.
    private final class Pair {
        let provider: HostileProvider
        let host: ServiceHost
        let client: ProviderClient
        let sealed = ClientHarness.sealed

        init(_ change: (inout ProviderSettings) -> Void = { _ in }) throws {
            let port = try freePort()
            provider = HostileProvider(issuer: "http://127.0.0.1:\(port)/realm")
            host = try ServiceHost(
                listeners: [try #require(ListenAddress("127.0.0.1:\(port)"))], service: provider, name: "provider")
            var settings = ProviderSettings(issuer: provider.issuer, clientID: "postern")
            settings.clientSecret = Secret("s3cret")
            change(&settings)
            client = try ProviderClient(settings, siteIsSecure: true, backChannel: Calls(fetcher: Fetcher()))
        }

        deinit { host.stop() }

        func login() async throws -> GrantedTokens {
            let redirect = try await client.begin(LoginStart(redirectURI: ClientHarness.redirectURI), cookies: sealed)
            // The browser's way: to the authorization endpoint, which sends it back.
            let fetcher = try Fetcher()
            var request = FetchRequest(url: redirect.location)
            request.allowsPlainHTTP = true
            let answer = try await fetcher.fetch(request)
            let query = try #require(answer.header("location")?.split(separator: "?").last.map(String.init))
            let callback = try AuthorizationCallback(query.utf8Span.span, arrival: .query)
            let cookies = [(name: redirect.cookie.name, value: redirect.cookie.value)]
            switch try await client.check(callback, cookies: cookies, sealed: sealed, consume: { _, _ in true }) {
            case .code(let checked): return try await client.redeem(checked)
            case .refused(let refusal): throw refusal
            }
        }
    }

    @Test("A login, a refresh and a revocation")
    func journey() async throws {
        let pair = try Pair { $0.userinfo = .always }
        let tokens = try await pair.login()
        #expect(tokens.subject == "alice" && tokens.claims["name"] == "Alice Example")
        let request = RefreshRequest(
            refreshToken: try #require(tokens.refreshToken), issuer: tokens.issuer, subject: tokens.subject,
            claims: tokens.claims, scope: tokens.scope)
        guard case .renewed(let renewed) = await pair.client.refresh(request) else {
            Issue.record("not renewed")
            return
        }
        let outcome = await pair.client.revoke(
            RevocationRequest(refreshToken: renewed.refreshToken, accessToken: renewed.accessToken))
        #expect(outcome.remaining.isEmpty && pair.provider.revoked.count == 2)
        #expect(await pair.client.status().isUp)
        #expect(await pair.client.status().clockSkew == .zero)
    }

    @Test("B28 A49 a token endpoint that hangs costs its time budget, and gets the code once", .timeLimit(.minutes(1)))
    func hanging() async throws {
        let pair = try Pair { $0.timeout = .seconds(3) }
        pair.provider.bend { $0.intercept = { call, _ in call.endpoint == .token ? .lost : nil } }
        await #expect(throws: OpenIDConnectError.unavailable(reason: "timeout", retryAfter: .seconds(5))) {
            try await pair.login()
        }
        #expect(pair.provider.calls(to: .token).count == 1)
    }

    @Test("B2 a redirect of the token endpoint is not followed", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let attacker = try Pair()
        let pair = try Pair()
        let location = attacker.provider.issuer + "/token"
        pair.provider.bend { script in
            script.intercept = { call, _ in
                call.endpoint == .token ? .empty(status, headers: [("Location", location)]) : nil
            }
        }
        await #expect(throws: OpenIDConnectError.answer(.status)) { try await pair.login() }
        #expect(attacker.provider.calls.isEmpty)
    }
}
