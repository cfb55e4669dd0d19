/// `endpoints`: where the gateway's own paths live.
struct EndpointsSection {
    let root: SectionReader

    /// The prefix, without a slash at its end.
    func read() -> String {
        let standard = "/bff"
        guard let section = root.section("endpoints") else { return standard }
        defer { section.finish() }
        guard let text = section.string("prefix") else { return standard }
        let segments = text.value.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let isPath = text.value.hasPrefix("/") && !segments.isEmpty && segments.allSatisfy(Self.isSegment)
        guard isPath, text.value.utf8.count <= 128 else {
            root.context.error(
                text.mark, "`endpoints.prefix` is a path of plain words, not \(text.shown)",
                hint: "such as /bff, without a slash at the end")
            return standard
        }
        return text.value
    }

    /// Letters, digits, `-`, `_` and `.`, but no dot segment.
    private static func isSegment(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte & 0xDF) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            }
    }
}
