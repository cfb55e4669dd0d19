import Testing

@testable import Routing

@Suite struct RouteTableTests {
    @Test("G72 a prefix ends on a segment border, and one rule covers it with and without a slash")
    func segmentBorders() throws {
        let select = try Selecting([.prefix("/admin/"), .prefix("/a"), .exact("/x/y")])
        for path in ["/admin", "/admin/", "/admin/x", "/admin/x/y"] { #expect(select(path) == .route(0), "\(path)") }
        for path in ["/a", "/a/", "/a/b"] { #expect(select(path) == .route(1), "\(path)") }
        for path in ["/x/y", "/x/y/"] { #expect(select(path) == .route(2), "\(path)") }
        for path in ["/adminX", "/adm", "/", "/x", "/x/yz", "/x/y/z", "/ab"] {
            #expect(select(path) == .notFound, "\(path)")
        }
    }

    @Test("G73 the longest path wins, exact before prefix at the same length")
    func longestPath() throws {
        let select = try Selecting([
            .prefix("/"), .prefix("/api/"), .prefix("/api/v1/users/"), .exact("/api/"), .exact("/"), .exact("/api/v1"),
        ])
        #expect(select("/") == .route(4))
        #expect(select("/index") == .route(0))
        #expect(select("/api") == .route(3))
        #expect(select("/api/") == .route(3))
        #expect(select("/api/v1") == .route(5))
        #expect(select("/api/v1/") == .route(5))
        #expect(select("/api/v1/x") == .route(1))
        #expect(select("/api/v1/users") == .route(2))
        #expect(select("/api/v1/users/7/x/y/z") == .route(2))
        #expect(select("/api/v1/usersx") == .route(1))
    }

    @Test("G73 the longest path without a route for the method is 405 with Allow, never a shorter path")
    func methodNotAllowed() throws {
        let select = try Selecting([
            .prefix("/"), .prefix("/admin/", methods: ["GET"]), .prefix("/admin/", to: "w", methods: ["PUT", "PURGE"]),
        ])
        #expect(select("/admin/x", "GET") == .route(1))
        #expect(select("/admin/x", "HEAD") == .route(1))
        #expect(select("/admin/x", "PUT") == .route(2))
        #expect(select("/admin/x", "PURGE") == .route(2))
        #expect(select("/other", "POST") == .route(0))
        guard case .methodNotAllowed(let group) = select("/admin/x", "POST") else {
            Issue.record("POST /admin/x must be 405")
            return
        }
        #expect(select.table.allow(group) == "GET, HEAD, PUT, PURGE")
    }

    @Test("G73 lower-case and unknown methods never widen access")
    func unusualMethods() throws {
        let select = try Selecting([
            .prefix("/data/", to: "read", methods: ["GET"]), .prefix("/data/", .public, to: "rest"),
            .prefix("/free/", .public),
        ])
        #expect(select("/data/x", "GET") == .route(0))
        #expect(select("/data/x", "POST") == .route(1))
        #expect(select("/data/x", "BREW") == .route(1))
        for method in ["get", "Get", "gET", "head", "brew"] {
            guard case .methodNotAllowed = select("/data/x", method) else {
                Issue.record("\(method) must be 405")
                continue
            }
        }
        #expect(select("/free/x", "get") == .route(2))
        #expect(select.table.dependsOnMethod(0) && select.table.dependsOnMethod(1))
        #expect(!select.table.dependsOnMethod(2))
    }

    @Test("G73 a route with a host comes before one without, whatever their lengths")
    func hosts() throws {
        let select = try Selecting(
            [.prefix("/"), .prefix("/a/b/"), .prefix("/", host: "two.example"), .prefix("/x/", host: "TWO.example")],
            hosts: ["one.example", "two.example", "two.example"])
        #expect(select("/a/b/c", site: 0) == .route(1))
        #expect(select("/a/b/c", site: 1) == .route(2))
        #expect(select("/a/b/c", site: 2) == .route(2))
        #expect(select("/x/c", site: 1) == .route(3))
        #expect(select("/x/c", site: 0) == .route(0))
        #expect(select("/x/c", site: nil) == .route(0))
    }

    @Test("G73 routes that cannot stand together are named, all of them")
    func problems() throws {
        let routes: [RouteSettings] = try [
            .prefix("/a/"), .prefix("/a"), .prefix("/b", methods: ["GET"]), .prefix("/b/", methods: ["HEAD"]),
            .prefix("/bff/x"),
            .prefix("/bff"), .prefix("/c", host: "nowhere.example"), .prefix("/d", methods: ["get", "TRACE"]),
            .exact("/a"),
            .prefix("/b", methods: []),
        ]
        let problems = RouteTable.problems(
            routes: routes, siteHosts: ["app.example"], endpoints: try PathPattern(prefix: "/bff"))
        #expect(
            problems == [
                .equal(first: 0, second: 1), .equal(first: 2, second: 3), .underEndpoints(4), .underEndpoints(5),
                .unknownHost(6), .method(7, "get"), .method(7, "TRACE"),
            ])
        #expect(throws: RouteTableError.equal(first: 0, second: 1)) {
            _ = try RouteTable(routes: routes, siteHosts: [], endpoints: PathPattern(prefix: "/bff"))
        }
    }

    @Test("G73 ten thousand routes are found like one")
    func manyRoutes() throws {
        let routes = try (0..<10_000).map { try RouteSettings.prefix("/tenant-\($0)/service/\($0 % 7)/") }
        let select = try Selecting(routes + [.prefix("/")])
        for number in stride(from: 0, to: 10_000, by: 97) {
            #expect(select("/tenant-\(number)/service/\(number % 7)/x") == .route(number))
            #expect(select("/tenant-\(number)/service/8") == .route(10_000))
        }
    }

    @Test("G73 the table agrees with the rule written naively", arguments: [UInt64(11), 12, 13])
    func agreesWithTheObviousSearch(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        let names = ["a", "b", "ab", "a.b"]
        func path() -> String {
            "/"
                + (0..<Int.random(in: 0...3, using: &chance)).map { _ in names.randomElement(using: &chance) ?? "a" }
                .joined(separator: "/")
        }
        var routes: [RouteSettings] = []
        for _ in 0..<12 {
            let route: RouteSettings = try Bool.random(using: &chance) ? .prefix(path()) : .exact(path())
            if !routes.contains(where: { $0.path == route.path }) { routes.append(route) }
        }
        let select = try Selecting(routes)
        for _ in 0..<500 {
            let path = path() + (Bool.random(using: &chance) ? "/" : "")
            let bare = path.hasSuffix("/") ? String(path.dropLast()) : path
            let fitting = routes.indices.filter { index in
                let pattern = String(decoding: routes[index].path.canonical, as: UTF8.self)
                return bare == pattern || routes[index].path.kind == .prefix && bare.hasPrefix(pattern + "/")
            }
            let best = fitting.max { one, other in
                let (a, b) = (routes[one].path, routes[other].path)
                return (a.canonical.count, a.kind == .exact ? 1 : 0) < (b.canonical.count, b.kind == .exact ? 1 : 0)
            }
            if path.contains("//") { continue }
            #expect(select(path) == best.map { .route($0) } ?? .notFound, "\(path), seed \(seed)")
        }
    }
}
