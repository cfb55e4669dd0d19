import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Clients that take all the time in the world, over what is not plain HTTP/1.
    @Suite struct SlowClients {
        private enum Pace: Int, CaseIterable {
            /// A head that never ends, one byte now and then.
            case head
            /// A body of which nothing more comes.
            case body
            /// An answer that is not read.
            case reading
        }

        @Test("G17, G22 slow heads, bodies and readers over TLS stop nobody, and each is given up in its time")
        func secure() async throws {
            try await onThread {
                let bulk = try BulkUpstream()
                let site = try OpenSite(secure: true, Self.options(bulk))
                try Self.prove("TLS", site, bulk) { pace in
                    let client = try site.connect(smallBuffers: true)
                    switch pace {
                    case .head: try client.send(String(site.head("/x", ["X-Slow: "]).dropLast(2)))
                    case .body:
                        try client.send(site.head("/bulk/up", method: "POST", ["Content-Length: 1000000"]) + "x")
                    case .reading: try client.send(site.head("/bulk/40000000"))
                    }
                    return Slow(client.raw) { try client.send("a") }
                }
            }
        }

        @Test("G17, G22 slow heads, bodies and readers over HTTP/2 stop nobody, and each is given up in its time")
        func http2() async throws {
            try await onThread {
                let bulk = try BulkUpstream()
                let site = try OpenSite(secure: false, Self.options(bulk))
                try Self.prove("HTTP/2", site, bulk) { pace in
                    let peer = try site.connectRaw()
                    func request(_ method: String, _ path: String) -> [(String, String)] {
                        RawHTTP2.request(method, path, host: "localhost:\(site.port)")
                    }
                    try peer.send(RawHTTP2.opening)
                    switch pace {
                    case .head:
                        let slow = request("GET", "/x") + [("x-slow", String(repeating: "a", count: 5000))]
                        try peer.send(Array(RawHTTP2.headers(1, slow).prefix(200)))
                    case .body:
                        try peer.send(RawHTTP2.headers(1, request("POST", "/bulk/up"), ends: false))
                        try peer.send(RawHTTP2.data(1, "x"))
                    case .reading: try peer.send(RawHTTP2.headers(1, request("GET", "/bulk/40000000")))
                    }
                    return Slow(peer) { try peer.send("a") }
                }
            }
        }

        /// A connection that is kept open, and what wins it no time.
        private struct Slow {
            let peer: ScriptedPeer
            let trickle: () throws -> Void

            init(_ peer: ScriptedPeer, _ trickle: @escaping () throws -> Void) {
                (self.peer, self.trickle) = (peer, trickle)
            }
        }

        private static func options(_ bulk: BulkUpstream) -> GatewayUnderTest.Options {
            var options = GatewayUnderTest.Options()
            options.upstreams = ["bulk": "{ servers: [\"http://127.0.0.1:\(bulk.port)\"], idle_timeout: 2s }"]
            options.routes = ["{ path: /, upstream: api }", "{ path: /bulk/, upstream: bulk }"]
            options.top = ["limits: { header_timeout: 2s, idle_timeout: 2s }"]
            return options
        }

        private static func prove(
            _ name: String, _ site: OpenSite, _ bulk: BulkUpstream, _ begin: (Pace) throws -> Slow
        ) throws {
            let count = Soak.amount("slow_clients", short: 90)
            try wantDescriptors(4 * count + 500)
            _ = try site.honest()
            let before = try site.gateway.use
            let slow = try (0..<count).map { number in
                let pace = Pace.allCases[number % 3]
                return (pace: pace, client: try begin(pace))
            }
            let during = try site.gateway.use
            let honest = try site.honest()
            #expect(honest.isWell)
            // Each leaves one line behind when it is given up.
            func lines() -> Int {
                site.gateway.events("request").count { !$0.contains("\"path\":\"/x\"") || $0.contains("408") }
            }
            try eventually("all are given up; \(lines()) of \(count) are", within: 60) {
                for (pace, client) in slow where pace == .head { try? client.trickle() }
                _ = try site.honest()
                return lines() >= count
            }
            for (_, client) in slow { #expect(client.peer.waitUntilClosed()) }
            #expect(try site.honest().isWell)
            let each = (during.resident - before.resident) / count
            if !before.isSanitized { #expect(each < 512 << 10) }
            Soak.figure(
                "slow clients over \(name): \(count), \(each >> 10) KiB each; "
                    + String(format: "others waited %.0f ms at most", honest.milliseconds))
        }
    }
}
