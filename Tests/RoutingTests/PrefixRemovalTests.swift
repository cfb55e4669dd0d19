import Testing

@testable import Routing

@Suite struct PrefixRemovalTests {
    @Test(
        "G70 the prefix goes, the rest stays as it came",
        arguments: [
            ("/api/", "/api/x/y", "/x/y"), ("/api", "/api", ""), ("/api/", "/api/", "/"), ("/", "/x", "/x"),
            ("/api/", "/%61pi/%7Ex%2Fy", "/%7Ex%2Fy"), ("/a@b/", "/a%40b/c", "/c"),
            ("/caf\u{E9}/", "/caf%c3%a9/x", "/x"),
            ("/x y/".replacing(" ", with: "%20"), "/x%20y/z", "/z"),
        ])
    func rest(pattern: String, path: String, rest: String) throws {
        let pattern = try PathPattern(prefix: pattern)
        #expect(PrefixRemoval.rest(of: path, behind: pattern) == rest)
    }

    @Test("E30 a rest that looks like a host is refused")
    func twoSlashes() throws {
        let pattern = try PathPattern(prefix: "/api")
        #expect(PrefixRemoval.rest(of: "/api//evil/x", behind: pattern) == nil)
    }
}
