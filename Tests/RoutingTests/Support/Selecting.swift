import Bytes
import Testing

@testable import Routing

/// A table of routes and the selector that asks it, as a worker holds them.
struct Selecting {
    let table: RouteTable

    init(_ routes: [RouteSettings], hosts: [String] = [], endpoints: String = "/bff") throws {
        table = try RouteTable(routes: routes, siteHosts: hosts, endpoints: PathPattern(prefix: endpoints))
    }

    func callAsFunction(_ path: String, _ method: String = "GET", site: Int? = nil) -> RouteSelection {
        self.selection(bytes: Array(path.utf8), method, site: site)
    }

    func selection(bytes path: [UInt8], _ method: String = "GET", site: Int? = nil) -> RouteSelection {
        var selector = RouteSelector()
        let method = Array(method.utf8)
        return selector.select(site: site, path: path.span, method: method.span, in: table)
    }

    func canonical(_ path: String) -> String {
        var selector = RouteSelector()
        let bytes = Array(path.utf8)
        let method = Array("GET".utf8)
        _ = selector.select(site: nil, path: bytes.span, method: method.span, in: table)
        return String(decoding: selector.canonical.array, as: UTF8.self)
    }
}

extension RouteSettings {
    /// A route to an upstream, as short as a test likes it.
    static func prefix(
        _ path: String, _ access: AccessPolicy = .authenticated, to upstream: String = "api", methods: [String] = [],
        host: String? = nil, tolerating: PathTolerances = []
    ) throws -> RouteSettings {
        var route = RouteSettings(path: try PathPattern(prefix: path), target: .upstream(upstream))
        route.access = access
        route.methods = methods
        route.host = host
        route.tolerances = tolerating
        return route
    }

    static func exact(
        _ path: String, _ access: AccessPolicy = .authenticated, to upstream: String = "api", methods: [String] = []
    ) throws -> RouteSettings {
        var route = RouteSettings(path: try PathPattern(exact: path), target: .upstream(upstream))
        route.access = access
        route.methods = methods
        return route
    }
}

/// Chance that can be repeated: every failure names its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
