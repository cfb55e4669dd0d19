import Bytes
import TestSupport
import Testing

@testable import Routing

@Suite struct RouteSelectorTests {
    /// Whether an anonymous request with this path is let through to the upstream.
    private func passesAnonymously(_ select: Selecting, _ routes: [RouteSettings], _ path: [UInt8]) -> Bool {
        guard case .route(let index) = select.selection(bytes: path) else { return false }
        return routes[index].access == .public
    }

    private static let layouts: [[RouteSettings]] = {
        let everything: PathTolerances = [.encodedSlash, .doubleSlash, .semicolon, .encodedPercent]
        do {
            return try [
                [.prefix("/public/", .public), .prefix("/admin/")],
                // What is not protected is open: the harder case.
                [.prefix("/", .public), .prefix("/admin/")],
                [.prefix("/public/", .public, tolerating: everything), .prefix("/admin/", tolerating: everything)],
                [.prefix("/", .public, tolerating: everything), .prefix("/admin/", tolerating: everything)],
                [.prefix("/", .public, tolerating: everything), .prefix("/admin/")],
            ]
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    @Test("G71 no spelling reaches /admin anonymously, whatever the upstream makes of it")
    func hostileTable() throws {
        #expect(hostilePaths.count >= 120)
        for (number, routes) in Self.layouts.enumerated() {
            let select = try Selecting(routes)
            for path in hostilePaths {
                let bytes = Array(path.utf8)
                guard passesAnonymously(select, routes, bytes) else { continue }
                for upstream in UpstreamNormaliser.allCases {
                    #expect(!upstream.reachesAdmin(bytes), "\(path) through \(upstream) in layout \(number)")
                }
            }
        }
    }

    @Test("G71 without tolerances, every hostile spelling is refused, unknown or protected")
    func hostileTableStrictly() throws {
        let routes = Self.layouts[1]
        let select = try Selecting(routes)
        for path in hostilePaths {
            switch select(path) {
            case .refused, .notFound: continue
            case .route(let index): #expect(routes[index].access != .public, "\(path)")
            case let other: Issue.record("\(path): \(other)")
            }
        }
    }

    @Test("G71 random spellings neither", arguments: [UInt64(1), 2, 3, 4])
    func randomSpellings(seed: UInt64) throws {
        let pieces = [
            "/", "//", "\\", ".", "..", "admin", "Admin", "public", "x", ";", ";a=b", "%2f", "%2F", "%5c", "%2e",
            "%252e", "%25",
            "%252f", "%20", "%00", "%c0%ae", "%ef%bc%8e", "%ef%bc%8f", "%3b", "%61", "%3f", "%23", "%E2%88%95", "A",
            "%",
            "%2", "%c4%b1", "+", "~", "/admin", "/public/", "/..", "/../",
        ]
        var chance = SeededGenerator(seed: seed)
        let selects = try Self.layouts.map { try Selecting($0) }
        for _ in 0..<Rounds.of(4000) {
            var path = "/"
            for _ in 0..<Int.random(in: 1...8, using: &chance) { path += pieces.randomElement(using: &chance) ?? "" }
            let bytes = Array(path.utf8)
            for (number, select) in selects.enumerated() where passesAnonymously(select, Self.layouts[number], bytes) {
                for upstream in UpstreamNormaliser.allCases {
                    #expect(
                        !upstream.reachesAdmin(bytes), "\(path) through \(upstream) in layout \(number), seed \(seed)")
                }
            }
        }
    }

    @Test("G71 random bytes never trap and never pass as a path", arguments: [UInt64(7), 8])
    func randomBytes(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        let select = try Selecting(Self.layouts[3])
        for _ in 0..<Rounds.of(4000) {
            let count = Int.random(in: 0...40, using: &chance)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &chance) }
            if case .route = select.selection(bytes: [0x2F] + bytes) {
                #expect(bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            }
        }
    }

    @Test(
        "G71 what is refused, by name",
        arguments: [
            ("/a/../b", PathRefusal.dotSegment), ("/a/%2e%2E/b", .dotSegment), ("/a/.", .dotSegment),
            ("/.", .dotSegment),
            ("/a/..;x/b", .semicolon), ("/a/%2E%2e;/b", .semicolon), ("/a%2Fb", .encodedSlash), ("/a%5Cb", .backslash),
            ("/a\\b", .backslash), ("/a%00", .encodedControl), ("/a%0a", .encodedControl), ("/a%7F", .encodedControl),
            ("/a//b", .doubleSlash), ("//a", .doubleSlash), ("/a%C0%AF", .notUTF8), ("/a%FF", .notUTF8),
            ("/a%E2%82", .notUTF8), ("/a%E2%82x", .notUTF8), ("/a%", .malformedPercent), ("/a%2", .malformedPercent),
            ("/a%zz", .malformedPercent), ("/a;b", .semicolon), ("/a%3Bb", .semicolon), ("/a%252e", .encodedPercent),
            ("/a/%EF%BC%8E%EF%BC%8E/b", .dotSegment), ("a", .notAbsolute), ("*", .notAbsolute), ("/a b", .character),
            ("/a#b", .character), ("/a?b", .character), ("/caf\u{E9}", .character), ("/a\u{1}", .character),
        ])
    func refusals(path: String, refusal: PathRefusal) throws {
        let select = try Selecting([.prefix("/")])
        #expect(select(path) == .refused(refusal), "\(path)")
    }

    @Test(
        "G71 what passes is canonical: unreserved decoded, hexadecimal in upper case",
        arguments: [
            ("/a/b", "/a/b"), ("/%61/%7e", "/a/~"), ("/%E2%82%AC", "/%E2%82%AC"), ("/%e2%82%ac", "/%E2%82%AC"),
            ("/a%20b", "/a%20b"), ("/a%40b", "/a@b"), ("/a%28b%29", "/a(b)"), ("/a|b", "/a%7Cb"), ("/a%7cb", "/a%7Cb"),
            ("/[x]", "/%5Bx%5D"), ("/a.b/c.d", "/a.b/c.d"), ("/.well-known/x", "/.well-known/x"), ("", "/"), ("/", "/"),
            ("/A/b", "/A/b"), ("/a/", "/a/"), ("/a...b", "/a...b"), ("/a.", "/a."),
        ])
    func canonicalForm(path: String, canonical: String) throws {
        let select = try Selecting([.prefix("/")])
        #expect(select(path) == .route(0), "\(path)")
        #expect(select.canonical(path) == canonical)
    }

    @Test("G71 an encoded character of a pattern is the character")
    func encodedSubDelimiters() throws {
        let select = try Selecting([.prefix("/"), .prefix("/team@home/", to: "secret")])
        #expect(select("/team@home/x") == .route(1))
        #expect(select("/team%40home/x") == .route(1))
        #expect(select("/%74eam%40home/x") == .route(1))
    }

    @Test("G71 a tolerated reading passes when all readings agree")
    func tolerances() throws {
        let select = try Selecting([
            .prefix("/"),
            .prefix("/api/", to: "api", tolerating: [.encodedSlash]),
            .prefix("/old/", to: "old", tolerating: [.doubleSlash, .semicolon]),
            .prefix("/wiki/", to: "wiki", tolerating: [.encodedPercent]),
            .prefix("/api/admin/", to: "admin", tolerating: [.encodedSlash]),
        ])
        #expect(select("/api/projects/group%2Fname") == .route(1))
        #expect(select("/api/x%2F..%2Fadmin") == .refused(.dotSegment))
        #expect(select("/api/x%2F%2e%2e") == .refused(.dotSegment))
        #expect(select("/api%2Fadmin") == .refused(.encodedSlash))
        #expect(select("/api/admin%2Fx") == .refused(.ambiguous))
        #expect(select("/api/%2Fadmin") == .refused(.ambiguous))
        #expect(select("/api/admin/a%2Fb") == .route(4))
        #expect(select("/api/a//b") == .refused(.doubleSlash))
        #expect(select("/old//x;jsessionid=1/y") == .route(2))
        #expect(select("/old/x/..;a=b/y") == .refused(.dotSegment))
        #expect(select("/wiki/100%25") == .route(3))
        #expect(select("/wiki/%2541") == .route(3))
        #expect(select("/wiki/%252e%252e/x") == .refused(.dotSegment))
        #expect(select("/wiki/%252e%252e%252f") == .refused(.dotSegment))
        #expect(select("/wiki/%2525252541") == .refused(.encodedPercent))
        #expect(select("/wiki/%255c") == .refused(.backslash))
        #expect(select("/wiki/%25c0%25ae") == .refused(.notUTF8))
    }

    @Test("G71 parameters pass on public routes, and only there without tolerance")
    func parametersOnPublicRoutes() throws {
        let select = try Selecting([.prefix("/", .public), .prefix("/private/")])
        #expect(select("/x;v=1") == .route(0))
        #expect(select("/x;v=1/y") == .route(0))
        #expect(select("/private;v=1/y") == .refused(.ambiguous))
        #expect(select("/;v=1/private") == .refused(.ambiguous))
        #expect(select("/private/x;v=1") == .refused(.semicolon))
    }

    @Test("G72 near misses of a stricter rule are refused")
    func nearMisses() throws {
        let select = try Selecting([.prefix("/", to: "app"), .prefix("/admin/", to: "admin")])
        for path in [
            "/Admin/x", "/ADMIN", "/admin./x", "/admin%20/x", "/admin.", "/admin%20.%20/x", "/%41dmin", "/admin%3Fx",
            "/admin%23",
            "/%EF%BD%81dmin/x", "/adm%C4%B1n",
        ] {
            #expect(select(path) == .refused(.ambiguous), "\(path)")
        }
        for path in ["/administrator", "/adminX", "/Administrators/x", "/x/Admin", "/admin-x./y", "/What%3F"] {
            #expect(select(path) == .route(0), "\(path)")
        }
        #expect(select("/admin/X") == .route(1))
        #expect(select("/admin/x./y") == .route(1))
    }

    @Test("G72 a pattern with capitals is missed by small letters too")
    func capitalsInThePattern() throws {
        let select = try Selecting([.prefix("/", to: "app"), .prefix("/Admin/", to: "admin")])
        #expect(select("/Admin/x") == .route(1))
        #expect(select("/admin/x") == .refused(.ambiguous))
        #expect(select("/other/x") == .route(0))
    }

    @Test("G72 two patterns that differ by case are both near misses of each other")
    func patternsThatDifferByCase() throws {
        let select = try Selecting([.prefix("/Admin/", to: "a"), .prefix("/admin/", to: "b"), .prefix("/x/", to: "a")])
        #expect(select("/Admin/x") == .refused(.ambiguous))
        #expect(select("/admin/x") == .refused(.ambiguous))
        #expect(select("/x/y") == .route(2))
    }

    @Test("G72 a near miss of a rule with the same demands passes")
    func nearMissOfTheSamePolicy() throws {
        let select = try Selecting([.prefix("/"), .prefix("/docs/")])
        #expect(select("/Docs/x") == .route(0))
    }

    @Test("G72 letter_case lets near misses pass, but no dot segments")
    func letterCaseTolerated() throws {
        let select = try Selecting([
            .prefix("/", to: "app", tolerating: [.letterCase]), .prefix("/admin/", to: "admin"),
        ])
        #expect(select("/Admin/x") == .route(0))
        #expect(select("/x/.%20./y") == .refused(.dotSegment))
        #expect(select("/x/%EF%BC%8E%EF%BC%8E/y") == .refused(.dotSegment))
    }

    @Test("G72 a near miss for which the stricter path has no method is refused too")
    func nearMissWithoutMethod() throws {
        let select = try Selecting([.prefix("/", to: "app"), .prefix("/admin/", to: "app", methods: ["GET"])])
        #expect(select("/Admin/x", "GET") == .route(0))
        #expect(select("/Admin/x", "POST") == .refused(.ambiguous))
    }

    @Test("G74 reserved paths are reserved on the canonical path and never fall through")
    func endpoints() throws {
        let select = try Selecting([.prefix("/", .public, tolerating: [.encodedSlash, .doubleSlash, .semicolon])])
        for path in ["/bff", "/bff/", "/bff/login", "/%62ff/login", "/bff/unknown"] {
            #expect(select(path) == .endpoint)
        }
        #expect(select("/bff/callback%2f..") == .refused(.encodedSlash))
        #expect(select("/bff/callback;x") == .refused(.semicolon))
        #expect(select("/bff//callback") == .refused(.doubleSlash))
        #expect(select("/bff/../x") == .refused(.dotSegment))
        for path in ["/bff%2Flogin", "/bff;x/login", "/BFF/login", "/bff./login", "/x%2F%2Fbff"] {
            #expect(select(path) != .endpoint, "\(path)")
        }
        #expect(select("/bff%2Flogin") == .refused(.ambiguous))
        #expect(select("/BFF/login") == .refused(.ambiguous))
        #expect(select("/bffx") == .route(0))
    }

    @Test("E30 what is left of a path without its prefix never looks like a host")
    func strippedPrefix() throws {
        var route = try RouteSettings.prefix("/api/", tolerating: [.doubleSlash])
        route.stripsPrefix = true
        let select = try Selecting([route, .prefix("/other/", tolerating: [.doubleSlash])])
        #expect(select("/api//evil/x") == .refused(.doubleSlash))
        #expect(select("/api/x//y") == .route(0))
        #expect(select("/other//x") == .route(1))
    }

    @Test("G71 the short ways of reading agree with the long one", arguments: [UInt64(31), 32])
    func shortWays(seed: UInt64) throws {
        let pieces = [
            "/", "a", "B", "admin", "Z9", "-", ".", "_", "~x", "@", "//", "%41", ";", "/x/", "=1", "..", "\u{7F}", " ",
        ]
        var chance = SeededGenerator(seed: seed)
        var kinds: Set<PathReading.Plainness> = []
        for _ in 0..<5000 {
            var path = "/"
            for _ in 0..<Int.random(in: 0...6, using: &chance) { path += pieces.randomElement(using: &chance) ?? "" }
            let bytes = Array(path.utf8)
            let kind = PathReading.plainness(of: bytes.span)
            kinds.insert(kind)
            if kind == .none { continue }
            var canonical = ByteBuffer()
            var folded = ByteBuffer()
            var short = ByteBuffer()
            let needs = try PathReading.write(bytes.span, into: &canonical)
            let cut = try FoldedReading.write(canonical, into: &folded)
            FoldedReading.write(capitals: bytes.span, into: &short)
            #expect(needs == (kind == .plain ? [] : .letterCase), "\(path)")
            #expect(canonical.array == bytes, "\(path)")
            #expect(folded.array == short.array && cut == short.count, "\(path)")
        }
        #expect(kinds.count == 3)
    }
}
