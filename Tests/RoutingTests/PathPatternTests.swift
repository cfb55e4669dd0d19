import Testing

@testable import Routing

@Suite struct PathPatternTests {
    @Test("G72 a pattern is the same with and without a slash at its end")
    func slashAtTheEnd() throws {
        #expect(try PathPattern(prefix: "/admin") == PathPattern(prefix: "/admin/"))
        #expect(try PathPattern(prefix: "/admin") != PathPattern(exact: "/admin"))
        #expect(try PathPattern(prefix: "/").canonical.isEmpty)
    }

    @Test("letters beyond ASCII are compared as browsers send them")
    func beyondASCII() throws {
        let select = try Selecting([.prefix("/caf\u{E9}/")])
        #expect(select("/caf%C3%A9/x") == .route(0))
        #expect(select("/caf%c3%a9") == .route(0))
        #expect(try PathPattern(prefix: "/caf%C3%A9/") == PathPattern(prefix: "/caf\u{E9}"))
    }

    @Test(
        "G71 a pattern that no request could meet is refused when it is written",
        arguments: [
            ("admin", PathPatternError.notAbsolute), ("", .notAbsolute), ("/api/*", .wildcard),
            ("/a//b", .refused(.doubleSlash)),
            ("/a/../b", .refused(.dotSegment)), ("/a/./", .refused(.dotSegment)), ("/a?b", .refused(.character)),
            ("/a#b", .refused(.character)), ("/a;b", .refused(.semicolon)), ("/a%2Fb", .refused(.encodedSlash)),
            ("/a%252e", .refused(.encodedPercent)), ("/a\\b", .refused(.backslash)), ("/a b", .refused(.character)),
            ("/%61dmin", .notCanonical("/admin")), ("/a%c3%a9", .notCanonical("/a%C3%A9")),
            ("/{id}", .notCanonical("/%7Bid%7D")),
        ])
    func refused(text: String, error: PathPatternError) {
        #expect(throws: error) { _ = try PathPattern(prefix: text) }
    }
}
