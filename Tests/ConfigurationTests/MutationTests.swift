import Foundation
import Testing

@testable import Configuration

/// Configurations as they come out of tired hands: the reference with lines and bytes changed at random, the same each time.
@Suite struct MutationTests {
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let pieces: [String] = [
        "null", "~", "[]", "{}", "''", "\t", ": ", "- ", "&a ", "*a", "!!str ", "<<: ", "${env:X}", "${file:/x}", "${",
        "}",
        "99999999999999999999", "-1", "1d", "\u{0}", "\u{FEFF}", "\u{2028}", "--- ", "...", "|", ">", "%", "\"", "é",
        "#",
    ]

    @Test("No change makes the loader crash, contradict itself or point outside the file", arguments: 0..<8)
    func mutated(seed: Int) throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config/reference.yaml")
        let original = [UInt8](try Data(contentsOf: url))
        var dice = Dice(state: UInt64(seed))
        for _ in 0..<40 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &dice) {
                let start = Int.random(in: 0..<bytes.count, using: &dice)
                let end = min(bytes.count, start + Int.random(in: 0...12, using: &dice))
                let piece = Self.pieces.randomElement(using: &dice) ?? ""
                bytes.replaceSubrange(start..<end, with: Bool.random(using: &dice) ? Array(piece.utf8) : [])
            }
            let result = Configuration.load(
                bytes: bytes, path: "postern.yaml", environment: FakeMachine.environment, files: FakeMachine.files)
            #expect((result.settings == nil) == result.problems.contains { $0.severity == .error })
            let lines = bytes.count { $0 == 0x0A } + 1
            #expect(result.problems.allSatisfy { (1...lines + 1).contains($0.line) && $0.column >= 1 })
            #expect(result.problems.allSatisfy { !$0.rendered.utf8.contains { $0 < 0x20 } }, "a message is one line")
        }
    }
}
