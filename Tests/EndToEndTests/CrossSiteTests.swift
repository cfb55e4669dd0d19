import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Whether a request with a session was meant by our own pages.
    @Suite struct CrossSite {
        /// A request as some browser sends it, and what becomes of it on a route with `csrf: auto`.
        struct Row: Sendable {
            let name: String
            var method = "GET"
            var fields: [String: String]
            let status: Int
        }

        static func rows(_ origin: String) -> [Row] {
            func site(_ site: String, _ mode: String = "cors", _ destination: String = "empty") -> [String: String] {
                ["Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination]
            }
            func with(_ fields: [String: String], _ more: [String: String]) -> [String: String] {
                fields.merging(more) { _, new in new }
            }
            let socket = [
                "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            ]
            return [
                Row(name: "same-origin GET", fields: site("same-origin"), status: 200),
                Row(name: "same-origin POST", method: "POST", fields: site("same-origin"), status: 200),
                Row(name: "none GET", fields: site("none", "navigate", "document"), status: 200),
                Row(name: "none POST without Origin", method: "POST", fields: site("none"), status: 200),
                Row(
                    name: "none POST with ours", method: "POST", fields: with(site("none"), ["Origin": origin]),
                    status: 200),
                Row(
                    name: "none POST with another", method: "POST",
                    fields: with(site("none"), ["Origin": "https://evil.example"]), status: 403),
                Row(name: "cross-site GET", fields: site("cross-site"), status: 403),
                Row(name: "same-site GET", fields: site("same-site"), status: 403),
                Row(name: "cross-site POST", method: "POST", fields: site("cross-site"), status: 403),
                Row(
                    name: "cross-site form", method: "POST", fields: site("cross-site", "navigate", "document"),
                    status: 403),
                Row(
                    name: "cross-site POST with X-CSRF", method: "POST",
                    fields: with(site("cross-site"), ["X-CSRF": "1", "Origin": origin]), status: 403),
                Row(name: "cross-site link", fields: site("cross-site", "navigate", "document"), status: 200),
                Row(name: "same-site link", fields: site("same-site", "navigate", "document"), status: 200),
                Row(
                    name: "cross-site HEAD", method: "HEAD", fields: site("cross-site", "navigate", "document"),
                    status: 200),
                Row(name: "iframe", fields: site("cross-site", "navigate", "iframe"), status: 403),
                Row(name: "embed", fields: site("cross-site", "navigate", "embed"), status: 403),
                Row(name: "object", fields: site("same-site", "navigate", "object"), status: 403),
                Row(name: "image", fields: site("cross-site", "no-cors", "image"), status: 403),
                Row(name: "unknown value POST", method: "POST", fields: site("sideways"), status: 403),
                Row(name: "unknown value GET", fields: site("sideways"), status: 200),
                Row(name: "old GET", fields: [:], status: 200),
                Row(name: "old POST", method: "POST", fields: [:], status: 403),
                Row(name: "old POST, X-CSRF", method: "POST", fields: ["X-CSRF": "1"], status: 200),
                Row(name: "old POST, ours", method: "POST", fields: ["Origin": origin], status: 200),
                Row(name: "old POST, null", method: "POST", fields: ["Origin": "null"], status: 403),
                Row(
                    name: "old POST, null and X-CSRF", method: "POST", fields: ["Origin": "null", "X-CSRF": "1"],
                    status: 403),
                Row(
                    name: "old POST, another", method: "POST",
                    fields: ["Origin": "https://evil.example", "X-CSRF": "1"],
                    status: 403),
                Row(
                    name: "old POST, another scheme", method: "POST",
                    fields: ["Origin": origin.replacingOccurrences(of: "http:", with: "https:")], status: 403),
                Row(
                    name: "old POST, another port", method: "POST", fields: ["Origin": "http://localhost:1"],
                    status: 403),
                Row(
                    name: "old POST, longer host", method: "POST",
                    fields: ["Origin": origin.replacingOccurrences(of: "localhost", with: "localhost.evil.example")],
                    status: 403),
                Row(name: "old POST, Referer of ours", method: "POST", fields: ["Referer": origin + "/"], status: 403),
                Row(name: "old DELETE", method: "DELETE", fields: [:], status: 403),
                Row(name: "WebSocket, no Origin", fields: socket, status: 403),
                Row(name: "WebSocket, null", fields: with(socket, ["Origin": "null"]), status: 403),
                Row(name: "WebSocket, another", fields: with(socket, ["Origin": "https://evil.example"]), status: 403),
                Row(
                    name: "preflight", method: "OPTIONS",
                    fields: [
                        "Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
                        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors",
                    ], status: 403),
            ]
        }

        private static func ask(_ stage: Stage, _ browser: TestBrowser, _ row: Row, _ path: String) throws
            -> RawResponse
        {
            var fields = row.fields
            if row.method == "POST" || row.method == "DELETE" { fields["Content-Length"] = "0" }
            let cookie = browser.jar.header(for: "localhost", crossSite: false, topLevel: true) ?? ""
            let lines = fields.merging(["Cookie": cookie]) { old, _ in old }.map { "\($0.key): \($0.value)\r\n" }
            let text =
                "\(row.method) \(path) HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\n"
                + "Accept: text/html,*/*;q=0.8\r\n" + lines.sorted().joined() + "\r\n"
            return try RawClient.ask(port: UInt16(stage.gateway.port), text, toHead: row.method == "HEAD")
        }

        @Test("E20, E22, E23, E24, E26, K19 the table of requests that carry a session")
        func table() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                for row in Self.rows(stage.gateway.origin) {
                    stage.upstream.forget()
                    let answer = try Self.ask(stage, browser, row, "/api")
                    #expect(answer.status == row.status, "\(row.name): \(answer.head) \(answer.text)")
                    #expect(stage.upstream.requests.isEmpty == (row.status == 403), "\(row.name)")
                    if row.status == 403 {
                        #expect(
                            answer.text.contains("csrf") || answer.header("Content-Type") != "application/problem+json")
                        #expect(answer.header("Access-Control-Allow-Origin") == nil)
                    }
                }
            }
        }

        @Test("E20 on an optional route a refused request goes on as anonymous; on a public one nobody asks")
        func optional() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes += [
                    "{ path: /optional/, upstream: api, access: optional }",
                    "{ path: /public/, upstream: api, access: public }",
                ]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                for row in Self.rows(stage.gateway.origin) where row.name != "preflight" && row.fields["Upgrade"] == nil
                {
                    stage.upstream.forget()
                    let optional = try Self.ask(stage, browser, row, "/optional/x")
                    #expect(optional.status == 200, "\(row.name): \(optional.head)")
                    let bearer = stage.upstream.requests.last?.bearer
                    #expect((bearer == nil) == (row.status == 403), "\(row.name)")
                    stage.upstream.forget()
                    #expect(try Self.ask(stage, browser, row, "/public/x").status == 200, "\(row.name)")
                    #expect(stage.upstream.requests.last?.bearer == nil, "\(row.name)")
                }
            }
        }

        @Test("E20 csrf: header wants X-CSRF on everything but navigations; csrf: off wants nothing")
        func otherRules() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes += [
                    "{ path: /strict/, upstream: api, csrf: header }", "{ path: /off/, upstream: api, csrf: off }",
                ]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                func status(_ path: String, _ kind: TestBrowser.Kind, _ headers: [String: String] = [:]) throws -> Int {
                    try browser.askOnce(stage.url(path), kind, from: .sameOrigin, headers: headers).status
                }
                #expect(try status("/strict/x", .fetch) == 403)
                #expect(try status("/strict/x", .fetch, ["X-CSRF": "1"]) == 200)
                #expect(try status("/strict/x", .navigation) == 200)
                #expect(try status("/off/x", .fetch) == 200)
                let row = Row(
                    name: "cross-site POST", method: "POST",
                    fields: ["Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"], status: 200)
                #expect(try Self.ask(stage, browser, row, "/off/x").status == 200)
            }
        }

        @Test("E21 the endpoints ask for proof that a page of ours calls")
        func endpoints() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                func status(_ path: String, _ fields: [String: String]) throws -> Int {
                    try Self.ask(stage, browser, Row(name: path, fields: fields, status: 0), path).status
                }
                let same = ["Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"]
                let cross = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"]
                #expect(try status("/bff/user", same) == 403)
                #expect(try status("/bff/user", ["X-CSRF": "1"]) == 200)
                #expect(try status("/bff/session", same) == 200)
                #expect(try status("/bff/session", cross) == 403)
                #expect(try status("/bff/session", [:]) == 403)
                #expect(try status("/bff/session", ["X-CSRF": "1"]) == 200)
            }
        }

        @Test(
            "E24 the upstream's CORS fields are removed where sessions are used, and left alone elsewhere",
            arguments: ["https://evil.example", "null", "https://localhost.evil.example"])
        func sharing(origin: String) async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes.append("{ path: /public/, upstream: api, access: public }")
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                stage.upstream.answers(
                    EchoUpstream.answer(
                        "x",
                        fields: [
                            "Access-Control-Allow-Origin: \(origin)", "Access-Control-Allow-Credentials: true",
                            "Access-Control-Allow-Methods: PUT", "Access-Control-Expose-Headers: X",
                            "Access-Control-Max-Age: 1", "Access-Control-Allow-Headers: X",
                        ]))
                let answer = try browser.askOnce(
                    stage.url("/api"), .fetch, from: .sameOrigin, headers: ["Origin": origin])
                #expect(!answer.head.lowercased().contains("access-control"), "\(answer.head)")
                let open = try browser.askOnce(
                    stage.url("/public/x"), .fetch, from: .crossSite, headers: ["Origin": origin])
                #expect(open.header("Access-Control-Allow-Origin") == origin)
            }
        }
    }
}
