/// Routes on their way into a ``RouteTable``: gathered by host and path, with what is wrong about them.
struct RouteTableDraft {
    struct Path {
        var host: Int?
        var pattern: PathPattern
        var routes: [(index: Int, methods: UInt64)]
    }

    private struct Place: Hashable {
        var host: Int?
        var pattern: PathPattern
    }

    private struct Policy: Hashable {
        var access: AccessPolicy
        var crossSite: CrossSiteProtection
        var token: UpstreamToken
        var exchange: TokenExchangeSettings?
        var target: RouteSettings.Target
    }

    private(set) var problems: [RouteTableError] = []
    private(set) var paths: [Path] = []
    /// The hosts that routes name.
    private(set) var hosts: [String] = []
    private(set) var methods = MethodNames()
    /// For each route a number that is the same for the same policy.
    private(set) var policies: [Int32] = []

    private let siteHosts: [String]
    private let endpoints: PathPattern
    private var places: [Place: Int] = [:]
    private var numbers: [Policy: Int32] = [:]

    init(siteHosts: [String], endpoints: PathPattern) {
        self.siteHosts = siteHosts
        self.endpoints = endpoints
    }

    mutating func add(_ route: RouteSettings) {
        let index = policies.count
        let policy = Policy(
            access: route.access, crossSite: route.crossSite, token: route.token, exchange: route.tokenExchange,
            target: route.target)
        let number = numbers[policy] ?? Int32(numbers.count)
        numbers[policy] = number
        policies.append(number)

        if route.path.canonical == endpoints.canonical
            || route.path.canonical.starts(with: endpoints.canonical + [0x2F])
        {
            problems.append(.underEndpoints(index))
        }
        let bits = methodBits(of: route, index)
        let place = Place(host: host(of: route, index), pattern: route.path)
        guard let present = places[place] else {
            places[place] = paths.count
            paths.append(Path(host: place.host, pattern: route.path, routes: [(index, bits)]))
            return
        }
        for other in paths[present].routes {
            let bothTakeAll = bits == MethodNames.all && other.methods == MethodNames.all
            let bothName = bits != MethodNames.all && other.methods != MethodNames.all && bits & other.methods != 0
            if bothTakeAll || bothName { problems.append(.equal(first: other.index, second: index)) }
        }
        paths[present].routes.append((index, bits))
    }

    private mutating func host(of route: RouteSettings, _ index: Int) -> Int? {
        guard let name = route.host?.lowercased() else { return nil }
        if !siteHosts.contains(name) { problems.append(.unknownHost(index)) }
        if let known = hosts.firstIndex(of: name) { return known }
        hosts.append(name)
        return hosts.count - 1
    }

    private mutating func methodBits(of route: RouteSettings, _ index: Int) -> UInt64 {
        if route.methods.isEmpty { return MethodNames.all }
        var bits: UInt64 = 0
        for name in route.methods {
            let isName = !name.isEmpty && name.utf8.allSatisfy { (65...90).contains($0) || $0 == UInt8(ascii: "-") }
            guard isName, name != "CONNECT", name != "TRACE" else {
                problems.append(.method(index, name))
                continue
            }
            guard let bit = methods.bit(of: name) else {
                problems.append(.tooManyMethods(index))
                continue
            }
            bits |= bit
            // HEAD counts as GET.
            if name == "GET", let head = methods.bit(of: "HEAD") { bits |= head }
        }
        return bits
    }
}
