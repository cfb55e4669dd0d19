/// What a route adds to responses of its upstream and takes from them (key `response_headers`), compiled at start.
package struct ResponseHeaderRules: Sendable {
    /// Field lines for every response.
    package let lines: [UInt8]
    private let removed: FoldedNames

    package init(_ settings: HeaderRuleSettings) throws(HeaderRuleError) {
        var lines: [UInt8] = []
        var names: [String] = []
        for field in settings.set {
            try FieldNameCheck.check(field.name, against: FieldNameCheck.notToSetInResponses)
            if FoldedNames(names).contains(field.name.utf8Span.span) { throw .repeated(field.name) }
            names.append(field.name)
            // Taken as it is: policies in responses are full of braces.
            guard field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }) else {
                throw .template(field.name, .character)
            }
            lines += "\(field.name): \(field.value)\r\n".utf8
        }
        for name in settings.remove {
            try FieldNameCheck.check(name, against: FieldNameCheck.notToRemoveFromResponses)
        }
        self.lines = lines
        // What is set replaces what the upstream sent.
        removed = FoldedNames(names + settings.remove)
    }

    /// True when the upstream's field is taken out.
    package func removes(_ name: Span<UInt8>) -> Bool { removed.contains(name) }
}
