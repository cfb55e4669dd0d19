import Foundation

/// One file of Tests/Fixtures/http1: a title, the bytes (``Escapes``; line ends of the file are layout), a line of dashes,
/// the outcome: what an engine made of them, a line an event.
package struct HTTPFixture: Sendable {
    package let url: URL
    package let kind: String
    package let title: String
    package let bytes: [UInt8]
    package let outcome: [String]

    package var name: String { url.deletingPathExtension().lastPathComponent }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/http1")

    package static func all(_ kind: String) -> [HTTPFixture] {
        let folder = folder.appending(path: kind)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted().compactMap {
            try? HTTPFixture(folder.appending(path: $0))
        }
    }

    package init(_ url: URL) throws {
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

    /// Writes the outcome into the file: `POSTERN_RECORD=1 swift test --filter HTTPFixtures`.
    ///
    /// Read what it wrote.
    package func record(_ outcome: [String]) throws {
        let text = try String(contentsOf: url, encoding: .utf8)
        let input = text.components(separatedBy: "\n---\n")[0].trimmingCharacters(in: .newlines)
        try (input + "\n---\n" + outcome.joined(separator: "\n") + "\n").write(
            to: url, atomically: true, encoding: .utf8)
    }
}
