import Bytes
import Cryptography
import Formats
import JOSE
import TestSupport
import Testing
import Threads
import Time

@testable import OpenIDConnect

@Suite("ProviderKeys") struct ProviderKeysTests {
    @Test("C40 a thousand tokens with unknown keys cause at most two fetches")
    func storm() async throws {
        // They queue for their turn to be redeemed.
        let harness = try ClientHarness { $0.timeout = .minutes(5) }
        let counter = Locked(0)
        harness.provider.bend { script in
            script.idTokenHeader = { header in
                let number = counter.withLock { count in
                    count += 1
                    return count
                }
                header["kid"] = .string("random-\(number)")
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Rounds.of(1000) {
                group.addTask { #expect(await harness.loginError() == .token(.noKey)) }
            }
        }
        #expect(harness.provider.calls(to: .keys).count <= 2)
        #expect(harness.provider.calls(to: .userinfo).isEmpty)
    }

    @Test("C40 an unknown kid is asked for again only after a while, and never sooner than every 30 seconds")
    func negativeMemory() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.idTokenHeader = { $0["kid"] = "unknown" } }
        for _ in 0..<90 {
            _ = await harness.loginError()
            harness.clock.advance(.seconds(1))
        }
        #expect(harness.provider.calls(to: .keys).count == 3, "at once, after 0 and after 60 seconds")
        harness.provider.bend { $0.idTokenHeader = { $0["kid"] = .string(String(repeating: "k", count: 300)) } }
        harness.clock.advance(.minutes(5))
        _ = await harness.loginError()
        #expect(harness.provider.calls(to: .keys).count == 3, "an absurd kid is worth no call")
    }

    @Test("C10 a rotated key is found by one more look, for everybody at once")
    func rotation() async throws {
        let harness = try ClientHarness()
        _ = try await harness.login()
        harness.provider.rotateKey(kid: "key-2")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await harness.login() } }
            try await group.waitForAll()
        }
        #expect(harness.provider.calls(to: .keys).count == 2)
    }

    @Test("C10 a key that replaced another under no kid is found as well")
    func rotationWithoutKid() async throws {
        let harness = try ClientHarness()
        let withoutKid: @Sendable (inout JSONObject) -> Void = { set in
            let keys = (set["keys"]?.array ?? []).map { key -> JSONValue in
                var object = key.object ?? [:]
                object["kid"] = nil
                return .object(object)
            }
            set["keys"] = .array(keys)
        }
        harness.provider.bend { script in
            script.keySet = withoutKid
            script.idTokenHeader = { $0["kid"] = nil }
        }
        _ = try await harness.login()
        harness.provider.rotateKey(kid: "x", withdrawing: true)
        #expect(try await harness.login().subject == "alice")
    }

    @Test("C41 a key that left a fetched set is no longer believed")
    func withdrawal() async throws {
        let harness = try ClientHarness()
        _ = try await harness.login()
        let old = harness.provider.signingKey
        harness.provider.rotateKey(kid: "key-2", withdrawing: true)
        _ = try await harness.login()
        harness.provider.bend { script in
            script.idToken = { token in
                let claims = token.split(separator: ".")[1]
                let bytes = Base64URL.decode(String(claims)) ?? []
                return HostileProvider.sign(header: ["alg": "ES256", "kid": "key-1"], claims: bytes, key: old)
            }
        }
        #expect(await harness.loginError() == .token(.noKey))
    }

    @Test(
        "C41 keys that cannot be refreshed serve on for a day, and never as an empty set",
        arguments: [
            HostileProvider.Answer.empty(500), .lost, .unreachable, .text("<html>"), .json(["keys": []]), .json([:]),
            .text("{\"keys\":[", type: "application/json"),
            .empty(302, headers: [("location", "https://evil.example")]),
            .json(["keys": [["kty": "oct", "k": "c2VjcmV0"]]]),
        ])
    func stale(answer: HostileProvider.Answer) async throws {
        let harness = try ClientHarness()
        _ = try await harness.login()
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .keys ? answer : nil } }
        harness.clock.advance(.hours(23))
        #expect(try await harness.login().subject == "alice")
        harness.clock.advance(.hours(2))
        let error = await harness.loginError()
        #expect(error?.kind == .unavailable && error?.reason.hasPrefix("unavailable_jwks_") == true)
    }

    @Test("C40, C41 a wall clock set forward by days, or a machine that slept, makes keys due, not logins impossible")
    func wallClockSetForward() async throws {
        let harness = try ClientHarness()
        _ = try await harness.login()
        for round in 1...2 {
            harness.clock.setWallClock(by: .days(2))
            _ = try await harness.login()
            _ = try await harness.login()
            #expect(harness.provider.calls(to: .keys).count == 1 + round)
        }
    }

    @Test("C41 a wall clock set back does not make keys that cannot be refreshed last longer")
    func wallClockSetBack() async throws {
        let harness = try ClientHarness()
        _ = try await harness.login()
        harness.clock.setWallClock(by: .days(-30))
        _ = try await harness.login()
        harness.provider.bend { $0.intercept = { call, _ in call.endpoint == .keys ? .unreachable : nil } }
        harness.clock.advance(.hours(23))
        _ = try await harness.login()
        harness.clock.advance(.hours(2))
        #expect(await harness.loginError()?.kind == .unavailable)
    }

    @Test("C40 keys are cached between a minute and a day")
    func freshness() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { $0.headers = [("cache-control", "no-store")] }
        _ = try await harness.login()
        harness.clock.advance(.seconds(59))
        _ = try await harness.login()
        #expect(harness.provider.calls(to: .keys).count == 1)
        harness.clock.advance(.seconds(2))
        _ = try await harness.login()
        #expect(harness.provider.calls(to: .keys).count == 2)
        harness.provider.bend { $0.headers = [("cache-control", "max-age=99999999999")] }
        harness.clock.advance(.minutes(2))
        _ = try await harness.login()
        harness.clock.advance(.hours(23))
        _ = try await harness.login()
        #expect(harness.provider.calls(to: .keys).count == 3)
        harness.clock.advance(.hours(2))
        _ = try await harness.login()
        #expect(harness.provider.calls(to: .keys).count == 4)
    }

    @Test("C43 a key of one issuer never verifies another's token, same kid or not")
    func scoped() async throws {
        let victim = try ClientHarness()
        let attacker = try ClientHarness(issuer: "https://evil.example")
        let foreign = HostileProvider.makeKey()
        victim.provider.bend { script in
            script.idToken = { token in
                let claims = Base64URL.decode(String(token.split(separator: ".")[1])) ?? []
                return HostileProvider.sign(header: ["alg": "ES256", "kid": "key-1"], claims: claims, key: foreign)
            }
        }
        attacker.provider.bend { script in
            script.keySet = { set in
                set = JSONWebKeySet([JSONWebKey(publicKey: foreign.publicKey, kid: "key-1", algorithm: .ES256)]).object
            }
        }
        _ = await attacker.client.refreshDocuments()
        #expect(await victim.loginError() == .token(.badSignature))
    }

    @Test("C43 stored keys serve the issuer they came from, even in a store that only knows names")
    func storedForAnotherIssuer() async throws {
        /// Keeps documents by kind alone, as if both issuers had the same name.
        final class ByKind: DocumentStore {
            let kept = Locked<[ProviderDocument.Kind: StoredDocument]>([:])
            func load(_ document: ProviderDocument) async throws -> StoredDocument? {
                kept.withLock { $0[document.kind] }
            }
            func save(_ content: StoredDocument, as document: ProviderDocument) async throws {
                kept.withLock { $0[document.kind] = content }
            }
        }
        let store = ByKind()
        let clock = FakeClock()
        func client(_ provider: HostileProvider) throws -> ProviderClient {
            var settings = ProviderSettings(issuer: provider.issuer, clientID: "postern")
            settings.clientSecret = Secret("s3cret")
            return try ProviderClient(
                settings, siteIsSecure: true, backChannel: provider, documents: store, time: clock.source)
        }
        let before = HostileProvider(issuer: "https://old.example", clock: clock)
        _ = try await client(before).refreshDocuments()
        let after = HostileProvider(clock: clock)
        after.bend { $0.intercept = { call, _ in call.endpoint == .keys ? .unreachable : nil } }
        let renamed = try client(after)
        _ = await renamed.refreshDocuments()
        #expect(await renamed.status().keysAge == nil)
        #expect(await renamed.status().metadata?.issuer == "https://idp.example.com")
    }

    @Test("C42 private, symmetric and broken keys in a set are not used, and do not break it")
    func mixedSet() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { script in
            script.keySet = { set in
                let honest = set["keys"]?.array ?? []
                let odd: [JSONValue] = [
                    ["kty": "oct", "kid": "key-1", "k": "c2VjcmV0"], ["kty": "unknown"], 7,
                    ["kty": "EC", "crv": "P-256"],
                    ["kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB", "kid": "key-1"],
                ]
                set["keys"] = .array(odd + honest)
            }
        }
        #expect(try await harness.login().subject == "alice")
    }

    @Test("C44 keys come from the metadata's address only")
    func source() async throws {
        let harness = try ClientHarness()
        harness.provider.bend { script in
            script.idTokenHeader = { header in
                header["jku"] = "https://evil.example/keys"
                header["x5u"] = "https://evil.example/cert"
            }
        }
        _ = try await harness.login()
        #expect(harness.provider.calls(to: .keys).map(\.url) == ["https://idp.example.com/keys"])
    }
}
