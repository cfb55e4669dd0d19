import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Several servers behind one name, and what becomes of requests when some of them fail.
    @Suite struct Upstreams {
        private func stage(
            _ servers: [Int], _ settings: String, access: String = "public", admin: Int? = nil
        ) throws -> Stage {
            var options = GatewayUnderTest.Options()
            let list = servers.map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", ")
            options.upstreams = ["many": "{ servers: [\(list)], \(settings) }"]
            options.routes = ["{ path: /, upstream: many, access: \(access) }"]
            options.workers = 1
            if let admin { options.admin = "{ address: \"127.0.0.1:\(admin)\" }" }
            return try Stage(options)
        }

        private func ask(_ stage: Stage, _ method: String = "GET", body: String = "") throws -> RawResponse {
            try RawClient.ask(
                port: UInt16(stage.gateway.port),
                "\(method) /x HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }

        private func metric(_ port: Int, _ name: String) throws -> Double? {
            let text = try RawClient.ask(port: UInt16(port), "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").text
            return text.split(separator: "\n").first { $0.hasPrefix(name) }
                .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
        }

        @Test("G37 several servers share the requests, and each is asked by its own name")
        func sharing() async throws {
            try await onThread {
                let servers = try (0..<3).map { _ in try EchoUpstream() }
                let stage = try stage(servers.map(\.port), "balance: round_robin")
                for _ in 0..<9 { #expect(try ask(stage).status == 200) }
                for server in servers {
                    #expect(server.requests.count == 3)
                    #expect(server.requests.allSatisfy { $0.header("Host") == "127.0.0.1:\(server.port)" })
                }
            }
        }

        @Test("hash_session: a session stays at its server; sessions are spread")
        func affinity() async throws {
            try await onThread {
                let servers = try (0..<3).map { _ in try EchoUpstream() }
                let stage = try stage(servers.map(\.port), "balance: hash_session", access: "authenticated")
                var used: Set<Int> = []
                for number in 0..<12 {
                    let browser = try stage.signedIn("user\(number)")
                    for server in servers { server.forget() }
                    for _ in 0..<4 {
                        #expect(try browser.askOnce(stage.url("/x"), .fetch, from: .sameOrigin).status == 200)
                    }
                    let mine = servers.filter { !$0.requests.isEmpty }
                    #expect(mine.count == 1 && mine.first?.requests.count == 4)
                    if let mine = mine.first { used.insert(mine.port) }
                }
                #expect(used.count > 1)
            }
        }

        @Test("G41 what never left goes to another server once, bodies too; the dead one is left alone for a while")
        func anotherServer() async throws {
            try await onThread {
                let (good, dead, admin) = (try EchoUpstream(), try freePort(), try freePort())
                let stage = try stage(
                    [good.port, dead], "balance: round_robin, ejection: { failures: 2, for: 60s }", admin: admin)
                for number in 0..<6 {
                    let answer = number % 2 == 0 ? try ask(stage) : try ask(stage, "POST", body: "body \(number)")
                    #expect(answer.status == 200, "\(answer.head)")
                }
                #expect(good.requests.count == 6 && good.requests.last?.text == "body 5")
                #expect(try metric(admin, "postern_upstream_retries_total{upstream=\"many\"}") == 2)
                #expect(try metric(admin, "postern_upstream_ejections_total{upstream=\"many\"}") == 1)
                let refused = "postern_upstream_connect_failures_total{upstream=\"many\",reason=\"refused\"}"
                #expect(try metric(admin, refused) == 2)

                let strict = try self.stage([good.port, dead], "balance: round_robin, retries: 0")
                let statuses = try (0..<4).map { _ in try ask(strict).status }
                #expect(statuses.filter { $0 == 200 }.count == 2 && statuses.filter { $0 == 502 }.count == 2)
            }
        }

        @Test("A server whose health check fails gets no requests until it is well again")
        func health() async throws {
            try await onThread {
                let (well, ill) = (try EchoUpstream(), try EchoUpstream())
                let answer = { (status: String) in "HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n" }
                ill.answers(answer("503 Ill"))
                let stage = try stage(
                    [well.port, ill.port],
                    "balance: round_robin, health_check: { path: /health, interval: 100ms, healthy: 1, unhealthy: 1 }")
                func asked(_ server: EchoUpstream) -> Int { server.requests.count { $0.target == "/x" } }
                try eventually("the ill one was asked how it is") { ill.requests.contains { $0.target == "/health" } }
                try eventually("nobody is sent to the ill one any more") {
                    let before = asked(ill)
                    for _ in 0..<4 { _ = try ask(stage) }
                    return asked(ill) == before
                }
                ill.answers(answer("200 OK"))
                try eventually("it is used again") {
                    let before = asked(ill)
                    for _ in 0..<4 { _ = try ask(stage) }
                    return asked(ill) > before
                }
            }
        }

        @Test("An ill server is counted once, however often the file is read again, and not at all when it is gone")
        func countOfIll() async throws {
            try await onThread {
                let (well, ill, admin) = (try EchoUpstream(), try EchoUpstream(), try freePort())
                ill.answers { _, peer in try peer.send(EchoUpstream.answer("", status: "503 Service Unavailable")) }
                let rule = "health_check: { path: /health, interval: 100ms, healthy: 1, unhealthy: 1 }"
                let stage = try stage([well.port, ill.port], "connect_timeout: 3s, \(rule)", admin: admin)
                let name = "postern_upstream_servers_unhealthy{upstream=\"many\"}"
                try eventually("it is ill") { try metric(admin, name) == 1 }
                for seconds in 4...6 {
                    _ = try stage.gateway.reload {
                        $0.replacingOccurrences(
                            of: "connect_timeout: \(seconds - 1)s", with: "connect_timeout: \(seconds)s")
                    }
                    // The new pool has asked for itself.
                    let asked = ill.requests.count
                    try eventually("asked again") { ill.requests.count > asked + 2 }
                    #expect(try metric(admin, name) == 1)
                }
                _ = try stage.gateway.reload {
                    $0.replacingOccurrences(of: ", \"http://127.0.0.1:\(ill.port)\"", with: "")
                }
                try eventually("it is nobody's any more") { try metric(admin, name) == 0 }
            }
        }

        @Test("G41 a request that may be repeated goes to another server when one breaks off; others go once")
        func brokenOff() async throws {
            try await onThread {
                let (bad, good) = (try EchoUpstream(), try EchoUpstream())
                bad.answers { _, peer in peer.close() }
                let stage = try stage([bad.port, good.port], "balance: round_robin, ejection: { failures: 1000 }")
                for _ in 0..<6 { #expect(try ask(stage).status == 200) }
                #expect(good.requests.count == 6 && bad.requests.count >= 2, "\(bad.requests.count)")
                let statuses = try (0..<6).map { _ in try ask(stage, "POST", body: "x").status }
                let posts = [bad, good].map { $0.requests.count { $0.method == "POST" } }
                #expect(posts.reduce(0, +) == 6 && posts.allSatisfy { $0 >= 2 }, "\(posts)")
                #expect(statuses.count { $0 == 200 } == posts[1] && statuses.count { $0 == 502 } == posts[0])
            }
        }

        @Test("Beyond the places to wait for a connection a request is 503 with Retry-After, and counted")
        func queue() async throws {
            try await onThread {
                let (server, admin) = (try EchoUpstream(), try freePort())
                let stage = try stage([server.port], "queue: { requests: 0 }", admin: admin)
                let answer = try ask(stage)
                #expect(answer.status == 503 && answer.header("Retry-After") != nil, "\(answer.head)")
                #expect(try metric(admin, "postern_upstream_overloaded_total{upstream=\"many\"}") == 1)
                #expect(server.requests.isEmpty)
            }
        }
    }
}
