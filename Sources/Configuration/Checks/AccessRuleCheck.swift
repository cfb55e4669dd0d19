/// The grammar of access rules: an empty demand is a mistake, never "everybody" (contract, section 2).
struct AccessRuleCheck {
    let context: ReadingContext
    let name: String

    private static let keys = [
        "groups", "roles", "scopes", "emails", "email_domains", "claims", "acr", "max_age", "all", "any",
    ]

    func check(_ entries: [YAMLEntry]) {
        for entry in entries {
            if !Self.keys.contains(entry.key) {
                context.error(
                    entry.mark, "unknown key \(Quoted(entry.key)) in \(name)",
                    hint: Suggestion.hint(for: entry.key, among: Self.keys))
            }
            checkNotEmpty(entry.value, entry.key)
        }
    }

    private func checkNotEmpty(_ node: YAMLNode, _ key: String) {
        switch node.content {
        case .sequence(let nodes):
            if nodes.isEmpty {
                context.error(node.mark, "\(Quoted(key)) is empty: nobody could meet it", hint: "leave it out")
            }
            for node in nodes { checkNotEmpty(node, key) }
        case .mapping(let entries):
            if entries.isEmpty { context.error(node.mark, "\(Quoted(key)) is empty", hint: "leave it out") }
            for entry in entries { checkNotEmpty(entry.value, entry.key) }
        case .scalar(let scalar):
            if scalar.text.isEmpty && !scalar.isNull {
                context.error(node.mark, "\(Quoted(key)) demands an empty text")
            }
        }
    }
}
