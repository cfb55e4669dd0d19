import Bytes

/// All routes of a configuration, ready to be asked: host first, then the longest path, then the method (G73).
///
/// Immutable and shared by all workers; asking costs no memory and the same for one route as for ten thousand.
package final class RouteTable: Sendable {
    /// What a path and a method select.
    enum Match: Equatable {
        case none
        /// At or below the gateway's own endpoints.
        case endpoint
        /// The index of a route.
        case route(Int)
        /// The longest path has no route for the method; the number gives ``allow(_:)``.
        case methodNotAllowed(Int)
    }

    /// What the choice of a route needs to know about it beyond the path.
    struct Traits: Sendable {
        var tolerances: PathTolerances
        var isPublic: Bool
        /// Equal for routes between which a careless upstream may choose without harm: the same `access`, `csrf`, `token`
        /// and target (G72).
        var policy: Int32
        /// How many bytes of the canonical path do not go upstream.
        var stripped: Int
        /// True when a route of the same path is chosen by method.
        var dependsOnMethod: Bool
    }

    /// One route of a path, with the methods it is for.
    private struct Choice: Sendable {
        var methods: UInt64
        var route: Int32
    }

    /// All routes of one path; folded paths may hold several of them, linked.
    struct Group: Sendable {
        fileprivate var choices: Range<Int>
        fileprivate var allowed: UInt64
        var next: Int32 = -1
    }

    private struct HostTable: Sendable {
        var paths = PathIndex()
        var folded = PathIndex()
    }

    package let routeCount: Int
    let traits: [Traits]
    /// True when a pattern is not its own folded form: then plain paths need the folded look-up too.
    let foldsAlways: Bool
    private let methods: MethodNames
    private let choices: [Choice]
    private let groups: [Group]
    private let foldedGroups: [Group]
    private let tables: [HostTable]
    /// For each site the table of its host, or -1.
    ///
    /// The table of routes without a host is the last one.
    private let tableOfSite: [Int]
    private let endpoints: PathPattern

    /// Builds the table.
    ///
    /// - Parameters:
    ///   - siteHosts: the hosts of `public_url` without ports, in the order of the sites.
    ///   - endpoints: the prefix of the gateway's own endpoints.
    /// - Throws: the first problem; ``problems(routes:siteHosts:endpoints:)`` lists them all.
    package init(routes: [RouteSettings], siteHosts: [String], endpoints: PathPattern) throws(RouteTableError) {
        var draft = RouteTableDraft(siteHosts: siteHosts, endpoints: endpoints)
        for route in routes { draft.add(route) }
        if let problem = draft.problems.first { throw problem }

        routeCount = routes.count
        self.endpoints = endpoints
        methods = draft.methods
        foldsAlways = draft.paths.contains { $0.pattern.folded != $0.pattern.canonical }

        var choices: [Choice] = []
        var groups: [Group] = []
        var foldedGroups: [Group] = []
        var tables = [HostTable](repeating: HostTable(), count: draft.hosts.count + 1)
        var traits = routes.indices.map { index in
            Traits(
                tolerances: routes[index].tolerances, isPublic: routes[index].access == .public,
                policy: draft.policies[index],
                stripped: routes[index].stripsPrefix ? routes[index].path.canonical.count : 0, dependsOnMethod: false)
        }
        for path in draft.paths {
            let byMethod = path.routes.contains { $0.methods != MethodNames.all }
            let start = choices.count
            // What names its methods comes before what takes the rest, and the rest holds nothing misspelt.
            for named in path.routes where named.methods != MethodNames.all {
                choices.append(Choice(methods: named.methods, route: Int32(named.index)))
            }
            for rest in path.routes where rest.methods == MethodNames.all {
                let methods = byMethod ? MethodNames.all & ~(1 << UInt64(MethodNames.misspelt)) : MethodNames.all
                choices.append(Choice(methods: methods, route: Int32(rest.index)))
            }
            for route in path.routes { traits[route.index].dependsOnMethod = byMethod }
            let allowed = path.routes.reduce(0) { $0 | $1.methods }
            let group = Group(choices: start..<choices.count, allowed: allowed)
            groups.append(group)
            let number = Int32(groups.count - 1)
            let table = path.host ?? draft.hosts.count
            tables[table].paths.insert(path.pattern.canonical.span, path.pattern.kind) { _ in number }
            tables[table].folded.insert(path.pattern.folded.span, path.pattern.kind) { present in
                var linked = group
                linked.next = present ?? -1
                foldedGroups.append(linked)
                return Int32(foldedGroups.count - 1)
            }
        }
        self.traits = traits
        self.choices = choices
        self.groups = groups
        self.foldedGroups = foldedGroups
        self.tables = tables
        tableOfSite = siteHosts.map { host in draft.hosts.firstIndex(of: host) ?? -1 }
    }

    /// Everything that keeps routes from standing together, for the person who wrote them.
    package static func problems(
        routes: [RouteSettings], siteHosts: [String], endpoints: PathPattern
    ) -> [RouteTableError] {
        var draft = RouteTableDraft(siteHosts: siteHosts, endpoints: endpoints)
        for route in routes { draft.add(route) }
        return draft.problems
    }

    /// The `Allow` field's value for a 405 (RFC 9110, section 10.2.1).
    package func allow(_ group: Int) -> String { methods.list(groups[group].allowed) }

    /// True when the method decides between routes of this route's path: then fields that override the method upstream
    /// must not pass (G73).
    package func dependsOnMethod(_ route: Int) -> Bool { traits[route].dependsOnMethod }

    func number(ofMethod method: Span<UInt8>) -> UInt8 { methods.number(of: method) }

    /// What a canonical path selects.
    func match(site: Int?, path: Span<UInt8>, method: UInt8) -> Match {
        if endpoints.covers(path) { return .endpoint }
        let named = table(of: site)
        var group = named >= 0 ? tables[named].paths.longestMatch(path) : -1
        if group < 0 { group = tables[tables.count - 1].paths.longestMatch(path) }
        if group < 0 { return .none }
        return choose(groups[Int(group)], method) ?? .methodNotAllowed(Int(group))
    }

    /// True when everything that a folded path could select is of the same policy as `route` (G72).
    func foldedSelectsAlike(site: Int?, path: Span<UInt8>, method: UInt8, route: Int) -> Bool {
        if endpoints.coversFolded(path) { return false }
        let named = table(of: site)
        var group = named >= 0 ? tables[named].folded.longestMatch(path) : -1
        if group < 0 { group = tables[tables.count - 1].folded.longestMatch(path) }
        while group >= 0 {
            let candidate = foldedGroups[Int(group)]
            guard case .route(let other) = choose(candidate, method), traits[other].policy == traits[route].policy
            else {
                return false
            }
            group = candidate.next
        }
        return true
    }

    private func table(of site: Int?) -> Int {
        guard let site, site < tableOfSite.count else { return -1 }
        return tableOfSite[site]
    }

    private func choose(_ group: Group, _ method: UInt8) -> Match? {
        for index in group.choices where choices[index].methods >> UInt64(method) & 1 != 0 {
            return .route(Int(choices[index].route))
        }
        return nil
    }
}
