import Foundation
import Testing

/// One file of Tests/Fixtures/http1: a title, the bytes (``Escapes``; line ends of the file are layout), a line of dashes,
/// the outcome as ``Transcript`` tells it.
struct HTTPFixture: CustomTestStringConvertible {
    let url: URL
    let kind: String
    let title: String
    let bytes: [UInt8]
    let outcome: [String]

    var testDescription: String { url.deletingPathExtension().lastPathComponent + ": " + title }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/http1")

    static func all(_ kind: String) -> [HTTPFixture] {
        let folder = folder.appending(path: kind)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted().compactMap {
            try? HTTPFixture(folder.appending(path: $0))
        }
    }

    init(_ url: URL) throws {
        self.url = url
        let text = try String(contentsOf: url, encoding: .utf8)
        let halves = text.components(separatedBy: "\n---\n")
        let lines = halves[0].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let first = lines[0].components(separatedBy: ": ")
        kind = first[0]
        title = first.dropFirst().joined(separator: ": ")
        bytes = lines.count > 1 ? Escapes.read(lines[1]) : []
        outcome = halves.count > 1 ? halves[1].split(separator: "\n").map(String.init) : []
    }

    func run(_ pieces: [[UInt8]]) -> [String] {
        switch kind {
        case "request": Transcript.server(pieces)
        case "response to upgrade": Transcript.client(pieces, asksForUpgrade: true)
        case "response to HEAD": Transcript.client(pieces, method: "HEAD")
        default: Transcript.client(pieces)
        }
    }

    /// Writes the outcome into the file: `POSTERN_RECORD=1 swift test --filter HTTPFixtures`.
    ///
    /// Read what it wrote.
    func record(_ outcome: [String]) throws {
        let text = try String(contentsOf: url, encoding: .utf8)
        let input = text.components(separatedBy: "\n---\n")[0].trimmingCharacters(in: .newlines)
        try (input + "\n---\n" + outcome.joined(separator: "\n") + "\n").write(
            to: url, atomically: true, encoding: .utf8)
    }
}
