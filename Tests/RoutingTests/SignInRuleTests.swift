import Testing

@testable import Routing

@Suite struct SignInRuleTests {
    private static let html = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    private static let prefetch = ("Sec-Purpose", "prefetch")

    @Test(
        "A15 an unauthenticated request is answered by what it is",
        arguments: [
            // Navigations, as today's browsers, yesterday's, and a link from elsewhere make them.
            ("GET", Sample.fetched("none", "navigate", "document", [html]), SignInAnswer.signIn, SignInAnswer.signIn),
            ("GET", Sample.fetched("cross-site", "navigate", "document", [html]), .signIn, .signIn),
            ("HEAD", Sample.fetched("none", "navigate", "document"), .signIn, .signIn),
            ("GET", [html], .signIn, .signIn),
            // fetch, images, scripts, frames.
            ("GET", Sample.fetched("same-origin", "cors", "empty", [("Accept", "*/*")]), .unauthorized, .unauthorized),
            ("GET", Sample.fetched("same-origin", "cors", "empty", [html]), .unauthorized, .unauthorized),
            ("GET", Sample.fetched("same-origin", "no-cors", "image", [html]), .unauthorized, .unauthorized),
            ("GET", Sample.fetched("same-origin", "no-cors", "script"), .unauthorized, .unauthorized),
            ("GET", Sample.fetched("same-origin", "navigate", "iframe", [html]), .unauthorized, .unauthorized),
            ("GET", Sample.fetched("cross-site", "navigate", "object", [html]), .unauthorized, .unauthorized),
            // Other methods, even as navigations.
            ("POST", Sample.fetched("same-origin", "navigate", "document", [html]), .unauthorized, .unauthorized),
            ("POST", [html], .unauthorized, .unauthorized),
            ("DELETE", [], .unauthorized, .unauthorized),
            // Handshakes and preflights.
            ("GET", Sample.upgrade + [html], .unauthorized, .unauthorized),
            (
                "OPTIONS", [("Origin", "https://app.example.com"), ("Access-Control-Request-Method", "GET"), html],
                .unauthorized, .unauthorized
            ),
            // Clients without Fetch Metadata that do not ask for a page: `redirect` sends them on.
            ("GET", [("Accept", "*/*")], .unauthorized, .signIn),
            ("GET", [], .unauthorized, .signIn),
            ("GET", [("Accept", "application/json")], .unauthorized, .signIn),
            ("GET", [("Accept", "text/html;q=0, */*")], .unauthorized, .signIn),
            ("GET", [html, ("X-Requested-With", "XMLHttpRequest")], .unauthorized, .signIn),
            // Half of the metadata is not none of it.
            ("GET", [html, ("Sec-Fetch-Site", "none")], .unauthorized, .unauthorized),
            ("GET", [html, ("Sec-Fetch-Mode", "navigate")], .unauthorized, .unauthorized),
        ] as [(String, [(String, String)], SignInAnswer, SignInAnswer)])
    func kinds(method: String, fields: [(String, String)], automatic: SignInAnswer, redirecting: SignInAnswer) {
        let evidence = Sample.evidence(method, fields)
        #expect(SignInRule.answer(evidence, .auto) == automatic)
        #expect(SignInRule.answer(evidence, .redirect) == redirecting)
        #expect(SignInRule.answer(evidence, .unauthorized) == .unauthorized)
    }

    @Test("A17a a prefetched navigation begins nothing")
    func speculation() {
        for purpose in [
            ("Sec-Purpose", "prefetch"), ("Sec-Purpose", "prefetch;prerender"), ("Sec-Purpose", "prerender"),
            ("Purpose", "prefetch"), ("sec-purpose", "PREFETCH;anonymous-client-ip"),
        ] {
            let evidence = Sample.evidence("GET", Sample.fetched("none", "navigate", "document", [Self.html, purpose]))
            #expect(SignInRule.answer(evidence, .auto) == .tooEarly)
            #expect(SignInRule.answer(evidence, .unauthorized) == .unauthorized)
            #expect(!SpeculationRule.allowsEndpoint(evidence))
            #expect(!SpeculationRule.allowsSession(evidence))
        }
        let fetch = Sample.evidence("GET", Sample.fetched("same-origin", "cors", "empty", [Self.prefetch]))
        #expect(SignInRule.answer(fetch, .auto) == .unauthorized)
    }

    @Test("A17a with a session a prefetch passes only from our own pages")
    func speculationWithSession() {
        func allowed(_ fields: [(String, String)]) -> Bool {
            SpeculationRule.allowsSession(Sample.evidence("GET", fields + [Self.prefetch]))
        }
        #expect(allowed(Sample.fetched("same-origin", "navigate", "document")))
        #expect(
            allowed(Sample.fetched("none", "navigate", "document", [("Referer", "https://app.example.com/page?x=1")])))
        #expect(allowed([("Referer", "https://app.example.com")]))
        #expect(!allowed(Sample.fetched("none", "navigate", "document")))
        #expect(!allowed(Sample.fetched("cross-site", "navigate", "document")))
        for referer in [
            "https://app.example.com.evil/", "https://app.example.com@evil/", "https://app.example.com:8443/",
            "http://app.example.com/",
            "https://evil/https://app.example.com/",
        ] {
            #expect(!allowed(Sample.fetched("none", "navigate", "document", [("Referer", referer)])), "\(referer)")
        }
        #expect(SpeculationRule.allowsSession(Sample.evidence("GET", Sample.fetched("none", "navigate", "document"))))
    }

    @Test("A page is for whoever will look at it, a problem document for the rest")
    func pageOrProblem() {
        #expect(Sample.evidence("GET", [Self.html]).wantsPage)
        #expect(Sample.evidence("POST", Sample.fetched("same-origin", "navigate", "document", [Self.html])).wantsPage)
        #expect(!Sample.evidence("GET", Sample.fetched("same-origin", "cors", "empty", [Self.html])).wantsPage)
        #expect(!Sample.evidence("GET", [("Accept", "*/*")]).wantsPage)
        #expect(!Sample.evidence("GET", [Self.html, ("X-Requested-With", "XMLHttpRequest")]).wantsPage)
    }

    @Test(
        "A15 Accept names HTML or does not",
        arguments: [
            ("text/html", true), ("TEXT/HTML", true), ("application/json, text/html;q=0.1", true),
            ("text/html;level=1", true),
            ("application/xhtml+xml", true), (" text/html ", true), ("*/*", false), ("text/*", false),
            ("text/html;q=0", false),
            ("text/html; q=0.000", false), ("text/htmlx", false), ("", false), (",,;,", false),
            ("text/html;q=0.001", true),
        ])
    func accept(value: String, names: Bool) {
        #expect(AcceptField.namesHTML(text: value) == names)
    }
}
