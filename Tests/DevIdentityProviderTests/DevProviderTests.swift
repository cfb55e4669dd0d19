import Bytes
import Cryptography
import Formats
import HTTPServer
import JOSE
import Testing
import Threads
import Time

@testable import DevIdentityProvider

struct DevProviderTests {
    @Test("H27 the provider keeps no secret, code or token: only digests")
    func digestsOnly() async throws {
        let harness = try ProviderHarness()
        let verifier = ProviderHarness.freshVerifier()
        let person = TestPerson(harness)
        let code = try await harness.code(client: "confidential", browser: person, verifier: verifier)
        let tokens = try await harness.redeem(
            code, client: "confidential", verifier: verifier, secret: "s3cret p+q%/é:"
        ).json
        var memory = ""
        dump(harness.provider.context, to: &memory)
        // The lock hides its value from mirrors.
        dump(harness.provider.context.state.withLock { $0 }, to: &memory)
        let canaries =
            [code, "s3cret p+q%/é:", "api-secret"]
            + ["access_token", "refresh_token"].compactMap { tokens[$0]?.string }
            + Array(person.cookies.values)
        #expect(canaries.count == 7)
        for canary in canaries { #expect(!memory.contains(canary)) }
        // The dump does reach into the state: what is no secret is found.
        #expect(memory.contains(ProviderHarness.redirect) && memory.contains(ProviderHarness.challenge(of: verifier)))
    }

    @Test("H28 a fixed key and seeded randomness give the same answers; off loopback they are refused")
    func fixed() async throws {
        let key = try PrivateKey.generate(.ed25519)
        func run() async throws -> [UInt8] {
            let harness = try ProviderHarness {
                $0.signingAlgorithm = .EdDSA
                $0.fixedKey = key
                $0.random = .seeded("a seed")
            }
            let code = try await harness.code(verifier: ProviderHarness.verifier)
            return await harness.redeem(code, verifier: ProviderHarness.verifier).body
        }
        #expect(try await run() == run())
        #expect(throws: DevProviderError.fixedOffLoopback) {
            try ProviderHarness {
                $0.random = .seeded("a seed")
                $0.isExposed = true
            }
        }
        #expect(throws: DevProviderError.fixedOffLoopback) {
            try ProviderHarness {
                $0.fixedKey = key
                $0.signingAlgorithm = .EdDSA
                $0.issuer = try Issuer("https://idp.example.com", layout: .plain)
            }
        }
    }

    @Test("H1 signing keys differ from start to start")
    func freshKeys() async throws {
        let (one, two) = (try ProviderHarness(), try ProviderHarness())
        #expect(try await one.keySet() != two.keySet())
    }

    @Test("Methods that an endpoint does not take are 405, unknown paths 404")
    func methods() async throws {
        let harness = try ProviderHarness()
        let wrong = await harness.send("DELETE", "/authorize")
        #expect(wrong.status == 405 && wrong.header("Allow") == "GET, HEAD, POST")
        #expect(await harness.send("GET", "/nothing").status == 404)
        #expect(await harness.send("GET", "/authorize/").status == 404)
    }

    @Test("State stays bounded under a flood of anonymous requests")
    func bounded() async throws {
        var table = ExpiringTable<Int, Int>(capacity: 100)
        let start = Timestamp(seconds: 0)
        for number in 0..<10_000 {
            table.insert(number, number, until: start + .seconds(1000 + Int64(number)), now: start)
        }
        #expect(table.count <= 100)
        #expect(table.find(9_999, at: start) == 9_999)
        table.insert(-1, -1, until: start + .hours(10), now: start + .hours(5))
        #expect(table.count == 1)
    }
}

struct IssuerTests {
    @Test("An issuer takes the layout's own path, and no other")
    func paths() throws {
        #expect(try Issuer("http://localhost:8081/", layout: .plain).text == "http://localhost:8081")
        #expect(try Issuer("http://localhost:8081/realm", layout: .plain).path(of: .token) == "/realm/token")
        #expect(try Issuer("http://localhost:8081", layout: .auth0).text == "http://localhost:8081/")
        #expect(
            try Issuer("http://localhost:8081/oauth2/default", layout: .oktaCustom).text
                == "http://localhost:8081/oauth2/default")
        #expect(throws: IssuerError.self) { try Issuer("http://localhost:8081/x", layout: .auth0) }
        for bad in ["localhost:8081", "ftp://localhost", "http://localhost/?x", "http://localhost/#x", ""] {
            #expect(throws: IssuerError.self) { try Issuer(bad, layout: .plain) }
        }
    }
}

struct DevClientTests {
    @Test("Clients as the command line writes them")
    func argument() throws {
        let plain = try DevClient(argument: "app=http://localhost:3000/cb,yourApp:/callback")
        #expect(plain.id == "app" && plain.secret == nil && plain.isNative)
        #expect(plain.redirectURIs == ["http://localhost:3000/cb", "yourApp:/callback"])
        #expect(plain.postLogoutRedirectURIs == ["http://localhost:3000/bff/logout/callback"])
        let secret = try DevClient(argument: "web:se:cr=https://app.example.com/cb?x=1")
        #expect(secret.secret?.exposedText == "se:cr" && !secret.isNative)
        #expect(secret.redirectURIs == ["https://app.example.com/cb?x=1"])
        for bad in ["app", "=http://localhost/", "app:=http://localhost/", "app=nonsense"] {
            #expect(throws: DevClientError.self) { try DevClient(argument: bad) }
        }
    }

    @Test(
        "H4 what may be registered",
        arguments: [
            ("https://app.example.com/cb", true), ("http://localhost:8080/cb", true), ("http://app.localhost/cb", true),
            ("http://127.0.0.1:9/cb", true), ("http://[::1]:9/cb", true), ("yourApp:/callback", true),
            ("com.example.app:/oauth", true), ("http://app.example.com/cb", false),
            ("http://localhost.example.com/", false),
            ("https://app.example.com/cb#f", false), ("https://u:p@app.example.com/", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false), ("file:///etc/passwd", false), ("/relative", false), ("", false),
            ("https://app.example.com/\\evil", false), ("https://app.example.com/ x", false),
            ("http://127.1/cb", false),
            ("http://127.0.0.1.example.com/", false), ("JavaScript:alert(1)", false), ("1app:/x", false),
        ] as [(String, Bool)])
    func redirectURIs(uri: String, isGood: Bool) {
        #expect((RedirectKind(uri) != nil) == isGood)
    }

    @Test("H4 a private-use scheme and a secret do not go together")
    func nativeSecret() {
        #expect(throws: DevClientError.nativeWithSecret("yourApp:/callback")) {
            try DevClient(argument: "app:secret=yourApp:/callback")
        }
    }
}

struct DevUsersTests {
    @Test("Users from a file")
    func parsing() throws {
        let users = try DevUsers(parsing: Array(#"[{"sub":"u1","name":"Uma"},{"sub":"u2"}]"#.utf8))
        #expect(users.all.map(\.displayName) == ["Uma", "u2"])
        #expect(users["u1"]?.initials == "U")
        for (text, error) in [
            ("x", .notJSON), ("{}", .notAList), ("[]", .notAList), (#"[{"name":"x"}]"#, .noSubject(0)),
            (#"[{"sub":"a"},{"sub":"a"}]"#, .twice("a")), (#"[{"sub":"a b"}]"#, .noSubject(0)),
        ] as [(String, DevUsersError)] {
            #expect(throws: error) { try DevUsers(parsing: Array(text.utf8)) }
        }
    }
}
