import Formats
import JOSE
import Testing

/// Small changes to tokens that are good: none may be believed, none may stop the program.
@Suite("Mutated tokens")
struct MutationTests {
    private var good: [(token: String, keys: JSONWebKeySet)] {
        get throws {
            try SignatureFixture.all.filter { $0.comment.hasPrefix("good signatures of") }.map {
                ($0.tests[0].token, try $0.keySet)
            }
        }
    }

    private func isBelieved(_ token: String, _ keys: JSONWebKeySet) -> Bool {
        (try? JSONWebToken.parse(token).verified(with: keys, allowed: SignatureAlgorithm.allCases)) != nil
    }

    @Test("C11 a token with any one character changed, dropped or doubled is refused")
    func single() throws {
        let alphabet = Array("AQgw-_9.= ".utf8)
        var random = SystemRandomNumberGenerator()
        for (token, keys) in try good {
            let bytes = Array(token.utf8)
            #expect(isBelieved(token, keys))
            // Headers and payloads are short; signatures of RSA are sampled.
            for index in bytes.indices where bytes.count < 250 || Int.random(in: 0..<4, using: &random) == 0 {
                var changed = bytes
                changed[index] =
                    alphabet.first { $0 != bytes[index] && Int.random(in: 0..<4, using: &random) == 0 } ?? 0x7E
                var dropped = bytes
                dropped.remove(at: index)
                var doubled = bytes
                doubled.insert(bytes[index], at: index)
                for mutant in [changed, dropped, doubled] where mutant != bytes {
                    #expect(!isBelieved(String(decoding: mutant, as: UTF8.self), keys))
                }
            }
        }
    }

    @Test("C1 pieces of tokens in any order are refused without harm")
    func spliced() throws {
        let all = SignatureFixture.all.flatMap { $0.tests.map(\.token) }.filter { $0.utf8.count < 2000 }
        let keys = try #require(try good.first).keys
        let honest = Set(try good.map(\.token))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            let pieces = (0..<Int.random(in: 1...4, using: &random)).compactMap { _ -> String? in
                guard let token = all.randomElement(using: &random) else { return nil }
                let bytes = Array(token.utf8)
                let start = Int.random(in: 0...bytes.count, using: &random)
                return String(
                    decoding: bytes[start..<Int.random(in: start...bytes.count, using: &random)], as: UTF8.self)
            }
            let token = pieces.joined()
            if isBelieved(token, keys) { #expect(honest.contains(token) || all.contains(token)) }
        }
    }
}
