import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// What a trusted proxy in front may say about a client, and nobody else.
    @Suite struct TrustedProxies {
        /// A gateway whose one route is public, told to believe `networks`.
        private func stage(
            _ networks: String, _ family: String = "x_forwarded", listener: String = ""
        ) throws -> Stage {
            var options = GatewayUnderTest.Options()
            options.routes = ["{ path: /, upstream: api, access: public }"]
            options.top = ["trusted_proxies: \(networks)", "forwarded_headers: \(family)"]
            options.listener = listener
            return try Stage(options)
        }

        private func ask(_ stage: Stage, _ lines: [String], host: String? = nil, before: [UInt8] = []) throws
            -> RawResponse
        {
            let port = stage.gateway.port
            let peer = try RawClient.connect(port: UInt16(port))
            let text = (["GET /x HTTP/1.1", "Host: \(host ?? "localhost:\(port)")"] + lines).joined(separator: "\r\n")
            try peer.send(before + Array((text + "\r\n\r\n").utf8))
            return try RawResponse(readingFrom: peer)
        }

        private func clients(_ stage: Stage) -> [String] {
            stage.gateway.events("request").compactMap { line in
                line.firstRange(of: "\"client\":\"").map { String(line[$0.upperBound...].prefix { $0 != "\"" }) }
            }
        }

        @Test("G33 from trusted proxies the client is believed, from others nothing; upstream both families agree")
        func families() async throws {
            try await onThread {
                let stage = try stage("[127.0.0.0/8, 10.0.0.0/8]")
                let lines = [
                    "X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.2.3", "Forwarded: for=6.6.6.6",
                    "X-Forwarded-Proto: javascript", "X-Forwarded-Prefix: /evil", "X-Request-Id: from-the-proxy.1",
                ]
                #expect(try ask(stage, lines).status == 200)
                let seen = try #require(stage.upstream.requests.last)
                let authority = "localhost:\(stage.gateway.port)"
                #expect(seen.values("X-Forwarded-For") == ["203.0.113.7, 10.1.2.3, 127.0.0.1"])
                #expect(
                    seen.values("Forwarded") == [
                        "for=203.0.113.7, for=10.1.2.3, for=127.0.0.1;host=\"\(authority)\";proto=http"
                    ])
                #expect(seen.values("X-Forwarded-Proto") == ["http"] && seen.values("X-Forwarded-Prefix").isEmpty)
                #expect(seen.values("X-Request-Id") == ["from-the-proxy.1"])
                try eventually("the line names the client") { clients(stage) == ["203.0.113.7"] }

                #expect(try ask(stage, ["X-Request-Id: no spaces here", "X-Forwarded-For: 2001:db8::1"]).status == 200)
                let second = try #require(stage.upstream.requests.last)
                #expect(second.values("X-Request-Id").count == 1 && second.header("X-Request-Id")?.count == 32)
                #expect(second.header("Forwarded")?.hasPrefix("for=\"[2001:db8::1]\", for=127.0.0.1;") == true)
                // One connection, two clients: nothing stays from the request before.
                #expect(try ask(stage, []).status == 200)
                #expect(stage.upstream.requests.last?.values("X-Forwarded-For") == ["127.0.0.1"])

                let strangers = try self.stage("[10.0.0.0/8, unix]")
                #expect(try ask(strangers, lines).status == 200)
                let spoofed = try #require(strangers.upstream.requests.last)
                #expect(spoofed.values("X-Forwarded-For") == ["127.0.0.1"])
                #expect(spoofed.header("Forwarded")?.hasPrefix("for=127.0.0.1;") == true)
                #expect(spoofed.header("X-Request-Id") != "from-the-proxy.1")
            }
        }

        @Test("G33 forwarded_headers names the one family that is read")
        func otherFamily() async throws {
            try await onThread {
                let stage = try stage("[127.0.0.1/32]", "forwarded")
                let lines = [
                    "X-Forwarded-For: 6.6.6.6", "Forwarded: for=7.7.7.7, for=\"[2001:db8::1]:4711\";proto=https",
                ]
                #expect(try ask(stage, lines).status == 200)
                let seen = try #require(stage.upstream.requests.last)
                #expect(seen.values("X-Forwarded-For") == ["2001:db8::1, 127.0.0.1"])
                #expect(seen.header("Forwarded")?.hasPrefix("for=\"[2001:db8::1]\", for=127.0.0.1;") == true)
            }
        }

        @Test(
            "G14, G33 a trusted proxy that writes a Host of its own may tell which of ours was asked for, and no other")
        func hosts() async throws {
            try await onThread {
                let stage = try stage("[127.0.0.1/32]")
                let ours = "localhost:\(stage.gateway.port)"
                #expect(try ask(stage, ["X-Forwarded-Host: \(ours)"], host: "gateway.internal").status == 200)
                #expect(stage.upstream.requests.last?.header("X-Forwarded-Host") == ours)
                #expect(try ask(stage, ["X-Forwarded-Host: evil.example"], host: "gateway.internal").status == 421)
                #expect(
                    try ask(stage, ["X-Forwarded-Host: \(ours), evil.example"], host: "gateway.internal").status == 421)
                #expect(try ask(stage, ["Forwarded: host=\"\(ours)\""], host: "gateway.internal").status == 421)
                #expect(try ask(stage, [], host: "gateway.internal").status == 421)
                // What is ours by its own Host stays that.
                #expect(try ask(stage, ["X-Forwarded-Host: evil.example"]).status == 200)
                let strangers = try self.stage("[10.0.0.0/8]")
                let theirs = "X-Forwarded-Host: localhost:\(strangers.gateway.port)"
                #expect(try ask(strangers, [theirs], host: "gateway.internal").status == 421)
            }
        }

        @Test("G33 PROXY protocol: the client is whom the balancer speaks for; without its header nothing is answered")
        func proxyProtocol() async throws {
            try await onThread {
                let stage = try stage("[127.0.0.1/32]", listener: ", proxy_protocol: true")
                let header = Array("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n".utf8)
                // The client itself is not trusted, so its own forwarded fields are not believed.
                #expect(try ask(stage, ["X-Forwarded-For: 6.6.6.6"], before: header).status == 200)
                #expect(stage.upstream.requests.last?.values("X-Forwarded-For") == ["203.0.113.7"])
                #expect(throws: (any Error).self) { try ask(stage, []) }
                try eventually("the refusal is told") {
                    stage.gateway.events("connection_refused").contains { $0.contains("proxy_protocol_invalid") }
                }
                #expect(stage.upstream.requests.count == 1)
                #expect(try stage.gateway.stop() == 0)
            }
        }
    }
}
