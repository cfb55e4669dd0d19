import Formats
import Foundation
import JOSE
import Testing

/// A group of tokens judged by one key set; `Tests/Fixtures/jose/make.py` writes them.
struct SignatureFixture: Decodable, CustomTestStringConvertible {
    struct Case: Decodable {
        let comment: String
        let token: String
        /// `valid`, or the refusal.
        let outcome: String
    }

    let comment: String
    let requirement: String
    /// A key set, as text: it is ours to read.
    let keys: String
    let allowed: [String]
    let tests: [Case]

    var testDescription: String { "\(requirement) \(comment)" }

    static let all: [SignatureFixture] = {
        struct File: Decodable { let groups: [SignatureFixture] }
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/jose/signatures.json")
        do {
            return try JSONDecoder().decode(File.self, from: Data(contentsOf: path)).groups
        } catch {
            fatalError("no fixtures: \(error)")
        }
    }()

    var keySet: JSONWebKeySet {
        get throws { try JSONWebKeySet(parsing: JSONValue(parsing: Array(keys.utf8))) }
    }
}

@Suite("Tokens made by another implementation")
struct SignatureFixtureTests {
    @Test("C1–C12, C42, C43 each token has its outcome", arguments: SignatureFixture.all)
    func outcome(_ group: SignatureFixture) throws {
        let keys = try group.keySet
        let allowed = try group.allowed.map { try #require(SignatureAlgorithm(name: $0)) }
        for test in group.tests {
            var outcome = "valid"
            do {
                _ = try JSONWebToken.parse(test.token).verified(with: keys, allowed: allowed)
            } catch {
                outcome = error.rawValue
            }
            #expect(outcome == test.outcome, "\(test.comment)")
        }
    }

    @Test("C1–C12 the fixtures speak of every requirement")
    func coverage() {
        let requirements = Set(SignatureFixture.all.map(\.requirement))
        for number in ["C1", "C2", "C3", "C4", "C5", "C6", "C8", "C9", "C10", "C11", "C12", "C42", "C43"] {
            #expect(requirements.contains(number))
        }
        #expect(SignatureFixture.all.reduce(0) { $0 + $1.tests.count } > 600)
    }
}
