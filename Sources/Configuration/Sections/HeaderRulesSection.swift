import Routing

/// `request_headers` and `response_headers` of a route.
///
/// Each field is compiled by itself, as the gateway will compile all of them: what a rule may touch is said in one place.
struct HeaderRulesSection {
    let route: SectionReader
    let key: String
    /// What goes upstream as `Authorization`; only where that is nothing may a rule set it.
    let token: UpstreamToken

    private var context: ReadingContext { route.context }

    func read(into rules: inout HeaderRuleSettings) {
        guard let section = route.section(key) else { return }
        if let block = section.section("set") {
            var seen: [String: String] = [:]
            for entry in block.namedValues {
                if let first = seen.updateValue(entry.key, forKey: HeaderName.fold(entry.key)) {
                    context.error(entry.mark, "\(Quoted(entry.key)) is the same field as \(Quoted(first))")
                }
                guard let value = block.string(entry.key) else { continue }
                let field = HeaderRuleSettings.Field(name: entry.key, value: value.value)
                check(HeaderRuleSettings(set: [field]), Located(value: entry.key, mark: entry.mark), value)
                rules.set.append(field)
            }
        }
        if let list = section.distinctStrings("remove") {
            for name in list.value { check(HeaderRuleSettings(remove: [name.value]), name, name) }
            rules.remove = list.value.map(\.value)
        }
        section.finish()
    }

    private func check(_ rule: HeaderRuleSettings, _ name: Located<String>, _ value: Located<String>) {
        do throws(HeaderRuleError) {
            if key == "response_headers" {
                _ = try ResponseHeaderRules(rule)
            } else {
                var single = RouteSettings(path: .root, target: .upstream(""))
                single.token = token
                single.requestHeaders = rule
                _ = try RequestHeaderRules(single)
            }
        } catch {
            report(error, isSet: rule.remove.isEmpty, name, value)
        }
        if value.value.first == " " || value.value.last == " " {
            context.error(value.mark, "the value of \(name.shown) begins or ends with a space")
        }
    }

    private func report(_ error: HeaderRuleError, isSet: Bool, _ name: Located<String>, _ value: Located<String>) {
        switch error {
        case .name: context.error(name.mark, "\(name.shown) is no name of a header field")
        case .reserved:
            let what = "`\(key)` cannot \(isSet ? "set" : "remove") \(name.shown)"
            context.error(name.mark, name.hint(HeaderName.reason(name.value)).map { "\(what): \($0)" } ?? what)
        case .repeated: context.error(name.mark, "\(name.shown) stands there twice")
        case .template(_, let reason):
            context.error(
                value.mark, "the value of \(name.shown): \(Self.explain(reason, value))",
                hint: "such as \"{claims.sub}\"")
        }
    }

    private static func explain(_ error: HeaderTemplateError, _ value: Located<String>) -> String {
        switch error {
        case .unbalanced: "a brace stands alone; {{ and }} are plain braces"
        case .unknownPlaceholder(let name): "\(value.shown("{\(name)}")) names nothing that can be sent"
        case .character: "header fields hold ASCII only"
        }
    }
}
