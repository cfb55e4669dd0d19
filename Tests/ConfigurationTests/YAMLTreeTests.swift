import Testing

@testable import Configuration

@Suite struct YAMLTreeTests {
    private func fault(_ bytes: [UInt8]) -> YAMLFault? { YAMLTree(bytes).faults.first }
    private func fault(_ text: String) -> YAMLFault? { fault(Array(text.utf8)) }

    @Test("Values keep their places, in characters")
    func marks() throws {
        let tree = YAMLTree(Array("a: 1\nüß:\n  - x\n  - { b: \"é\", c: y }\n".utf8))
        guard case .mapping(let entries)? = tree.root?.content else {
            Issue.record("no block")
            return
        }
        #expect(entries.map(\.key) == ["a", "üß"])
        #expect(entries[1].mark == YAMLMark(line: 2, column: 1))
        guard case .sequence(let nodes) = entries[1].value.content, case .mapping(let inner) = nodes[1].content else {
            Issue.record("no list")
            return
        }
        #expect(nodes[0].mark == YAMLMark(line: 3, column: 5))
        #expect(inner[1].mark == YAMLMark(line: 4, column: 15))
        #expect(inner[0].value.content == .scalar(YAMLScalar(text: "é", isPlain: false)))
    }

    @Test(
        "Only plain words are null or true",
        arguments: [("~", true), ("null", true), ("", true), ("\"\"", false), ("'null'", false), ("nil", false)])
    func nulls(text: String, isNull: Bool) {
        guard case .mapping(let entries)? = YAMLTree(Array("a: \(text)\n".utf8)).root?.content else { return }
        #expect(entries.first?.value.isNull == isNull)
    }

    @Test("Words of YAML 1.1 for true are text")
    func booleans() {
        for word in ["yes", "on", "y", "True", "TRUE"] { #expect(YAMLScalar(text: word, isPlain: true).bool == nil) }
        #expect(YAMLScalar(text: "true", isPlain: true).bool == true)
        #expect(YAMLScalar(text: "true", isPlain: false).bool == nil)
    }

    @Test("What is not UTF-8 is refused where it begins")
    func encoding() {
        let bad: [UInt8] = Array("a: b\nc: ".utf8) + [0xC3, 0x28]
        #expect(fault(bad)?.mark == YAMLMark(line: 2, column: 4))
        #expect(fault(bad)?.message.contains("UTF-8") == true)
        let wide: [UInt8] = [0xFF, 0xFE] + "a: b".utf8.flatMap { [$0, 0] }
        #expect(fault(wide)?.message.contains("UTF-8") == true)
        #expect(fault("a: \u{1}\n") != nil)
        #expect(fault(Array("a: b".utf8) + [0]) != nil)
    }

    @Test("A byte-order mark is no fault")
    func byteOrderMark() throws {
        #expect(fault("\u{FEFF}a: b\n") == nil)
        let tree = YAMLTree(Array("\u{FEFF}a: b\nc:\n  d: e\n".utf8))
        #expect(tree.faults.isEmpty, "\(tree.faults)")
        guard case .mapping(let entries)? = tree.root?.content else {
            Issue.record("no block")
            return
        }
        #expect(entries.map(\.key) == ["a", "c"])
        #expect(entries[0].mark == YAMLMark(line: 1, column: 1))
    }

    @Test("Limits hold: depth, size")
    func limits() {
        #expect(fault(String(repeating: "[", count: 1000))?.message.contains("deep") == true)
        #expect(fault([UInt8](repeating: 0x20, count: YAMLTree.byteLimit + 1))?.message.contains("larger") == true)
        let many = "a:\n" + String(repeating: "  - { b: c, d: [ e, f ] }\n", count: 20_000)
        #expect(fault(many) == nil)
    }

    @Test(
        "Keys that could be read in two ways are refused",
        arguments: ["a: 1\na: 2\n", "{a: 1, \"a\": 2}", "? [a]\n: b\n"])
    func keys(text: String) { #expect(fault(text) != nil) }

    @Test("Anchors, aliases, tags and merge keys are refused, all of them at once")
    func notTaken() {
        let text = "a: &x 1\nb: *x\nc: !!int 3\nd: !local x\ne: { <<: { f: g } }\n&k h: i\n"
        #expect(YAMLTree(Array(text.utf8)).faults.map(\.mark.line) == [1, 2, 3, 4, 5, 6])
    }

    @Test("No prefix of a configuration crashes or hangs")
    func prefixes() {
        let text = Array("a: [1, {b: 'c'}]\nd: |\n  x\n\te\n? f\n: &g *h\n--- !!k\n\"\\u00e9\": %\n".utf8)
        for count in 0...text.count { _ = YAMLTree(Array(text.prefix(count))) }
        for index in text.indices {
            for byte: UInt8 in [0, 0x09, 0x0A, 0x22, 0x26, 0x2A, 0x3A, 0x5B, 0x7B, 0x80, 0xFF] {
                var changed = text
                changed[index] = byte
                _ = YAMLTree(changed)
            }
        }
    }
}
