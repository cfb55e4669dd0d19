import Routing

/// Keys of a route that cannot both be meant.
struct RouteContradictions {
    let section: SectionReader

    private var context: ReadingContext { section.context }

    func check(_ route: RouteSettings) {
        if case .files = route.target { checkFiles(route) }
        if route.access == .public { checkPublic(route) }
        if route.crossSite != .auto && route.access != .public {
            // E24
            context.warn(
                section.valueMark(of: "csrf"),
                "`csrf: \(route.crossSite.rawValue)` lets preflights and Access-Control fields pass to and from the upstream",
                hint: "the upstream decides which sites may read its answers")
        }
        if route.token == .id {
            // F3
            context.warn(
                section.valueMark(of: "token"),
                "with `token: id` the upstream sees the ID token, so logout sends the provider no id_token_hint",
                hint: "client_id and logout_hint go instead; some providers then ask the user")
        }
        let names = route.requestHeaders.set
        if route.identityHeaders == .xForwarded,
            let clash = names.first(where: { Self.identityHeaders.contains(HeaderName.fold($0.name)) })
        {
            context.error(
                section.mark(of: "request_headers"),
                "`identity_headers: x_forwarded` sets \(Quoted(clash.name)) already",
                hint: "leave one of them out")
        }
    }

    private static let identityHeaders: Set<String> = [
        "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-forwarded-preferred-username",
    ]

    /// A public route never reads the session: what would be taken from it is always missing.
    private func checkPublic(_ route: RouteSettings) {
        if section.has("token") && route.token != .none { refusePublic("token") }
        if route.identityHeaders != .none { refusePublic("identity_headers") }
        if let field = route.requestHeaders.set.first(where: showsClaim) { refuseClaim(field, in: "request_headers") }
        if let field = route.responseHeaders.set.first(where: showsClaimInResponse) {
            refuseClaim(field, in: "response_headers")
        }
        for key in ["unauthenticated", "csrf"] where section.has(key) {
            let isStandard = key == "csrf" ? route.crossSite == .auto : route.unauthenticated == .auto
            if !isStandard { context.warn(section.mark(of: key), "`\(key)` changes nothing on a public route") }
        }
    }

    private func showsClaim(_ field: HeaderRuleSettings.Field) -> Bool {
        (try? HeaderTemplate(field.value))?.claims.isEmpty == false
    }

    private func showsClaimInResponse(_ field: HeaderRuleSettings.Field) -> Bool {
        (try? HeaderTemplate(response: field.value))?.claims.isEmpty == false
    }

    private func refuseClaim(_ field: HeaderRuleSettings.Field, in key: String) {
        context.error(
            section.mark(of: key), "\(Quoted(field.name)) takes a claim, but on a public route there is no user",
            hint: "`access: optional` uses a session where there is one")
    }

    private func refusePublic(_ key: String) {
        context.error(
            section.mark(of: key), "`\(key)` has nothing to send on a public route, where the session is not read",
            hint: "`access: optional` uses a session where there is one")
    }

    /// Files are served by the gateway itself: nothing goes upstream.
    private func checkFiles(_ route: RouteSettings) {
        let meant: [(key: String, isStandard: Bool)] = [
            ("token", route.token == .access || route.token == .none), ("token_echo", route.tokenEcho == .mask),
            ("identity_headers", route.identityHeaders == .none),
            ("request_headers", route.requestHeaders == HeaderRuleSettings()), ("max_body", route.bodyLimit == 0),
            ("token_exchange", section.nullableValue("token_exchange") == nil), ("cache", route.cache == .protect),
            ("websocket", route.allowsWebSocket),
        ]
        for (key, isStandard) in meant where !isStandard {
            context.error(section.mark(of: key), "`\(key)` is for routes with an `upstream`")
        }
    }
}
