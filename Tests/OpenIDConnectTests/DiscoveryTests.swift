import Formats
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

@Suite("Discovery") struct DiscoveryTests {
    @Test("D3 after a foreign issuer nothing of the document is used: no key is fetched, no login starts")
    func foreignIssuer() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.metadata = { $0["issuer"] = "https://idp.example.comINVALID" } }
        #expect(
            await harness.loginError()
                == .metadata(.issuerMismatch(found: "https://idp.example.comINVALID", bySlash: false)))
        _ = await harness.client.refreshDocuments()
        #expect(harness.provider.calls.allSatisfy { $0.endpoint == .discovery })
        #expect(await harness.client.status().isUp == false)
    }

    @Test(
        "D10 anything but 200 with JSON is no document",
        arguments: [
            HostileProvider.Answer.empty(302, headers: [("location", "https://evil.example/")]), .empty(204),
            .empty(404),
            .text("<html>"), .text("{}", type: "text/plain"), .json([:], status: 201), .json([:], status: 500),
            .text("[]", type: "application/json"),
            .text("{\"issuer\":\"a\",\"issuer\":\"b\"}", type: "application/json"),
            .text(String(repeating: " ", count: 1 << 20) + "{}", type: "application/json"), .lost, .unreachable,
        ])
    func noDocument(answer: HostileProvider.Answer) async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .discovery ? answer : nil } }
        let error = await harness.loginError()
        #expect(error?.kind == .unavailable || error?.kind == .badProvider)
        #expect(harness.provider.calls.count == 1)
    }

    @Test("D9 a provider that is down at the start: 503 with Retry-After, then logins without a restart")
    func coldStart() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.intercept = { _, _ in .unreachable } }
        for _ in 0..<50 {
            let error = await harness.loginError()
            #expect(error?.kind == .unavailable)
            #expect(try #require(error?.retryAfter) > .zero)
        }
        #expect(harness.provider.calls.count == 1, "no try before the back-off is over")
        #expect(await harness.client.status().isUp == false)

        var waited = Duration.zero
        for _ in 0..<10 {
            let wait = await harness.client.refreshDocuments()
            #expect(wait <= BackOff.longest)
            harness.clock.advance(wait)
            waited += wait
        }
        #expect(waited > .seconds(60), "each wait is longer than the one before, up to a minute")
        harness.provider.bend { $0.intercept = { _, _ in nil } }
        _ = await harness.client.refreshDocuments()
        #expect(try await harness.login().subject == "alice")
        #expect(await harness.client.status().isUp)
    }

    @Test("D8 one document serves everybody: it is asked for once, and again when it is stale")
    func caching() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.headers = [("cache-control", "max-age=1")] }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try await harness.client.metadata() } }
            try await group.waitForAll()
        }
        #expect(harness.provider.calls(to: .discovery).count == 1)
        harness.clock.advance(.seconds(299))
        _ = await harness.client.refreshDocuments()
        #expect(harness.provider.calls(to: .discovery).count == 1, "never fresh for less than five minutes")
        harness.clock.advance(.seconds(2))
        _ = await harness.client.refreshDocuments()
        #expect(harness.provider.calls(to: .discovery).count == 2)
    }

    @Test("D8 a refresh that fails, or loses an endpoint, or has another issuer keeps the old copy and raises an alarm")
    func lastGood() async throws {
        let bends: [@Sendable (inout HostileProvider.Script) -> Void] = [
            { $0.intercept = { call, _ in call.endpoint == .discovery ? .unreachable : nil } },
            { $0.metadata = { $0["end_session_endpoint"] = nil } },
            { $0.metadata = { $0["issuer"] = "https://evil.example" } },
            { $0.metadata = { $0["token_endpoint"] = "https://127.0.0.1/" } },
        ]
        for bend in bends {
            let harness = try ClientHarness()
            let before = try await harness.client.metadata()
            harness.provider.bend(bend)
            harness.clock.advance(.hours(25))
            _ = await harness.client.refreshDocuments()
            #expect(try await harness.client.metadata() == before)
            let alarms = harness.events.withLock { $0 }.filter {
                if case .discoveryFailed(_, hasCopy: true, _) = $0 { true } else { false }
            }
            #expect(alarms.count == 1)
            #expect(try await harness.login().subject == "alice")
        }
    }

    @Test("D8 a change of the document takes effect")
    func change() async throws {
        let harness = try ClientHarness()
        _ = try await harness.client.metadata()
        harness.provider.bend { $0.metadata = { $0["scopes_supported"] = ["openid"] } }
        harness.clock.advance(.hours(25))
        _ = await harness.client.refreshDocuments()
        #expect(try await harness.client.metadata().scopesSupported == ["openid"])
    }

    @Test("D8 D5b the last good copy survives a restart, and its age counts on")
    func restart() async throws {
        let documents = MemoryDocuments()
        let first = try ClientHarness(documents: documents)
        _ = await first.client.refreshDocuments()

        let second = try ClientHarness(documents: documents)
        second.clock.advance(.hours(3))
        second.provider.bend { $0.intercept = { _, _ in .unreachable } }
        let redirect = try await second.begin()
        #expect(redirect.location.hasPrefix("https://idp.example.com/authorize?"))
        _ = await second.client.refreshDocuments()
        #expect(await second.client.status().metadataAge == .hours(3))
        #expect(await second.client.status().keysAge == .hours(3))
    }

    @Test("D8 a stored copy is judged again, and another issuer's is none")
    func restartWithOtherSettings() async throws {
        let documents = MemoryDocuments()
        _ = await (try ClientHarness(documents: documents)).client.refreshDocuments()
        let other = try ClientHarness(issuer: "https://other.example", documents: documents)
        other.provider.bend { $0.intercept = { _, _ in .unreachable } }
        #expect(await other.loginError()?.kind == .unavailable)
        let strict = try ClientHarness(documents: documents) { $0.algorithms = [.RS256] }
        strict.provider.bend { $0.intercept = { _, _ in .unreachable } }
        #expect(await strict.loginError()?.kind == .unavailable)
    }

    @Test("D8 a store that fails is told about and stops nothing")
    func brokenStore() async throws {
        let harness = try ClientHarness(documents: MemoryDocuments(isBroken: true))
        #expect(try await harness.login().subject == "alice")
        let complaints = harness.events.withLock { $0 }.filter {
            switch $0 {
            case .documentNotLoaded, .documentNotSaved: true
            default: false
            }
        }
        #expect(complaints.count == 4)
    }

    @Test("D5 the issuer may be anywhere; its endpoints are reached by where it is")
    func reach() async throws {
        let inside = try ClientHarness()
        inside.provider.bend { $0.scope = .privateUse }
        #expect(try await inside.login().subject == "alice")

        let outside = try ClientHarness()
        _ = try await outside.client.metadata()
        // Now the name of its token endpoint resolves to an inner address.
        outside.provider.bend { $0.scope = .loopback }
        #expect(await outside.loginError() == .unavailable(reason: "address_refused", retryAfter: .seconds(5)))
        #expect(outside.provider.calls(to: .token).isEmpty)
    }

    @Test("H1 a development provider is refused, unless it is named and the site is not https")
    func developmentProvider() async throws {
        for (siteIsSecure, tolerate, isUsable) in [
            (true, Set<ProviderSettings.Toleration>(), false), (true, [.developmentProvider], false),
            (false, [], false),
            (false, [.developmentProvider], true),
        ] {
            let harness = try ClientHarness(siteIsSecure: siteIsSecure) {
                $0.tolerate = tolerate
                $0.metadata = ["postern_development_provider": false]
            }
            harness.provider.bend { $0.metadata = { $0["postern_development_provider"] = true } }
            #expect(await harness.loginError() == (isUsable ? nil : .metadata(.developmentProvider)))
            let problem = await harness.client.status().problem
            #expect(problem == (isUsable ? nil : .metadata(.developmentProvider)))
        }
    }

    @Test("The provider's clock is measured against ours")
    func clockSkew() async throws {
        let harness = try ClientHarness()
        #expect(await harness.client.status().clockSkew == nil)
        for (ahead, skew) in [(Int64(0), Duration.zero), (120, .seconds(120)), (-90, .seconds(-89))] {
            let date = HTTPDate.string(harness.clock.now + .seconds(ahead))
            harness.provider.bend { $0.headers = [("date", date)] }
            harness.clock.advance(.hours(25))
            harness.clock.setWallClock(by: .hours(-25))
            _ = await harness.client.refreshDocuments()
            #expect(await harness.client.status().clockSkew == skew)
        }
    }
}
