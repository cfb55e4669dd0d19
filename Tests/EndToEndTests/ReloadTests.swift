import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// A running gateway that takes another configuration, or keeps the one it has.
    @Suite struct Reloading {
        private func ask(_ stage: Stage, _ path: String, port: Int? = nil) throws -> RawResponse {
            try RawClient.ask(
                port: UInt16(port ?? stage.gateway.port),
                "GET \(path) HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\n\r\n")
        }

        @Test("SIGHUP: new routes and upstreams count for new requests; those under way end by the old ones")
        func routes() async throws {
            try await onThread {
                let other = try EchoUpstream()
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let release = Semaphore()
                stage.upstream.answers { request, peer in
                    if request.target == "/slow" { release.wait() }
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
                }
                let slow = try RawClient.connect(port: UInt16(stage.gateway.port))
                try slow.send("GET /slow HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\n\r\n")
                try eventually("the slow request is under way") { stage.upstream.requests.count == 1 }

                let line = try stage.gateway.reload { text in
                    text.replacingOccurrences(
                        of: "api: http://127.0.0.1:\(stage.upstream.port)", with: "api: http://127.0.0.1:\(other.port)"
                    )
                    .replacingOccurrences(
                        of: "access: public }", with: "access: public }\n  - { path: /closed/, upstream: api }")
                }
                #expect(line.contains("\"reloaded\""), "\(line)")
                #expect(try ask(stage, "/new").status == 200 && other.requests.last?.target == "/new")
                #expect(try ask(stage, "/closed/x").status == 401)
                #expect(stage.upstream.requests.count == 1)
                release.signal()
                #expect(try RawResponse(readingFrom: slow).text == "old")
                // The same connection goes by the new routes now.
                try slow.send("GET /again HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\n\r\n")
                #expect(try RawResponse(readingFrom: slow).status == 200)
                #expect(other.requests.last?.target == "/again" && stage.upstream.requests.count == 1)
            }
        }

        @Test("SIGHUP: a bad file, a taken port, or a key that needs a new process change nothing and say why")
        func refused() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let good = try String(contentsOfFile: stage.gateway.configuration, encoding: .utf8)
                let taken = try EchoUpstream()
                let port = stage.gateway.port
                let wrong: [(change: (String) -> String, word: String)] = [
                    ({ $0 + "nonsense: 1\n" }, "unknown key"), ({ _ in "" }, "empty"),
                    ({ $0.replacingOccurrences(of: "workers: 2", with: "workers: 3") }, "`workers`"),
                    (
                        { $0.replacingOccurrences(of: "client_id: postern", with: "client_id: other") },
                        "`provider.client_id`"
                    ),
                    (
                        { $0.replacingOccurrences(of: "store: \"sqlite:sessions.db\"", with: "store: \"memory:\"") },
                        "`session`"
                    ),
                    ({ $0 + "log: { level: debug }\n" }, "`log.level`"),
                    (
                        {
                            $0.replacingOccurrences(
                                of: "{ address: \"127.0.0.1:\(port)\" }",
                                with: "{ address: \"127.0.0.1:\(port)\" }, { address: \"127.0.0.1:\(taken.port)\" }"
                            ).replacingOccurrences(of: "path: /,", with: "path: /else/,")
                        }, "127.0.0.1:\(taken.port)"
                    ),
                ]
                for (change, word) in wrong {
                    let line = try stage.gateway.reload { _ in change(good) }
                    #expect(line.contains("reload_refused") && line.contains(word), "\(word): \(line)")
                    #expect(try ask(stage, "/x").status == 200, "\(word)")
                }
                #expect(try stage.gateway.reload { _ in good }.contains("\"reloaded\""))
                #expect(try ask(stage, "/x").status == 200)
            }
        }

        @Test("SIGHUP: listeners come and go; a connection of one that is gone goes on")
        func listeners() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let (first, second) = (stage.gateway.port, try freePort())
                let kept = try RawClient.connect(port: UInt16(first))
                let request = "GET /x HTTP/1.1\r\nHost: localhost:\(first)\r\n\r\n"
                try kept.send(request)
                #expect(try RawResponse(readingFrom: kept).status == 200)
                let both = "{ address: \"127.0.0.1:\(first)\" }, { address: \"127.0.0.1:\(second)\" }"
                try stage.gateway.reload {
                    $0.replacingOccurrences(of: "{ address: \"127.0.0.1:\(first)\" }", with: both)
                }
                #expect(try ask(stage, "/x", port: second).status == 200)
                #expect(try ask(stage, "/x", port: first).status == 200)
                try stage.gateway.reload {
                    $0.replacingOccurrences(of: both, with: "{ address: \"127.0.0.1:\(second)\" }")
                }
                try eventually("nobody listens on the first any more") {
                    (try? RawClient.connect(port: UInt16(first))) == nil
                }
                #expect(try ask(stage, "/x", port: second).status == 200)
                try kept.send(request)
                #expect(try RawResponse(readingFrom: kept).status == 200)
                #expect(try stage.gateway.stop() == 0)
            }
        }

        @Test("SIGHUP: sessions stay, and their claims make the new headers")
        func sessions() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                #expect(try browser.askOnce(stage.url("/a"), .fetch, from: .sameOrigin).status == 200)
                #expect(stage.upstream.requests.last?.header("X-Who") == nil)
                for (header, others) in [("X-Who", "X-Whom"), ("X-Whom", "X-Who")] {
                    try stage.gateway.reload { text in
                        text.replacingOccurrences(
                            of: #"\{ path: /, upstream: api.*\}"#,
                            with:
                                "{ path: /, upstream: api, request_headers: { set: { \(header): \"{claims.sub}\" } } }",
                            options: .regularExpression)
                    }
                    #expect(try browser.askOnce(stage.url("/b"), .fetch, from: .sameOrigin).status == 200)
                    let seen = try #require(stage.upstream.requests.last)
                    #expect(seen.header(header) != nil && seen.header(others) == nil, "\(seen.head)")
                }
            }
        }

        @Test("Reloads in the middle of a crowd fail no request")
        func crowd() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let stage = try Stage(options)
                let port = UInt16(stage.gateway.port)
                let answers = Locked<[Int]>([])
                let (isOver, done) = (Locked(false), Semaphore())
                for _ in 0..<4 {
                    try Thread.start(name: "crowd") {
                        while !isOver.withLock({ $0 }) {
                            let request = "GET /x HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n"
                            let status = (try? RawClient.ask(port: port, request))?.status ?? 0
                            answers.withLock { $0.append(status) }
                        }
                        done.signal()
                    }.detach()
                }
                for round in 0..<10 {
                    let line = try stage.gateway.reload { text in
                        text.replacingOccurrences(
                            of: #"\{ path: /, upstream: api.*\}"#,
                            with: "{ path: /, upstream: api, access: public, max_body: \(round + 1)MiB }",
                            options: .regularExpression
                        )
                    }
                    #expect(line.contains("\"reloaded\""), "\(line)")
                }
                isOver.withLock { $0 = true }
                for _ in 0..<4 { done.wait() }
                let statuses = answers.withLock { $0 }
                #expect(statuses.count > 100 && statuses.allSatisfy { $0 == 200 })
            }
        }

        @Test(
            "POST /reload: nothing without a token, the token's holder over TCP, anybody who may open the socket; no browser's page"
        )
        func administration() async throws {
            try await onThread {
                let admin = try freePort()
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api, access: public }"]
                options.admin = "{ address: \"127.0.0.1:\(admin)\", token: an-administrators-token }"
                let stage = try Stage(options)
                func ask(_ method: String, _ path: String, _ lines: [String] = [], host: String = "127.0.0.1") throws
                    -> RawResponse
                {
                    try RawClient.ask(
                        port: UInt16(admin),
                        (["\(method) \(path) HTTP/1.1", "Host: \(host)"] + lines).joined(separator: "\r\n")
                            + "\r\nContent-Length: 0\r\n\r\n")
                }
                let token = "Authorization: Bearer an-administrators-token"
                let basic = "Authorization: Basic " + Data("me:an-administrators-token".utf8).base64EncodedString()
                let none = try ask("POST", "/reload")
                #expect(none.status == 401 && none.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
                #expect(try ask("POST", "/reload", ["Authorization: Bearer an-administrators-tokeN"]).status == 401)
                #expect(try ask("POST", "/reload", [token, token]).status != 200)
                #expect(try ask("GET", "/reload", [token]).status == 405)
                #expect(try ask("POST", "/else", [token]).status == 404)
                for page in [
                    "Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
                    "Origin: null",
                ] {
                    #expect(try ask("POST", "/reload", [token, page]).status == 403, "\(page)")
                }
                #expect(try ask("POST", "/reload", [token], host: "rebound.example").status == 403)
                #expect(stage.gateway.events("reloaded").isEmpty)
                #expect(
                    try ask("GET", "/readyz", ["Origin: http://evil.example"], host: "rebound.example").status == 200)

                let taken = try ask("POST", "/reload", [token, "Origin: http://127.0.0.1"])
                #expect(taken.status == 200 && taken.text.contains("\"reloaded\""), "\(taken.text)")
                #expect(try ask("POST", "/reload", [basic]).status == 200)
                try "nonsense".write(toFile: stage.gateway.configuration, atomically: true, encoding: .utf8)
                let refused = try ask("POST", "/reload", [token])
                #expect(refused.status == 422 && refused.text.contains("postern.yaml:1:1"), "\(refused.text)")
                let metrics = try ask("GET", "/metrics").text
                #expect(
                    metrics.contains("postern_reloads_total{outcome=\"taken\"} 2")
                        && metrics.contains("postern_reload_successful 0"))

                let path = stage.gateway.directory + "/admin.sock"
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let peer = try RawClient.connect(unix: path)
                try peer.send("POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
                #expect(try RawResponse(readingFrom: peer).status == 422)
                #expect(try stage.gateway.stop() == 0)
                #expect(!FileManager.default.fileExists(atPath: path))

                var without = GatewayUnderTest.Options()
                without.admin = "{ address: \"127.0.0.1:\(admin)\" }"
                let second = try Stage(without)
                #expect(try ask("POST", "/reload", [token]).status == 404)
                #expect(try ask("GET", "/healthz").status == 200)
                _ = second
            }
        }
    }
}
