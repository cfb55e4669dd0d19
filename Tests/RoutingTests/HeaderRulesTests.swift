import Bytes
import Formats
import HTTP
import Testing

@testable import Routing

@Suite struct HeaderRulesTests {
    private func route(_ set: [(String, String)], remove: [String] = []) throws -> RouteSettings {
        var route = try RouteSettings.prefix("/")
        route.requestHeaders = HeaderRuleSettings(
            set: set.map { HeaderRuleSettings.Field(name: $0.0, value: $0.1) }, remove: remove)
        return route
    }

    private func rendered(
        _ value: String, _ claims: JSONObject, _ identity: IdentityClaims = IdentityClaims()
    ) throws -> (text: String, reason: HeaderOmission.Reason?) {
        let rules = try RequestHeaderRules(route([("X-Test", value)]), identity: identity)
        let (lines, omissions) = rules.claimed.rendered(for: claims)
        return (String(decoding: lines, as: UTF8.self), omissions.first?.reason)
    }

    @Test("E33 claims become field lines; one without a value leaves its header out")
    func claims() throws {
        let claims: JSONObject = [
            "sub": "u1", "n": 7, "admin": true, "empty": "", "none": .null, "groups": ["a", "b"], "nothing": [],
            "realm_access": ["roles": ["x", "y"]], "https://example.com/roles": ["z"], "ratio": 1.5,
        ]
        let rows: [(String, String?)] = [
            ("{claims.sub}", "u1"), ("{claims.n}", "7"), ("{claims.admin}", "true"), ("{claims.ratio}", "1.5"),
            ("{claims.groups}", "a,b"), ("{claims.realm_access.roles}", "x,y"),
            ("{claims.https://example.com/roles}", "z"),
            ("user {claims.sub} of {claims.groups}!", "user u1 of a,b!"), ("{{{claims.sub}}}", "{u1}"),
            ("{claims.empty}", nil),
            ("{claims.none}", nil), ("{claims.nothing}", nil), ("{claims.missing}", nil), ("{claims.sub.deeper}", nil),
            ("a {claims.sub} {claims.missing}", nil),
        ]
        for (template, value) in rows {
            let (text, reason) = try rendered(template, claims)
            #expect(text == value.map { "X-Test: \($0)\r\n" } ?? "", "\(template)")
            #expect(reason == nil)
        }
    }

    @Test("G36 E33 a value that could become another one leaves its header out, with a reason for the log")
    func unsafeValues() throws {
        let rows: [(JSONValue, HeaderOmission.Reason)] = [
            ("a\r\nX-Admin: 1", .character), ("a\nb", .character), ("a\u{0}b", .character), ("caf\u{E9}", .character),
            ("\u{7F}", .character), (" a", .character), ("a ", .character), (["a,b"], .comma),
            (["a", "b,c", "d"], .comma),
            (["a\r\nb"], .character), (["x": "y"], .structure), ([["a"]], .structure),
            (.string(String(repeating: "x", count: 9000)), .size),
        ]
        for (value, reason) in rows {
            let (text, found) = try rendered("{claims.x}", ["x": value])
            #expect(text.isEmpty, "\(value)")
            #expect(found == reason, "\(value)")
        }
        #expect(try rendered("{claims.name}", ["name": "Doe, Jane"]).text == "X-Test: Doe, Jane\r\n")
        // A group is one group, even from a provider that sends text.
        #expect(try rendered("{claims.groups}", ["groups": "users,admins"]).reason == .comma)
        #expect(try rendered("{claims.groups}", ["groups": "users"]).text == "X-Test: users\r\n")
    }

    @Test("C27 an e-mail address is shown only when it is verified")
    func emails() throws {
        let address: JSONValue = "a@example.com"
        #expect(try rendered("{claims.email}", ["email": address]).reason == .unverifiedEmail)
        #expect(try rendered("{claims.email}", ["email": address, "email_verified": false]).reason == .unverifiedEmail)
        #expect(try rendered("{claims.email}", ["email": address, "email_verified": 1]).reason == .unverifiedEmail)
        let shown = "X-Test: a@example.com\r\n"
        #expect(try rendered("{claims.email}", ["email": address, "email_verified": true]).text == shown)
        #expect(try rendered("{claims.email}", ["email": address, "email_verified": "true"]).text == shown)
        var identity = IdentityClaims()
        identity.email = "mail"
        #expect(try rendered("{claims.mail}", ["mail": address], identity).reason == .unverifiedEmail)
        #expect(try rendered("{claims.email}", ["email": address], identity).reason == .unverifiedEmail)
        identity.believesUnverifiedEmail = true
        #expect(try rendered("{claims.mail}", ["mail": address], identity).text == shown)
    }

    @Test("identity_headers: x_forwarded shows user, e-mail, groups and preferred name")
    func identityHeaders() throws {
        var route = try RouteSettings.prefix("/")
        route.identityHeaders = .xForwarded
        let rules = try RequestHeaderRules(route)
        let (lines, _) = rules.claimed.rendered(for: [
            "sub": "u1", "email": "a@example.com", "email_verified": true, "groups": ["g", "h"],
            "preferred_username": "ann",
        ])
        #expect(
            String(decoding: lines, as: UTF8.self)
                == "X-Forwarded-User: u1\r\nX-Forwarded-Email: a@example.com\r\nX-Forwarded-Groups: g,h\r\n"
                + "X-Forwarded-Preferred-Username: ann\r\n")
        #expect(rules.claimed.claims.map(\.text) == ["sub", "email", "groups", "preferred_username"])
    }

    @Test("fixed values go with every request, whoever makes it")
    func fixedValues() throws {
        let rules = try RequestHeaderRules(
            route([("X-Tenant", "one"), ("X-User", "{claims.sub}")], remove: ["Accept-Language"]))
        #expect(String(decoding: rules.staticLines, as: UTF8.self) == "X-Tenant: one\r\n")
        #expect(rules.removes(text: "accept-LANGUAGE") && rules.removes(text: "Accept_Language"))
        #expect(!rules.removes(text: "Accept"))
    }

    @Test("E33 G31 rules that would touch framing, connection or the gateway's own fields are refused at start")
    func refusedRules() throws {
        let rows: [([(String, String)], [String], HeaderRuleError)] = [
            ([("Host", "x")], [], .reserved("Host")), ([("content_length", "1")], [], .reserved("content_length")),
            ([("Transfer-Encoding", "x")], [], .reserved("Transfer-Encoding")),
            ([("Cookie", "x")], [], .reserved("Cookie")),
            ([("X-Forwarded-For", "x")], [], .reserved("X-Forwarded-For")),
            ([("Authorization", "x")], [], .reserved("Authorization")),
            ([("X A", "x")], [], .name("X A")), ([("", "x")], [], .name("")), ([("X-A:", "x")], [], .name("X-A:")),
            ([("X-A", "1"), ("x_a", "2")], [], .repeated("x_a")), ([], ["Host"], .reserved("Host")),
            ([], ["Connection"], .reserved("Connection")),
            ([("X-A", "{claims.}")], [], .template("X-A", .unknownPlaceholder("claims."))),
            ([("X-A", "{sub}")], [], .template("X-A", .unknownPlaceholder("sub"))),
            ([("X-A", "{claims.x")], [], .template("X-A", .unbalanced)),
            ([("X-A", "x}")], [], .template("X-A", .unbalanced)),
            ([("X-A", "a\r\nb")], [], .template("X-A", .character)),
            ([("X-A", "caf\u{E9}")], [], .template("X-A", .character)),
        ]
        for (set, remove, error) in rows {
            let route = try route(set, remove: remove)
            #expect(throws: error) { _ = try RequestHeaderRules(route) }
        }
        var fixed = try route([("Authorization", "Basic Zm9vOmJhcg==")])
        fixed.token = .none
        #expect(throws: Never.self) { _ = try RequestHeaderRules(fixed) }
    }

    @Test("response rules replace what upstream sent, and leave framing alone")
    func responseRules() throws {
        let settings = HeaderRuleSettings(
            set: [.init(name: "Content-Security-Policy", value: "default-src 'self'; report-to {x}")],
            remove: ["Server"])
        let rules = try ResponseHeaderRules(settings)
        #expect(
            String(decoding: rules.lines, as: UTF8.self)
                == "Content-Security-Policy: default-src 'self'; report-to {x}\r\n")
        for name in ["content-security-policy", "SERVER"] { #expect(rules.removes(text: name)) }
        #expect(!rules.removes(text: "etag"))
        for name in ["Content-Length", "Set-Cookie", "Transfer-Encoding"] {
            #expect(throws: HeaderRuleError.reserved(name)) {
                _ = try ResponseHeaderRules(HeaderRuleSettings(set: [.init(name: name, value: "x")]))
            }
        }
        #expect(throws: HeaderRuleError.template("X-A", .character)) {
            _ = try ResponseHeaderRules(HeaderRuleSettings(set: [.init(name: "X-A", value: "a\r\nSet-Cookie: x")]))
        }
    }

    @Test("response rules show claims; every other brace stands for itself")
    func responseClaims() throws {
        let rules = try ResponseHeaderRules(
            HeaderRuleSettings(set: [
                .init(name: "X-User", value: "<{claims.sub}> {claims.sub}"),
                .init(name: "X-None", value: "{claims.none}"),
                .init(name: "Report-To", value: #"{"group":{"claims.x":1}}"#),
                .init(name: "X-Open", value: "{claims.sub"),
                .init(name: "X-Empty", value: "{claims.}"),
            ]))
        #expect(
            String(decoding: rules.lines, as: UTF8.self)
                == "Report-To: {\"group\":{\"claims.x\":1}}\r\nX-Open: {claims.sub\r\nX-Empty: {claims.}\r\n")
        let (lines, _) = rules.claimed.rendered(for: ["sub": "alice"])
        #expect(String(decoding: lines, as: UTF8.self) == "X-User: <alice> alice\r\n")
        // Whoever has no such claim must not be shown the upstream's.
        for name in ["x-user", "x-none"] { #expect(rules.removes(text: name)) }
    }

    @Test("E33 G34 what a client may not say, in any spelling")
    func protectedNames() throws {
        let names = try ProtectedNames(routes: [route([("X-User", "{claims.sub}"), ("Remote.User", "x")])])
        func dropped(_ name: String, byMethod: Bool = false) -> Bool {
            names.contains(Array(name.utf8).span, dependsOnMethod: byMethod)
        }
        for name in [
            "Authorization", "AUTHORIZATION", "Proxy-Authorization", "DPoP", "Forwarded", "X-Forwarded-User",
            "x_forwarded_user",
            "X-Forwarded_For", "X-FORWARDED-ANYTHING", "X-Real-IP", "X_Real_IP", "Client-Cert", "client_cert_chain",
            "Client-Certificate",
            "X-Auth-Request-User", "X_Auth_Request_Email", "X-Postern-Whatever", "X-User", "x-user", "X_USER", "x.user",
            "Remote-User",
            "remote_user", "Content_Length", "Transfer_Encoding", "any_thing", "X-Original-URL", "X-Rewrite-Url",
            "Proxy", "X-Forwarded", "X-Remote-User", "x-webauth-user", "X-Client-Cert", "X-SSL-Client-S-DN",
            "X-MS-Client-Principal-Id", "X-Original-Host",
        ] {
            #expect(dropped(name), "\(name)")
        }
        for name in [
            "Accept", "X-Users", "XUser", "X-Use", "Cookie", "User-Agent", "X-Client-Version", "Client", "X",
            "Authorizations",
        ] {
            #expect(!dropped(name), "\(name)")
        }
        #expect(!dropped("X-HTTP-Method-Override"))
        #expect(dropped("X-HTTP-Method-Override", byMethod: true))
        #expect(dropped("x.http.method", byMethod: true))
    }

    @Test("E33 a known field is judged as its name is")
    func protectedKnownFields() throws {
        let names = try ProtectedNames(routes: [route([("X-User", "{claims.sub}"), ("Accept-Language", "en")])])
        for field in KnownField.allCases where field != .other {
            for dependsOnMethod in [false, true] {
                let name = Array("\(field.name)".utf8)
                let byName = names.contains(name.span, dependsOnMethod: dependsOnMethod)
                let byField = names.contains(name.span, known: field, dependsOnMethod: dependsOnMethod)
                #expect(byName == byField, "\(field)")
            }
        }
    }

    @Test("a set of folded names finds each of them and nothing else", arguments: [0, 1, 7, 300])
    func foldedNames(count: Int) {
        let names = (0..<count).map { "X-Name-\($0)" }
        let set = FoldedNames(names)
        for name in names { #expect(set.contains(text: name.uppercased())) }
        for name in (count..<(count + 50)).map({ "X-Name-\($0)" }) { #expect(!set.contains(text: name)) }
        #expect(!set.contains(text: ""))
    }
}
