import Cryptography
import Formats
import JOSE
import Testing
import Time

@Suite("ClaimCheck")
struct ClaimCheckTests {
    private let now = TokenLab.now
    private let skew = Duration.seconds(60)
    private let client = "client"

    /// Values that are no string, no list, no time.
    static let oddities: [JSONValue] = [.null, true, false, [:], ["a": 1]]

    private func at(_ seconds: Int64) -> JSONValue { .integer(now.seconds + seconds) }

    // MARK: Parties

    @Test("C13 iss is exactly the issuer")
    func issuer() throws {
        let issuer = "https://id.example.com/oauth2/K"
        try ClaimCheck.issuer(["iss": .string(issuer)], is: issuer)
        for wrong in [
            issuer + "1", issuer + "/", String(issuer.dropLast()), "https://ID.example.com/oauth2/K",
            "HTTPS://id.example.com/oauth2/K",
            issuer.lowercased(), " " + issuer, issuer + " ", "http://id.example.com/oauth2/K",
            "https://id.example.com:443/oauth2/K", "",
            "https://id.example.com/oauth2/\u{212A}", "https://id.example.com/oauth2/%4B",
            "https://id.example.com/./oauth2/K",
        ] { #expect(throws: JOSEError.issuer) { try ClaimCheck.issuer(["iss": .string(wrong)], is: issuer) } }
        #expect(throws: JOSEError.issuer) { try ClaimCheck.issuer([:], is: issuer) }
        for odd in Self.oddities + [[.string(issuer)], 1] {
            #expect(throws: JOSEError.issuer) { try ClaimCheck.issuer(["iss": odd], is: issuer) }
        }
    }

    @Test("C14 aud is this client and nobody else")
    func audience() throws {
        try ClaimCheck.audience(["aud": "client"], is: client)
        try ClaimCheck.audience(["aud": ["client"]], is: client)
        try ClaimCheck.audience(["aud": ["client", "client"]], is: client)
        for wrong in [
            "client1", "", "Client", "client other", "client,other", " client", "other", [], ["other"], [["client"]], 1,
            0,
        ] as [JSONValue] {
            #expect(throws: JOSEError.audience) { try ClaimCheck.audience(["aud": wrong], is: client) }
        }
        for wrong in Self.oddities + [["client", 1], ["client", .null], [1]] {
            #expect(throws: JOSEError.audience) { try ClaimCheck.audience(["aud": wrong], is: client) }
        }
        #expect(throws: JOSEError.audience) { try ClaimCheck.audience([:], is: client) }
        for extra in [["client", "other"], ["other", "client"], ["client", ""], ["client", "Client"]] as [JSONValue] {
            #expect(throws: JOSEError.extraAudience) { try ClaimCheck.audience(["aud": extra], is: client) }
            #expect(throws: JOSEError.extraAudience) {
                try ClaimCheck.audience(["aud": extra, "azp": "client"], is: client)
            }
        }
    }

    @Test("C14 C15 tolerated audiences need azp")
    func extraAudience() throws {
        let both: JSONObject = ["aud": ["client", "other"]]
        try ClaimCheck.audience(both.merging(["azp": "client"]), is: client, toleratingOthers: true)
        try ClaimCheck.audience(["aud": "client"], is: client, toleratingOthers: true)
        #expect(throws: JOSEError.authorizedParty) { try ClaimCheck.audience(both, is: client, toleratingOthers: true) }
        for azp in ["other", "", .null, ["client"], 1] as [JSONValue] {
            #expect(throws: JOSEError.authorizedParty) {
                try ClaimCheck.audience(both.merging(["azp": azp]), is: client, toleratingOthers: true)
            }
        }
        #expect(throws: JOSEError.audience) {
            try ClaimCheck.audience(["aud": ["other"], "azp": "client"], is: client, toleratingOthers: true)
        }
    }

    @Test("C15 azp, when present, is this client")
    func authorizedParty() throws {
        try ClaimCheck.authorizedParty([:], is: client)
        try ClaimCheck.authorizedParty(["azp": "client"], is: client)
        for wrong in ["other", "", "Client", ["client"], 1] + Self.oddities {
            #expect(throws: JOSEError.authorizedParty) { try ClaimCheck.authorizedParty(["azp": wrong], is: client) }
        }
    }

    @Test("C62 a resource may be one audience of several")
    func resource() throws {
        try ClaimCheck.audience(["aud": ["https://a", "https://b"]], contains: "https://b")
        try ClaimCheck.audience(["aud": "https://b"], contains: "https://b")
        for wrong in ["client", "https://b/", ["https://a"], [], .null, ["https://b", 1]] as [JSONValue] {
            #expect(throws: JOSEError.audience) { try ClaimCheck.audience(["aud": wrong], contains: "https://b") }
        }
    }

    // MARK: Times

    @Test("C16 C25 exp, to the second")
    func expiry() throws {
        func check(_ exp: JSONValue) throws { try ClaimCheck.expiry(["exp": exp], now: now, skew: skew) }
        #expect(try ClaimCheck.expiry(["exp": at(300)], now: now, skew: skew) == now + .seconds(300))
        try check(at(-59))
        for late in [-60, -61, -360] as [Int64] { #expect(throws: JOSEError.expired) { try check(at(late)) } }
        try check(.number(Double(now.seconds) - 59.5))
        #expect(throws: JOSEError.expired) { try check(.number(Double(now.seconds) - 60.5)) }
        #expect(throws: JOSEError.expired) { try check(0) }
        for wrong in [
            "1800000100", -1, .integer(.min), .integer(.max), .integer(now.milliseconds), 1e300, -1e300,
            .number(.infinity),
            .number(-.infinity), .number(.nan), 253_402_300_800, [1_800_000_100],
        ] + Self.oddities { #expect(throws: JOSEError.expiry) { try check(wrong) } }
        #expect(throws: JOSEError.expiry) { try ClaimCheck.expiry([:], now: now, skew: skew) }
        try check(253_402_300_799)
    }

    @Test("C25 no configured skew reaches beyond five minutes or below zero")
    func skewLimits() throws {
        let day = Duration.days(1)
        _ = try ClaimCheck.expiry(["exp": at(-299)], now: now, skew: day)
        #expect(throws: JOSEError.expired) { try ClaimCheck.expiry(["exp": at(-300)], now: now, skew: day) }
        #expect(throws: JOSEError.notYetValid) { try ClaimCheck.notBefore(["nbf": at(301)], now: now, skew: day) }
        _ = try ClaimCheck.expiry(["exp": at(1)], now: now, skew: .seconds(-100))
        #expect(throws: JOSEError.expired) { try ClaimCheck.expiry(["exp": at(0)], now: now, skew: .zero) }
        let huge = Duration(secondsComponent: .max, attosecondsComponent: 0)
        #expect(throws: JOSEError.expired) { try ClaimCheck.expiry(["exp": 0], now: now, skew: huge) }
    }

    @Test("C17 C25 iat, to the second")
    func issuedAt() throws {
        func check(_ iat: JSONValue, skew: Duration = .seconds(60), earliest: Int64? = nil) throws {
            try ClaimCheck.issuedAt(
                ["iat": iat], now: now, skew: skew, earliest: earliest.map { now + .seconds($0) })
        }
        try check(at(0))
        try check(at(60))
        #expect(throws: JOSEError.issuedInFuture) { try check(at(61)) }
        // At least 10 and at most 60 seconds ahead, whatever the skew.
        try check(at(10), skew: .zero)
        #expect(throws: JOSEError.issuedInFuture) { try check(at(11), skew: .zero) }
        try check(at(60), skew: .seconds(300))
        #expect(throws: JOSEError.issuedInFuture) { try check(at(61), skew: .seconds(300)) }
        // Not older than the login it answers.
        try check(at(-160), earliest: -100)
        #expect(throws: JOSEError.issuedTooLongAgo) { try check(at(-161), earliest: -100) }
        #expect(throws: JOSEError.issuedTooLongAgo) { try check(at(-3600), earliest: -100) }
        try check(0)
        #expect(throws: JOSEError.issuedTooLongAgo) { try check(0, earliest: -100) }
        for wrong in ["1800000000", -1, .integer(.max), 1e300, .number(.nan), .integer(now.milliseconds)]
            + Self.oddities
        {
            #expect(throws: JOSEError.issuedAt) { try check(wrong) }
        }
        #expect(throws: JOSEError.issuedAt) { try ClaimCheck.issuedAt([:], now: now, skew: skew) }
    }

    @Test("C18 C25 nbf, to the second")
    func notBefore() throws {
        func check(_ nbf: JSONValue) throws { try ClaimCheck.notBefore(["nbf": nbf], now: now, skew: skew) }
        try ClaimCheck.notBefore([:], now: now, skew: skew)
        try check(at(-1000))
        try check(at(60))
        #expect(throws: JOSEError.notYetValid) { try check(at(61)) }
        for wrong in ["1800000000", -1, .integer(.max), 1e300, .integer(now.milliseconds)] + Self.oddities {
            #expect(throws: JOSEError.notYetValid) { try check(wrong) }
        }
    }

    @Test("C21 C25 auth_time, to the second")
    func authenticationTime() throws {
        func check(_ value: JSONValue?, required: Bool = false, maxAge: Int64? = 600) throws -> Timestamp? {
            var claims: JSONObject = [:]
            claims["auth_time"] = value
            return try ClaimCheck.authenticationTime(
                claims, isRequired: required, maxAge: maxAge.map { .seconds($0) }, now: now, skew: skew)
        }
        #expect(try check(at(-600)) == now - .seconds(600))
        #expect(try check(at(-660)) == now - .seconds(660))
        #expect(throws: JOSEError.authenticationTooOld) { try check(at(-661)) }
        #expect(try check(at(60)) != nil)
        #expect(throws: JOSEError.authenticationTime) { try check(at(61)) }
        #expect(throws: JOSEError.authenticationTime) { try check(nil) }
        #expect(throws: JOSEError.authenticationTime) { try check(nil, required: true, maxAge: nil) }
        #expect(try check(nil, maxAge: nil) == nil)
        #expect(try check(at(-100_000), maxAge: nil) == now - .seconds(100_000))
        // max_age=0 asks for a login just now; only the skew is left.
        #expect(try check(at(-60), maxAge: 0) != nil)
        #expect(throws: JOSEError.authenticationTooOld) { try check(at(-61), maxAge: 0) }
        for wrong in ["1800000000", -1, .integer(.max), 1e300] + Self.oddities {
            #expect(throws: JOSEError.authenticationTime) { try check(wrong) }
            #expect(throws: JOSEError.authenticationTime) { try check(wrong, maxAge: nil) }
        }
        _ = try check(at(-600), maxAge: .max)
    }

    // MARK: The login

    @Test("C19 sub is 1 to 255 printable ASCII characters")
    func subject() throws {
        for good in ["a", "auth0|5f7c", "with space", String(repeating: "x", count: 255)] {
            #expect(try ClaimCheck.subject(["sub": .string(good)]) == good)
        }
        for wrong in [
            "", .string(String(repeating: "x", count: 256)), "é", "a\u{0}b", "a\nb", "a\u{7F}", "\u{212A}", 1, ["a"],
        ]
            as [JSONValue]
        {
            #expect(throws: JOSEError.subject) { try ClaimCheck.subject(["sub": wrong]) }
        }
        for wrong in Self.oddities { #expect(throws: JOSEError.subject) { try ClaimCheck.subject(["sub": wrong]) } }
        #expect(throws: JOSEError.subject) { try ClaimCheck.subject([:]) }
    }

    @Test("C20 nonce is the one sent, or none when none was sent")
    func nonce() throws {
        try ClaimCheck.nonce(["nonce": "n-0S6_WzA2Mj"], is: "n-0S6_WzA2Mj")
        try ClaimCheck.nonce([:], is: nil)
        for wrong in ["n-0S6_WzA2Mj1", "n-0S6_WzA2M", "", "N-0S6_WzA2Mj", ["n-0S6_WzA2Mj"], 1] + Self.oddities {
            #expect(throws: JOSEError.nonce) { try ClaimCheck.nonce(["nonce": wrong], is: "n-0S6_WzA2Mj") }
            #expect(throws: JOSEError.nonce) { try ClaimCheck.nonce(["nonce": wrong], is: nil) }
        }
        #expect(throws: JOSEError.nonce) { try ClaimCheck.nonce([:], is: "n-0S6_WzA2Mj") }
        #expect(throws: JOSEError.nonce) { try ClaimCheck.nonce(["nonce": "K"], is: "\u{212A}") }
    }

    @Test("C22 acr is one of those asked for, never 0")
    func authenticationContext() throws {
        let accepted = ["urn:mfa", "0"]
        #expect(try ClaimCheck.authenticationContext(["acr": "urn:mfa"], oneOf: accepted) == "urn:mfa")
        for wrong in ["0", "urn:mf", "urn:mfa ", "URN:MFA", "", ["urn:mfa"], 0, 1] + Self.oddities {
            #expect(throws: JOSEError.authenticationContext) {
                try ClaimCheck.authenticationContext(["acr": wrong], oneOf: accepted)
            }
        }
        #expect(throws: JOSEError.authenticationContext) { try ClaimCheck.authenticationContext([:], oneOf: accepted) }
        #expect(throws: JOSEError.authenticationContext) {
            try ClaimCheck.authenticationContext(["acr": "urn:mfa"], oneOf: [])
        }
    }

    @Test("C23 C24 at_hash and c_hash, when present, match", arguments: SignatureAlgorithm.allCases)
    func hashes(_ algorithm: SignatureAlgorithm) throws {
        let value = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
        let half = ClaimCheck.leftHalfHash(of: value, algorithm: algorithm)
        #expect(half.utf8.count == [.sha256: 22, .sha384: 32, .sha512: 43][algorithm.hash])
        try ClaimCheck.accessTokenHash([:], accessToken: value, algorithm: algorithm)
        try ClaimCheck.accessTokenHash(["at_hash": .string(half)], accessToken: value, algorithm: algorithm)
        try ClaimCheck.codeHash([:], code: value, algorithm: algorithm)
        try ClaimCheck.codeHash(["c_hash": .string(half)], code: value, algorithm: algorithm)
        let whole = Base64URL.encode(algorithm.hash.hash(Array(value.utf8)))
        let wrongs: [JSONValue] = [
            .string(half + "1"), .string(half + "="), .string(whole), .string(half.lowercased()), "", 1,
            [.string(half)],
        ]
        for wrong in wrongs + Self.oddities {
            #expect(throws: JOSEError.accessTokenHash) {
                try ClaimCheck.accessTokenHash(["at_hash": wrong], accessToken: value, algorithm: algorithm)
            }
            #expect(throws: JOSEError.codeHash) {
                try ClaimCheck.codeHash(["c_hash": wrong], code: value, algorithm: algorithm)
            }
        }
        #expect(throws: JOSEError.accessTokenHash) {
            try ClaimCheck.accessTokenHash(["at_hash": .string(half)], accessToken: value + "1", algorithm: algorithm)
        }
    }

    @Test("C23 Ed25519 hashes with SHA-512")
    func edHash() {
        #expect(SignatureAlgorithm.EdDSA.hash == .sha512 && SignatureAlgorithm.Ed25519.hash == .sha512)
    }
}
