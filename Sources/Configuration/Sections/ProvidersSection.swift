import Formats

/// `providers`: several identity providers by name; each entry is read as `provider` is.
struct ProvidersSection {
    let root: SectionReader
    let sites: [URLParts]
    let endpoints: String

    /// Reports what is wrong, and that there can be one only, so far; returns the names.
    func check() -> [String] {
        guard root.nullableValue("providers") != nil else { return [] }
        let hint = root.has("provider") ? "there is `provider` already" : "name one with `provider`"
        root.context.error(root.mark(of: "providers"), "`providers` is not supported yet", hint: hint)
        guard let block = root.section("providers") else { return [] }
        if block.namedValues.isEmpty { root.context.error(block.mark, "`providers` is empty") }
        for entry in block.namedValues {
            checkName(entry)
            guard let section = block.section(entry.value, named: "providers.\(entry.key)") else { continue }
            _ = ProviderSection(section: section, sites: sites, endpoints: endpoints).read()
        }
        return block.namedValues.map(\.key)
    }

    /// The name is a segment of the redirect URI.
    private func checkName(_ entry: YAMLEntry) {
        let isName = entry.key.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte & 0xDF) || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "_")
        }
        if !isName || entry.key.utf8.count > 64 {
            root.context.error(
                entry.mark, "\(Quoted(entry.key)) is no name for a provider",
                hint: "letters, digits, - and _ (at most 64)")
        }
    }
}
