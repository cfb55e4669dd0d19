package import Formats

/// What a route adds to requests and takes from them, compiled at start (keys `request_headers`, `identity_headers`).
package struct RequestHeaderRules: Sendable {
    private struct Rule: Sendable {
        let name: String
        let template: HeaderTemplate
    }

    /// Field lines for every request of the route, with or without a session.
    package let staticLines: [UInt8]
    /// The claims that the headers show; a userinfo request may be due for them.
    package let claims: [ClaimPath]
    private let rules: [Rule]
    private let removed: FoldedNames
    private let identity: IdentityClaims

    /// In bytes.
    package static let valueLimit = 8 * 1024

    package init(_ route: RouteSettings, identity: IdentityClaims = IdentityClaims()) throws(HeaderRuleError) {
        var rules: [Rule] = []
        var names: [String] = []
        var staticLines: [UInt8] = []
        for field in route.requestHeaders.set {
            try FieldNameCheck.check(field.name, against: FieldNameCheck.notToSetInRequests)
            // The gateway's own token and a fixed one would contradict each other.
            let isAuthorization = FoldedNames(["Authorization"]).contains(field.name.utf8Span.span)
            if isAuthorization && route.token != .none { throw .reserved(field.name) }
            if FoldedNames(names).contains(field.name.utf8Span.span) { throw .repeated(field.name) }
            names.append(field.name)
            let template: HeaderTemplate
            do throws(HeaderTemplateError) {
                template = try HeaderTemplate(field.value)
            } catch {
                throw .template(field.name, error)
            }
            if template.claims.isEmpty {
                let value = template.parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
                staticLines += "\(field.name): \(value)\r\n".utf8
            } else {
                rules.append(Rule(name: field.name, template: template))
            }
        }
        if route.identityHeaders == .xForwarded {
            for (name, claim) in Self.forwardedIdentity(identity) {
                if FoldedNames(names).contains(name.utf8Span.span) { throw .repeated(name) }
                rules.append(Rule(name: name, template: HeaderTemplate(claim: claim)))
            }
        }
        for name in route.requestHeaders.remove {
            try FieldNameCheck.check(name, against: FieldNameCheck.notToRemoveFromRequests)
        }
        self.rules = rules
        self.staticLines = staticLines
        self.identity = identity
        claims = rules.flatMap(\.template.claims)
        removed = FoldedNames(route.requestHeaders.remove)
    }

    /// True when a client's field is taken out.
    package func removes(_ name: Span<UInt8>) -> Bool { removed.contains(name) }

    /// The field lines for a user: rendered once, kept with the session, copied into each request.
    ///
    /// A claim without a value leaves its header out (E33).
    package func rendered(for claims: JSONObject) -> (lines: [UInt8], omissions: [HeaderOmission]) {
        var lines: [UInt8] = []
        var omissions: [HeaderOmission] = []
        nextRule: for rule in rules {
            var value = ""
            for part in rule.template.parts {
                switch part {
                case .text(let text):
                    value += text
                case .claim(let path):
                    switch ClaimText.of(path, in: claims, identity) {
                    case .text(let text): value += text
                    case .missing: continue nextRule
                    case .omitted(let reason):
                        omissions.append(HeaderOmission(header: rule.name, claim: path.text, reason: reason))
                        continue nextRule
                    }
                }
            }
            if value.utf8.count > Self.valueLimit {
                let claim = rule.template.claims.first?.text ?? ""
                omissions.append(HeaderOmission(header: rule.name, claim: claim, reason: .size))
                continue
            }
            lines += "\(rule.name): \(value)\r\n".utf8
        }
        return (lines, omissions)
    }

    private static func forwardedIdentity(_ identity: IdentityClaims) -> [(name: String, claim: ClaimPath)] {
        [
            ("X-Forwarded-User", identity.user), ("X-Forwarded-Email", identity.email),
            ("X-Forwarded-Groups", identity.groups), ("X-Forwarded-Preferred-Username", "preferred_username"),
        ]
    }
}
