import Bytes
import Testing

@testable import OpenIDConnect

@Suite("ProofKey") struct ProofKeyTests {
    @Test("A7 fresh verifiers are 43 unreserved characters and never the same")
    func fresh() throws {
        var seen: Set<String> = []
        for _ in 0..<10_000 {
            let verifier = try ProofKey().verifier
            #expect(verifier.utf8.count == 43)
            #expect(verifier.utf8.allSatisfy { ByteClass.unreserved.contains($0) })
            #expect(seen.insert(verifier).inserted)
        }
    }

    @Test(
        "A8 the challenge is base64url(SHA-256(verifier)): RFC 7636 appendix B and one more",
        arguments: [
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            (
                "M25iVXpKU3puUjFaYWg3T1NDTDQtcW1ROUY5YXlwalNoc0hhakxifmZHag",
                "qjrzSW9gMiUgpUvqgEPE4_-8swvyCtfOVvg55o5S_es"
            ),
        ])
    func vectors(verifier: String, challenge: String) throws {
        #expect(try #require(ProofKey(verifier: verifier)).challenge == challenge)
    }

    @Test("A7 a verifier has 43 to 128 characters of [A-Za-z0-9-._~]")
    func limits() {
        for count in [43, 128] { #expect(ProofKey(verifier: String(repeating: "~", count: count)) != nil) }
        for count in [0, 42, 129] { #expect(ProofKey(verifier: String(repeating: "a", count: count)) == nil) }
        for bad in ["+", "/", "=", " ", "é", "\n"] {
            #expect(ProofKey(verifier: String(repeating: "a", count: 45) + bad) == nil)
        }
    }
}
