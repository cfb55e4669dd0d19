/// A place in a YAML text, both counted from one; columns count characters.
struct YAMLMark: Sendable, Hashable, Comparable {
    let line: Int
    let column: Int

    /// Where a text begins.
    static let start = YAMLMark(line: 1, column: 1)

    /// Where a byte of a text stands.
    init(ofByte offset: Int, in text: [UInt8]) {
        let before = text.prefix(max(0, offset))
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // Continuation bytes begin no character.
        self.init(
            line: before.count { $0 == UInt8(ascii: "\n") } + 1,
            column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    }

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    static func < (a: YAMLMark, b: YAMLMark) -> Bool { (a.line, a.column) < (b.line, b.column) }
}
