/// The grammar of access rules: an empty demand is a mistake, never "everybody" (contract, section 2).
///
/// A key that is null demands nothing, as if it were left out; a rule of which nothing is left is a mistake again.
struct AccessRuleCheck {
    let rule: SectionReader

    private var context: ReadingContext { rule.context }

    func check() {
        for key in ["groups", "roles", "acr"] { _ = words(key) }
        for scope in words("scopes") { ScopeName.check(scope, context) }
        for address in words("emails") where !Self.isAddress(address.value) {
            context.error(address.mark, "\(address.shown) is no e-mail address", hint: "such as ann@example.com")
        }
        for domain in words("email_domains") where !Self.isDomain(domain.value) {
            context.error(
                domain.mark, "\(domain.shown) is no domain of e-mail addresses", hint: "such as example.com, without @")
        }
        claims()
        var age = Duration.zero
        if rule.nullableValue("max_age") != nil {
            rule.duration("max_age", into: &age, in: .seconds(1) ... .seconds(365 * 86400))
        }
        for key in ["all", "any"] { rules(key) }
        if rule.namedValues.allSatisfy(\.value.isNull) {
            context.error(
                rule.mark, "\(Quoted(rule.path)) demands nothing", hint: "`authenticated` is for everybody who signs in"
            )
        }
        rule.finish()
    }

    /// A list of texts, any of which will do.
    private func words(_ key: String) -> [Located<String>] {
        guard rule.nullableValue(key) != nil, let list = rule.distinctStrings(key) else { return [] }
        refuseEmpty(list.value.isEmpty && isEmptyList(rule.nullableValue(key)), list.mark, rule.name(key))
        return list.value
    }

    private func claims() {
        guard let block = rule.section("claims", nullable: true) else { return }
        refuseEmpty(block.namedValues.isEmpty, block.mark, rule.name("claims"))
        for entry in block.namedValues {
            if !ClaimName.isWellFormed(entry.key) {
                context.error(entry.mark, "\(Quoted(entry.key)) is no claim and no dotted path to one")
            }
            guard block.nullableValue(entry.key) != nil, let list = block.list(entry.key) else { continue }
            refuseEmpty(list.value.isEmpty, list.mark, block.name(entry.key))
            for node in list.value { value(node, "an entry of \(block.name(entry.key))") }
        }
    }

    /// A claim may be a number or true as well as text.
    private func value(_ node: YAMLNode, _ name: String) {
        if case .scalar(let written) = node.content, written.bool != nil { return }
        _ = rule.string(node, name)
    }

    private func rules(_ key: String) {
        guard rule.nullableValue(key) != nil, let list = rule.list(key) else { return }
        refuseEmpty(list.value.isEmpty, list.mark, rule.name(key))
        for (index, node) in list.value.enumerated() {
            rule.section(node, named: "\(rule.path).\(key)[\(index)]").map { AccessRuleCheck(rule: $0).check() }
        }
    }

    private func refuseEmpty(_ isEmpty: Bool, _ mark: YAMLMark, _ name: String) {
        if isEmpty { context.error(mark, "\(name) is empty: nobody could meet it", hint: "leave it out") }
    }

    /// Whether nothing was written, rather than nothing that could be read.
    private func isEmptyList(_ node: YAMLNode?) -> Bool {
        if case .sequence(let nodes)? = node?.content { return nodes.isEmpty }
        return false
    }

    /// Something, one `@`, and a domain: what it takes to compare it with a claim.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !text.contains(" ") && isDomain(parts[1])
    }

    private static func isDomain(_ text: some StringProtocol) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { !$0.isEmpty }
            && !text.unicodeScalars.contains { $0 == "@" || $0 == "*" || $0 == "/" || $0.properties.isWhitespace }
    }
}
