/// What a route adds to responses of its upstream and takes from them (key `response_headers`), compiled at start.
package struct ResponseHeaderRules: Sendable {
    /// Field lines for every response.
    package let lines: [UInt8]
    /// What a session adds.
    package let claimed: ClaimHeaders
    private let removed: FoldedNames

    package init(
        _ settings: HeaderRuleSettings, identity: IdentityClaims = IdentityClaims()
    ) throws(HeaderRuleError) {
        var rules: [ClaimHeaders.Rule] = []
        var lines: [UInt8] = []
        var names: [String] = []
        for field in settings.set {
            try FieldNameCheck.check(field.name, against: FieldNameCheck.notToSetInResponses)
            if FoldedNames(names).contains(field.name.utf8Span.span) { throw .repeated(field.name) }
            names.append(field.name)
            let template: HeaderTemplate
            do throws(HeaderTemplateError) {
                template = try HeaderTemplate(response: field.value)
            } catch {
                throw .template(field.name, error)
            }
            if template.claims.isEmpty {
                lines += "\(field.name): \(field.value)\r\n".utf8
            } else {
                rules.append(ClaimHeaders.Rule(name: field.name, template: template))
            }
        }
        for name in settings.remove {
            try FieldNameCheck.check(name, against: FieldNameCheck.notToRemoveFromResponses)
        }
        self.lines = lines
        claimed = ClaimHeaders(rules, identity)
        // What is set replaces what the upstream sent.
        removed = FoldedNames(names + settings.remove)
    }

    /// True when the upstream's field is taken out.
    package func removes(_ name: Span<UInt8>) -> Bool { removed.contains(name) }
}
