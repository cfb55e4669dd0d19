import Bytes
import TestSupport
import Testing

@testable import Routing

@Suite struct ReturnTargetTests {
    private func local(_ text: String, tolerating: PathTolerances = []) -> String? {
        ReturnTarget(local: text, tolerances: tolerating)?.text
    }

    private func referer(_ text: String) -> String? {
        ReturnTarget(referer: Array(text.utf8).span, site: Sample.site(), endpoints: Sample.endpoints)?.text
    }

    private func absolute(_ text: String) -> String? {
        ReturnTarget(absolute: Array(text.utf8).span, site: Sample.site(), endpoints: Sample.endpoints)?.text
    }

    /// The lists of A18 and of the field's advisories.
    private static let hostile: [String] = [
        "//evil", "/\\evil", "\\\\evil", "\\/evil", "https:evil", "https:///evil", "/%09/evil", "/\tevil", "/\t//evil",
        "/%0d%0aSet-Cookie:x", "/\r\nSet-Cookie: x", "javascript:", "javascript:alert(1)", "/.//evil", "@evil",
        "https://gw@evil",
        "https://gw.evil", "/%2f%2fevil", "/%2F%2Fevil", "/%5Cevil", "/%5c%5cevil", "///evil", "////evil",
        "http:///evil",
        "/..//evil", "/.%2e//evil", "/%2e%2e//evil", "//evil%2f@app.example.com", "https://app.example.com@evil",
        "https://app.example.com.evil", "https://app.example.com:443@evil", "data:text/html,x", "/\u{0}evil", "/%00",
        "%0d%0a",
        "/%0a/evil", "HTTPS://evil", "HtTpS://evil", " /ok", "\u{1}/ok", "\u{A0}/ok", "/ok ", "", " ", "ok", "?x=1",
        "#x", ".", "..",
        "./ok", "/./ok", "/a/../ok", "/a//b", "/\u{FF0F}evil", "/%EF%BC%8F%EF%BC%8F", "//\u{440}\u{443}.example",
        "https://\u{430}pp.example.com/", "/%2fevil", "/%252fevil", "/ok\u{0}", "/ok\n", "/caf\u{E9}", "vbscript:x",
        "mailto:a@b",
        "/;/evil", "/%", "/%zz", "/%c0%af", "/\u{7F}",
        // Never back to our own endpoints.
        "/bff", "/bff/", "/bff/login?returnUrl=/bff/login", "/bff/logout?sid=1", "/%62ff/callback", "/BFF/login",
        "/bff./login",
        "/bff?x", "/bff#x",
    ]

    @Test("A18 no hostile return URL passes")
    func hostile() {
        for text in Self.hostile { #expect(local(text) == nil, "\(text.debugDescription)") }
        #expect(local("/" + String(repeating: "a", count: 64 * 1024)) == nil)
        #expect(local("/" + String(repeating: "a", count: 2048)) == nil)
        #expect(local("/" + String(repeating: "a", count: 2047)) != nil)
    }

    @Test(
        "A18 local pages pass as they are",
        arguments: [
            "/", "/ok", "/ok?next=//e", "/ok?next=https://evil.example/", "/ok?x=%0d%0a", "/a/b/c.html", "/%7Euser",
            "/caf%C3%A9",
            "/a%20b", "/ok?", "/?q=100%", "/#/orders/7", "/ok?x=1#y", "/Deep/Link", "/bffx", "/x/bff", "/ok?a=\\b",
        ])
    func good(text: String) {
        #expect(local(text) == text)
        #expect(BrowserURL.origin(of: text) == "https://app.example.com")
    }

    @Test("A18 whatever passes stays on our origin", arguments: [UInt64(21), 22, 23])
    func random(seed: UInt64) {
        let pieces = [
            "/", "//", "\\", ".", "..", "evil", "ok", ":", "@", "%2f", "%5c", "%09", "%0a", "\t", "\r\n", " ", "?", "#",
            "https:",
            "javascript:", "%2e", "%252f", "\u{0}", "\u{FF0F}", "bff", ";", "%", "a=b", "&", "//evil.example", "/bff/",
        ]
        var chance = SeededGenerator(seed: seed)
        var passed = 0
        for _ in 0..<Rounds.of(20_000) {
            var text = Bool.random(using: &chance) ? "/" : ""
            for _ in 0..<Int.random(in: 1...6, using: &chance) { text += pieces.randomElement(using: &chance) ?? "" }
            let tolerances: PathTolerances = Bool.random(using: &chance) ? [] : .everything
            guard let target = local(text, tolerating: tolerances) else { continue }
            passed += 1
            #expect(target == text)
            #expect(BrowserURL.origin(of: target) == "https://app.example.com", "\(target), seed \(seed)")
            #expect(target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            #expect(!target.hasPrefix("/bff/") && !target.hasPrefix("//"))
        }
        #expect(passed > 100)
    }

    @Test("A18 a page that a route tolerates can be come back to, but nothing that looks like another host")
    func toleratedPages() {
        #expect(local("/a/b%2Fc") == nil)
        #expect(local("/a/b%2Fc", tolerating: .everything) == "/a/b%2Fc")
        #expect(local("/a//b;c=d/%25", tolerating: .everything) == "/a//b;c=d/%25")
        for text in [
            "//evil", "/%2fevil", "/%252fevil", "/a/..", "/a/%2e%2e/b", "/%5cevil", "/a/%2e%2e%2f/b", "/a/%2e%2e%5c/b",
            "/a%2f%2e%2e%2f%2fb", "/bff%2Fuser", "/%62FF%2f.x/y", "/a/%252e%252e%252f/b", "/a/b%2f.",
            "/.%250D/%250D/I5/.I5", "/a/.%2509./x",
            "/%22ff/%2E%2E%2f//%22f//%2E%2fff/%2E%2f//%2E%2feil",
        ] {
            #expect(local(text, tolerating: .everything) == nil, "\(text)")
        }
    }

    @Test("A18 a referer counts only when it is a page of ours")
    func referers() {
        #expect(referer("https://app.example.com/page?x=1") == "/page?x=1")
        #expect(referer("https://app.example.com") == "/")
        #expect(referer("https://app.example.com/") == "/")
        for text in [
            "https://evil.example/", "https://app.example.com.evil/", "https://app.example.com@evil/",
            "http://app.example.com/x",
            "https://app.example.com:443/x", "//app.example.com/x", "/x", "null", "", "https://app.example.com//evil",
            "https://app.example.com/bff/sessions", "https://app.example.com/x#y", "https://app.example.com\\@evil/",
        ] {
            #expect(referer(text) == nil, "\(text)")
        }
        for ending in ["js", "mjs", "css", "json", "map", "wasm", "JS", "Css"] {
            #expect(referer("https://app.example.com/assets/x.\(ending)") == nil)
            #expect(referer("https://app.example.com/assets/x.\(ending)?v=1") == nil)
        }
        #expect(referer("https://app.example.com/x.html") == "/x.html")
        #expect(referer("https://app.example.com/js") == "/js")
    }

    @Test("A26 A18 an absolute target of our own origin counts by its path")
    func absolutes() {
        #expect(absolute("https://app.example.com/x?y=z") == "/x?y=z")
        #expect(absolute("https://app.example.com") == "/")
        for text in [
            "https://app.example.com//evil", "https://app.example.com/bff/login", "/x", "https://evil/x", "https:/x",
        ] {
            #expect(absolute(text) == nil, "\(text)")
        }
    }

    @Test("A18 the page that was asked for, without its query where it is too long, else the front page")
    func ownPage() {
        func target(_ path: String, _ query: String, _ tolerances: PathTolerances = []) -> String {
            let path = Array(path.utf8)
            let whole = path + Array(query.utf8)
            return ReturnTarget.ofRequest(
                target: whole.span, path: path.span, endpoints: Sample.endpoints, tolerances: tolerances
            ).text
        }
        let long = "?q=" + String(repeating: "x", count: 2048)
        #expect(target("/page", "?a=b") == "/page?a=b")
        #expect(target("/page", long) == "/page")
        #expect(target("/" + String(repeating: "p", count: 2048), "?a=b") == "/")
        #expect(target("/x%2Fy", "?a=b", .encodedSlash) == "/x%2Fy?a=b")
        #expect(target("/x%2Fy", "?a=b") == "/")
    }

    @Test("the login URL of a page names it once, encoded")
    func loginURL() throws {
        let target = try #require(ReturnTarget(local: "/page?a=b&c=\u{22}"))
        #expect(target.loginURL(endpoints: Sample.endpoints) == "/bff/login?returnUrl=%2Fpage%3Fa%3Db%26c%3D%22")
    }
}

extension PathTolerances {
    fileprivate static let everything: PathTolerances = [
        .encodedSlash, .doubleSlash, .semicolon, .encodedPercent, .letterCase,
    ]
}
