private import Formats

/// What a route adds to requests and takes from them, compiled at start (keys `request_headers`, `identity_headers`).
package struct RequestHeaderRules: Sendable {
    /// Field lines for every request of the route, with or without a session.
    package let staticLines: [UInt8]
    /// What a session adds.
    package let claimed: ClaimHeaders
    private let removed: FoldedNames

    package init(_ route: RouteSettings, identity: IdentityClaims = IdentityClaims()) throws(HeaderRuleError) {
        var rules: [ClaimHeaders.Rule] = []
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
                rules.append(ClaimHeaders.Rule(name: field.name, template: template))
            }
        }
        if route.identityHeaders == .xForwarded {
            for (name, claim) in Self.forwardedIdentity(identity) {
                if FoldedNames(names).contains(name.utf8Span.span) { throw .repeated(name) }
                rules.append(ClaimHeaders.Rule(name: name, template: HeaderTemplate(claim: claim)))
            }
        }
        for name in route.requestHeaders.remove {
            try FieldNameCheck.check(name, against: FieldNameCheck.notToRemoveFromRequests)
        }
        self.staticLines = staticLines
        claimed = ClaimHeaders(rules, identity)
        removed = FoldedNames(route.requestHeaders.remove)
    }

    /// True when a client's field is taken out.
    package func removes(_ name: Span<UInt8>) -> Bool { removed.contains(name) }

    private static func forwardedIdentity(_ identity: IdentityClaims) -> [(name: String, claim: ClaimPath)] {
        [
            ("X-Forwarded-User", identity.user), ("X-Forwarded-Email", identity.email),
            ("X-Forwarded-Groups", identity.groups), ("X-Forwarded-Preferred-Username", "preferred_username"),
        ]
    }
}
