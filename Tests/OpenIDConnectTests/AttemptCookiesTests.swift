import Bytes
import Cryptography
import Formats
import HTTP
import TestSupport
import Testing
import Time

@testable import OpenIDConnect

@Suite("AttemptCookies") struct AttemptCookiesTests {
    private let secure = AttemptCookies(ClientHarness.sealed)
    private let loopback = AttemptCookies(
        SealedCookies(keys: [Secret([UInt8](repeating: 7, count: 32))], site: "http://localhost:8080", isSecure: false))

    private func attempt(
        target: String? = "/page", mode: ProviderSettings.ResponseMode = .query, second: Int64 = 1_767_268_800
    ) throws -> LoginAttempt {
        LoginAttempt(
            provider: "default", issuer: "https://dev-123.okta.com/oauth2/default",
            redirectURI: "https://app.example.com/bff/callback", responseMode: mode,
            nonce: String(repeating: "n", count: 43), proofKey: try ProofKey(), returnTarget: target, maxAge: 300,
            acrValues: ["gold"], reauthentication: .demanded, isSilent: false, resources: ["https://api.example.com/"],
            createdAt: Timestamp(seconds: second), previousSession: SHA256Digest(hashing: [1]))
    }

    @Test("A12 an attempt comes back whole, with its state only")
    func roundTrip() throws {
        let attempt = try attempt()
        let cookie = try secure.cookie(attempt, state: "state-1")
        #expect(secure.attempt(state: "state-1", in: [(cookie.name, cookie.value)]) == attempt)
        #expect(secure.attempt(state: "state-2", in: [(cookie.name, cookie.value)]) == nil)
        // Renamed to the name of another state it does not open either.
        #expect(secure.attempt(state: "state-2", in: [(secure.name(state: "state-2"), cookie.value)]) == nil)
    }

    @Test("A13 name and attributes")
    func attributes() throws {
        let digest = Base64URL.encode(SHA256Digest(hashing: Array("s".utf8)).bytes).prefix(8)
        let plain = try secure.cookie(attempt(), state: "s")
        #expect(plain.name == "__Host-Http-postern-login-" + digest)
        #expect(plain.text.hasSuffix("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"))
        let post = try secure.cookie(attempt(mode: .formPost), state: "s")
        #expect(post.text.hasSuffix("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=None"))
        let local = try loopback.cookie(attempt(), state: "s")
        #expect(local.name == "postern-login-" + digest)
        #expect(local.text.hasSuffix("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"))
        // Browsers take Secure cookies on loopback http, and no Lax cookie comes with a cross-site POST.
        let localPost = try loopback.cookie(attempt(mode: .formPost), state: "s")
        #expect(localPost.name == "postern-login-" + digest)
        #expect(localPost.text.hasSuffix("; Secure; HttpOnly; SameSite=None"))
        #expect(
            secure.deletion(state: "s", responseMode: .query)?.text
                == "\(plain.name)=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    }

    @Test(
        "A14 the usual attempt is about 550 bytes; A12 one with a target of 2 KiB fits, a larger one loses its target")
    func sizes() throws {
        let usual = try secure.cookie(attempt(), state: "s")
        #expect((400...900).contains(usual.name.utf8.count + usual.value.utf8.count))
        let long = "/" + String(repeating: "p", count: 1900)
        let fitting = try secure.cookie(attempt(target: long), state: "s")
        #expect(fitting.name.utf8.count + fitting.value.utf8.count <= 3584)
        #expect(secure.attempt(state: "s", in: [(fitting.name, fitting.value)])?.returnTarget == long)
        let tooLong = try secure.cookie(attempt(target: "/" + String(repeating: "p", count: 4000)), state: "s")
        let opened = try #require(secure.attempt(state: "s", in: [(tooLong.name, tooLong.value)]))
        #expect(opened.returnTarget == nil && opened.nonce.count == 43)
    }

    @Test("E7 two cookies of one name are none")
    func duplicates() throws {
        let cookie = try secure.cookie(attempt(), state: "s")
        let pair = (name: cookie.name, value: cookie.value)
        #expect(secure.attempt(state: "s", in: [pair, pair]) == nil)
        #expect(secure.attempt(state: "s", in: [pair, (cookie.name, "x")]) == nil)
        #expect(secure.attempt(state: "s", in: [(cookie.name.uppercased(), "x"), pair]) != nil)
    }

    private func others(_ count: Int, target: String? = "/page") throws -> [(name: String, value: String)] {
        try (0..<count).map { index in
            let cookie = try secure.cookie(
                attempt(target: target, second: 1_767_268_800 + Int64(index)), state: "state-\(index)")
            return (cookie.name, cookie.value)
        }
    }

    @Test("A14 five attempts stay, the new one included; the oldest go")
    func limitByCount() throws {
        let cookies = try others(8)
        let new = try secure.cookie(attempt(second: 1_767_268_900), state: "new")
        let gone = secure.obsolete(in: cookies.shuffled() + [("other", "x")], adding: new)
        #expect(Set(gone.map(\.name)) == Set(cookies[..<4].map(\.name)))
        #expect(gone.allSatisfy { $0.maxAge == 0 && $0.value.isEmpty })
        // At the end of a login there is no new one, and the finished one is deleted by itself.
        let end = secure.obsolete(in: cookies, finished: cookies[7].name)
        #expect(Set(end.map(\.name)) == Set(cookies[..<2].map(\.name)))
        #expect(secure.obsolete(in: try others(4), adding: new).isEmpty)
    }

    @Test("A14 all attempts together stay under 6 KiB, but the newest other one always stays")
    func limitBySize() throws {
        let target = "/" + String(repeating: "p", count: 1800)
        let cookies = try others(4, target: target)
        let new = try secure.cookie(attempt(target: target, second: 1_767_268_900), state: "new")
        let gone = secure.obsolete(in: cookies, adding: new)
        #expect(Set(gone.map(\.name)) == Set(cookies[..<3].map(\.name)))
        let largest = "/" + String(repeating: "p", count: 2048)
        let two = try others(1, target: largest)
        #expect(secure.obsolete(in: two, adding: try secure.cookie(attempt(target: largest), state: "n")).isEmpty)
    }

    @Test("A14 after 50 abandoned logins the header stays below 8 KiB")
    func abandoned() throws {
        var cookies: [(name: String, value: String)] = []
        for index in 0..<50 {
            let target = index % 2 == 0 ? "/page" : "/" + String(repeating: "p", count: 2000)
            let new = try secure.cookie(
                attempt(target: target, second: 1_767_268_800 + Int64(index)), state: "state-\(index)")
            let gone = Set(secure.obsolete(in: cookies, adding: new).map(\.name))
            cookies.removeAll { gone.contains($0.name) }
            cookies.append((new.name, new.value))
            #expect(cookies.map { $0.name.utf8.count + $0.value.utf8.count + 3 }.reduce(0, +) < 8192)
            #expect(cookies.count <= 5)
        }
    }

    @Test("A14 planted cookies do not make a response as large as they are many")
    func flood() throws {
        let planted = (0..<1200).map { (name: "__Host-Http-postern-login-\(10_000_000 + $0)", value: "x") }
        let new = try secure.cookie(attempt(), state: "new")
        #expect(secure.obsolete(in: planted, adding: new).count == AttemptCookies.mostDeletions)
    }

    @Test("A14 what only looks like an attempt is left alone, and what does not open counts as oldest")
    func lookAlikes() throws {
        let foreign = [
            (name: "__HOST-HTTP-postern-login-AAAAAAAA", value: "x"), (name: "postern-login-AAAAAAAA", value: "x"),
            (name: "__Host-Http-postern-login-AAAAAAAAA", value: "x"), (name: "__Host-Http-postern", value: "x"),
        ]
        let junk = (name: "__Host-Http-postern-login-AAAAAAAA", value: "junk")
        let cookies = try others(5)
        #expect(secure.obsolete(in: foreign + [junk] + cookies).map(\.name) == [junk.name])
    }
}
