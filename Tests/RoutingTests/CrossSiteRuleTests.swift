import HTTP
import Testing

@testable import Routing

@Suite struct CrossSiteRuleTests {
    /// E20 once more, as the requirement says it, for comparison with the rule.
    private func expected(
        site: FetchSite, navigation: Bool, method: Method, origin: OriginEvidence, header: Bool
    ) -> Bool {
        let reads = method == .get || method == .head
        if site == .sameOrigin { return true }
        if site == .none { return origin != .foreign }
        if site == .sameSite || site == .crossSite { return reads && navigation }
        if method == .get || method == .head || method == .options || method == .trace { return true }
        if origin == .own { return true }
        if origin == .foreign { return false }
        return header
    }

    @Test("E20 the whole table: site, mode, destination, method, Origin, X-CSRF")
    func table() {
        var cases = 0
        for site in FetchSite.allCases {
            for mode in FetchMode.allCases {
                for destination in FetchDestination.allCases {
                    for method in Method.allCases {
                        for origin in OriginEvidence.allCases {
                            for header in [false, true] {
                                var evidence = RequestEvidence()
                                evidence.method = method
                                evidence.site = site
                                evidence.mode = mode
                                evidence.destination = destination
                                evidence.origin = origin
                                evidence.hasCSRFHeader = header
                                let navigation = mode == .navigate && destination == .document
                                let passes = expected(
                                    site: site, navigation: navigation, method: method, origin: origin, header: header)
                                #expect((CrossSiteRule.verdict(evidence, .auto) == .pass) == passes, "\(evidence)")
                                let reads = method == .get || method == .head
                                let withHeader = CrossSiteRule.verdict(evidence, .header) == .pass
                                #expect(withHeader == (header || reads && navigation), "\(evidence)")
                                #expect(CrossSiteRule.verdict(evidence, .off) == .pass)
                                cases += 1
                            }
                        }
                    }
                }
            }
        }
        #expect(cases == 5 * 3 * 3 * 10 * 3 * 2)
    }

    @Test(
        "E20 what a sibling subdomain's page can make a browser send stays outside",
        arguments: [
            ("GET", Sample.fetched("same-site", "no-cors", "image")),
            ("GET", Sample.fetched("same-site", "no-cors", "script")),
            ("GET", Sample.fetched("same-site", "cors", "empty", [("Origin", "https://evil.example.com")])),
            ("POST", Sample.fetched("same-site", "navigate", "document", [("Origin", "https://evil.example.com")])),
            ("GET", Sample.fetched("same-site", "navigate", "iframe")),
            ("GET", Sample.fetched("cross-site", "navigate", "embed")),
            ("POST", Sample.fetched("none", "navigate", "document", [("Origin", "null")])),
            ("POST", Sample.fetched("none", "navigate", "document", [("Origin", "https://evil.example")])),
            ("POST", [("Origin", "https://evil.example")]), ("POST", [("Origin", "null")]), ("POST", []),
            ("DELETE", []),
            ("POST", [("Referer", "https://app.example.com/")]), ("BREW", []),
            ("GET", Sample.upgrade), ("GET", Sample.upgrade + [("Origin", "null")]),
            ("GET", Sample.upgrade + [("Origin", "https://evil.example")]),
            ("GET", Sample.upgrade + [("X-CSRF", "1"), ("Sec-Fetch-Site", "same-origin")]),
        ] as [(String, [(String, String)])])
    func refused(method: String, fields: [(String, String)]) {
        #expect(CrossSiteRule.verdict(Sample.evidence(method, fields), .auto) != .pass)
    }

    @Test(
        "E20 E23 what our own pages and people's links send passes",
        arguments: [
            ("POST", Sample.fetched("same-origin", "cors", "empty", [("Origin", "https://app.example.com")])),
            ("GET", Sample.fetched("same-origin", "no-cors", "image")),
            ("GET", Sample.fetched("none", "navigate", "document")),
            ("GET", Sample.fetched("cross-site", "navigate", "document")),
            ("HEAD", Sample.fetched("same-site", "navigate", "document")),
            ("POST", [("Origin", "https://app.example.com")]), ("POST", [("X-CSRF", "1")]), ("GET", []),
            ("OPTIONS", []),
            ("POST", [("Sec-Fetch-Site", "future-value"), ("X-CSRF", "1")]),
            ("GET", Sample.upgrade + [("Origin", "https://app.example.com")]),
        ] as [(String, [(String, String)])])
    func passed(method: String, fields: [(String, String)]) {
        #expect(CrossSiteRule.verdict(Sample.evidence(method, fields), .auto) == .pass)
    }

    @Test("E26 a handshake needs our Origin whatever csrf says")
    func webSockets() {
        for protection in CrossSiteProtection.allCases {
            #expect(
                CrossSiteRule.verdict(Sample.evidence("GET", Sample.upgrade), protection) == .refuse(.webSocketOrigin))
            let own = Sample.evidence("GET", Sample.upgrade + [("Origin", "https://app.example.com")])
            #expect(CrossSiteRule.verdict(own, protection) == .pass)
        }
    }

    @Test("E24 CORS is the upstream's own business only on public routes and where csrf is not auto")
    func cors() {
        for access in AccessPolicy.allCases {
            for protection in CrossSiteProtection.allCases {
                let leaves = CrossSiteRule.leavesCORSToUpstream(access, protection)
                #expect(leaves == (access == .public || protection != .auto))
            }
        }
        let preflight = [("Access-Control-Request-Method", "POST")]
        #expect(Sample.evidence("OPTIONS", preflight + [("Origin", "https://evil")]).isPreflight)
        #expect(Sample.evidence("OPTIONS", preflight + [("Origin", "null")]).isPreflight)
        #expect(!Sample.evidence("OPTIONS", preflight).isPreflight)
        #expect(!Sample.evidence("GET", preflight + [("Origin", "https://evil")]).isPreflight)
    }

    @Test("E21 A17 what the gateway's own endpoints ask for")
    func endpoints() {
        let own = Sample.fetched("same-origin", "cors", "empty")
        let page = Sample.fetched("cross-site", "navigate", "document")
        let header = [("X-CSRF", "1")]
        let old = [("Accept", "text/html")]
        let rows: [(EndpointDemand, String, [(String, String)], Bool)] = [
            (.header, "GET", own, false), (.header, "GET", own + header, true), (.header, "GET", header, true),
            (.header, "GET", page, false), (.ownPage, "GET", own, true), (.ownPage, "GET", header, true),
            (.ownPage, "GET", [], false), (.ownPage, "GET", page, false),
            (.ownPage, "GET", Sample.fetched("same-site", "cors", "empty"), false),
            (.ownPage, "GET", Sample.fetched("none", "navigate", "document"), false),
            (.ownPage, "POST", [("Origin", "https://app.example.com")], true),
            (.ownPage, "POST", [("Origin", "null")], false),
            (.ownPage, "POST", page + [("Origin", "https://app.example.com")], false),
            (.ownPageOrNavigation, "GET", page, true), (.ownPageOrNavigation, "GET", old, true),
            (.ownPageOrNavigation, "GET", [], false),
            (.ownPageOrNavigation, "GET", Sample.fetched("cross-site", "navigate", "iframe"), false),
            (.navigation, "GET", page, true), (.navigation, "GET", old, true), (.navigation, "GET", [], true),
            (.navigation, "GET", Sample.fetched("cross-site", "no-cors", "image"), false),
            (.navigation, "GET", Sample.fetched("same-origin", "navigate", "iframe"), false),
            (.navigation, "GET", own, false), (.navigation, "POST", page, false), (.nothing, "POST", page, true),
        ]
        for (demand, method, fields, met) in rows {
            #expect(demand.isMet(by: Sample.evidence(method, fields)) == met, "\(demand) \(method) \(fields)")
        }
    }
}
