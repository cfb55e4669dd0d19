import Routing

/// `request_headers` and `response_headers` of a route.
struct HeaderRulesSection {
    let route: SectionReader
    let key: String

    private var context: ReadingContext { route.context }
    private var isRequest: Bool { key == "request_headers" }

    func read(into rules: inout HeaderRuleSettings) {
        guard let section = route.section(key) else { return }
        if let block = section.section("set") {
            var seen: [String: String] = [:]
            for entry in block.namedValues {
                _ = block.entry(entry.key)
                checkName(entry.key, entry.mark, isSet: true)
                if let first = seen.updateValue(entry.key, forKey: HeaderName.fold(entry.key)) {
                    context.error(entry.mark, "\(Quoted(entry.key)) is the same field as \(Quoted(first))")
                }
                guard let value = block.string(entry.key) else { continue }
                checkValue(value, entry.key)
                rules.set.append(HeaderRuleSettings.Field(name: entry.key, value: value.value))
            }
        }
        if let list = section.distinctStrings("remove") {
            for name in list.value { checkName(name.value, name.mark, isSet: false) }
            rules.remove = list.value.map(\.value)
        }
        section.finish()
    }

    private func checkName(_ name: String, _ mark: YAMLMark, isSet: Bool) {
        if !HeaderName.isToken(name) {
            context.error(mark, "\(Quoted(name)) is no name of a header field")
        } else if let reason = HeaderName.reservation(of: name, isRequest: isRequest, isSet: isSet) {
            context.error(mark, "`\(key)` cannot \(isSet ? "set" : "remove") \(name): \(reason)")
        }
    }

    private func checkValue(_ value: Located<String>, _ name: String) {
        if value.value.first == " " || value.value.last == " " {
            context.error(value.mark, "the value of \(name) begins or ends with a space")
        }
        if isRequest, let objection = TemplateCheck.objection(to: value.value) {
            context.error(value.mark, "the value of \(name): \(objection)", hint: "such as \"{claims.sub}\"")
        }
    }
}
