import Routing

/// One entry of `routes`.
struct RouteSection {
    let section: SectionReader
    /// The names below `upstreams`.
    let upstreams: [String]
    /// The names below `providers`; empty where there is one provider.
    let providers: [String]

    private var context: ReadingContext { section.context }

    /// Nil when what makes a route is missing or wrong.
    func read() -> RouteSettings? {
        defer { section.finish() }
        let path = pattern()
        let target = target()
        // What is wrong further down is told too, whatever became of path and target.
        let stand = PathPattern.root
        var route = RouteSettings(path: path ?? stand, target: target ?? .upstream(""))
        if let host = section.string("host", nullable: true) { route.host = host.value.lowercased() }
        route.methods = methods()
        provider(&route)
        let access = access()
        route.access = access ?? .authenticated
        section.choice("unauthenticated", into: &route.unauthenticated)
        section.choice("csrf", into: &route.crossSite)
        section.choice("token", into: &route.token)
        route.tokenExchange = TokenExchangeSection(route: section).read()
        section.refuseUnsupported("token_exchange", unless: section.nullableValue("token_exchange") == nil)
        section.choice("token_echo", into: &route.tokenEcho)
        section.choice("cache", into: &route.cache)
        section.choice("identity_headers", into: &route.identityHeaders)
        section.bool("strip_prefix", into: &route.stripsPrefix)
        HeaderRulesSection(route: section, key: "request_headers", token: route.token).read(into: &route.requestHeaders)
        HeaderRulesSection(route: section, key: "response_headers", token: route.token).read(
            into: &route.responseHeaders)
        section.bool("websocket", into: &route.allowsWebSocket)
        section.size("max_body", into: &route.bodyLimit, in: 0...(1 << 50))
        tolerances(&route)
        RouteContradictions(section: section).check(route)
        return path == nil || target == nil || access == nil ? nil : route
    }

    private func pattern() -> PathPattern? {
        let prefix = section.string("path")
        let exact = section.string("exact")
        if section.has("path") && section.has("exact") {
            context.error(section.mark(of: "exact"), "a route has `path` or `exact`, not both")
            return nil
        }
        if !section.has("path") && !section.has("exact") {
            context.error(section.mark, "\(Quoted(section.path)) has no `path`", hint: "path: / for everything")
            return nil
        }
        guard let text = prefix ?? exact else { return nil }
        do throws(PathPatternError) {
            return prefix == nil ? try PathPattern(exact: text.value) : try PathPattern(prefix: text.value)
        } catch {
            let (reason, hint) = Self.explain(error)
            context.error(text.mark, "\(text.shown) is no path for a route: \(reason)", hint: text.hint(hint))
            return nil
        }
    }

    private static func explain(_ error: PathPatternError) -> (reason: String, hint: String?) {
        switch error {
        case .notAbsolute: ("it begins with /", nil)
        case .wildcard: ("there are no patterns", "a path covers all that lies below it")
        case .refused(let refusal):
            ("\(Self.word(refusal)) never passes", "a path is made of plain words between slashes")
        case .notCanonical(let spelling): ("it has another spelling", "write \(spelling)")
        }
    }

    private static func word(_ refusal: PathRefusal) -> String {
        switch refusal {
        case .doubleSlash: "//"
        case .dotSegment: "a segment . or .."
        case .semicolon: ";"
        case .backslash: "\\"
        case .encodedSlash: "an encoded slash"
        case .encodedPercent, .malformedPercent: "% before anything but a needed code"
        case .encodedControl: "an encoded control character"
        case .notUTF8: "text that is not UTF-8"
        case .character: "a space, ?, # or a control character"
        case .notAbsolute, .ambiguous: "it"
        }
    }

    private func target() -> RouteSettings.Target? {
        let files = section.section("files", nullable: true)
        let upstream = section.string("upstream", nullable: true)
        if section.nullableValue("files") != nil && section.nullableValue("upstream") != nil {
            context.error(section.mark(of: "files"), "a route has `upstream` or `files`, not both")
            return nil
        }
        if let files { return FilesSection(section: files).read().map { .files($0) } }
        if let upstream {
            if upstreams.contains(upstream.value) { return .upstream(upstream.value) }
            let hint =
                upstream.value.contains(":")
                ? "give it a name below `upstreams` and write the name here"
                : upstream.hint(Suggestion.hint(for: upstream.value, among: upstreams))
            context.error(upstream.mark, "\(upstream.shown) is none of `upstreams`", hint: hint)
            return nil
        }
        if section.nullableValue("files") == nil && section.nullableValue("upstream") == nil {
            context.error(section.mark, "\(Quoted(section.path)) leads nowhere", hint: "it needs `upstream` or `files`")
        }
        return nil
    }

    private func provider(_ route: inout RouteSettings) {
        if let name = section.string("provider", nullable: true) {
            route.provider = name.value
            if !providers.isEmpty, !providers.contains(name.value) {
                context.error(
                    name.mark, "\(name.shown) is none of `providers`",
                    hint: name.hint(Suggestion.hint(for: name.value, among: providers)))
            }
        }
        section.refuseUnsupported("provider", unless: section.nullableValue("provider") == nil)
    }

    private func methods() -> [String] {
        guard let list = section.distinctStrings("methods") else { return [] }
        return list.value.compactMap { method in
            let text = method.value
            if text == "CONNECT" || text == "TRACE" {
                context.error(method.mark, "TRACE and CONNECT are never forwarded")
                return nil
            }
            guard text.utf8.allSatisfy({ (65...90).contains($0) || $0 == UInt8(ascii: "-") }) else {
                context.error(
                    method.mark, "\(method.shown) is no method", hint: "methods are upper case, such as GET and POST")
                return nil
            }
            return text
        }
    }

    private func tolerances(_ route: inout RouteSettings) {
        guard let list = section.distinctStrings("tolerate") else { return }
        for word in list.value {
            guard let tolerance = PathTolerances(named: word.value) else {
                let names = PathTolerances.names.map(\.name)
                context.error(
                    word.mark,
                    "an entry of \(section.name("tolerate")) is \(Listing.any(of: names)), not \(word.shown)",
                    hint: word.hint(Suggestion.hint(for: word.value, among: names)))
                continue
            }
            route.tolerances.insert(tolerance)
        }
    }

    /// Who may come in; a rule is looked at as far as it goes, and refused.
    private func access() -> AccessPolicy? {
        guard let node = section.entry("access")?.value else { return .authenticated }
        switch node.content {
        case .mapping:
            section.section("access").map { AccessRuleCheck(rule: $0).check() }
            section.refuseUnsupported("access", unless: false, "an access rule")
            return nil
        case .sequence:
            context.error(node.mark, "\(section.name("access")) is a word or a rule, not a list")
            return nil
        case .scalar:
            var policy = AccessPolicy.authenticated
            section.choice("access", into: &policy)
            return policy
        }
    }
}

extension PathPattern {
    /// Stands in for a path that could not be read, or does not matter.
    static var root: PathPattern {
        guard let root = try? PathPattern(prefix: "/") else { preconditionFailure("/ is a path") }
        return root
    }
}
