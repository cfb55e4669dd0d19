import Foundation
import FuzzTargets
import Testing

/// The fuzzers' committed inputs, without a fuzzer.
///
/// What does not hold traps. `Tests/scripts/fuzz replay` then names the input, and searches for more like it.
@Suite("Fuzz corpora") struct CorpusTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fuzz/Corpus").standardized

    private static func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
    }

    @Test("Every input that was worth keeping", arguments: FuzzTarget.all.map(\.name))
    func replay(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let folder = Self.corpus.appending(path: name)
        let inputs = try Self.names(in: folder)
        #expect(!inputs.isEmpty)
        target.run([UInt8]().span)
        for input in inputs {
            let bytes = try [UInt8](Data(contentsOf: folder.appending(path: input)))
            target.run(bytes.span)
        }
    }

    @Test("No corpus is without a target")
    func targets() throws {
        #expect(try Self.names(in: Self.corpus) == FuzzTarget.all.map(\.name).sorted())
    }
}
