package import Formats

/// Why a text is no header template.
package enum HeaderTemplateError: Error, Equatable {
    /// A `{` without `}`, or a `}` without `{`; doubled they stand for themselves.
    case unbalanced
    /// Something else than `{claims.…}` between the braces.
    case unknownPlaceholder(String)
    /// A byte that no field value holds: controls, anything beyond ASCII.
    case character
}

/// The value of a header with claims in it: `{claims.sub}`, `user {claims.name}`, in requests also `{{literally}}`.
package struct HeaderTemplate: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case text(String)
        case claim(ClaimPath)
    }

    let parts: [Part]

    package init(_ text: String) throws(HeaderTemplateError) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let next = rest.popFirst() {
            switch next {
            case "{" where rest.first == "{", "}" where rest.first == "}":
                literal.append(next)
                rest.removeFirst()
            case "{":
                guard let end = rest.firstIndex(of: "}") else { throw .unbalanced }
                let name = rest[..<end]
                guard name.hasPrefix("claims."), name.utf8.count > "claims.".utf8.count else {
                    throw .unknownPlaceholder(String(name))
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.claim(ClaimPath(String(name.dropFirst("claims.".count)))))
                rest = rest[rest.index(after: end)...]
            case "}":
                throw .unbalanced
            default:
                guard next.utf8.count == 1, next.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }) else {
                    throw .character
                }
                literal.append(next)
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The value of a response header: every brace but that of a `{claims.…}` stands for itself, since policies and reports
    /// in responses are JSON.
    package init(response text: String) throws(HeaderTemplateError) {
        let plain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }
        guard plain else { throw .character }
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let first = rest.first {
            let name = rest.dropFirst().prefix { $0 != "}" }
            let isClaim = first == "{" && name.hasPrefix("claims.") && name.utf8.count > "claims.".utf8.count
            if isClaim, name.endIndex < rest.endIndex {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.claim(ClaimPath(String(name.dropFirst("claims.".count)))))
                rest = rest[rest.index(after: name.endIndex)...]
            } else {
                literal.append(first)
                rest.removeFirst()
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The claims it shows.
    package var claims: [ClaimPath] {
        parts.compactMap { part in
            if case .claim(let path) = part { path } else { nil }
        }
    }
}

extension HeaderTemplate {
    /// The claim alone.
    init(claim: ClaimPath) { parts = [.claim(claim)] }
}
