import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// Peers that mean harm, or are very ill; the others must not notice.
    @Suite struct HostilePeers {
        /// Ten requests of somebody honest; how long the slowest took, in seconds.
        private static func honest(_ stage: Stage, _ browser: TestBrowser) throws -> Double {
            var slowest = 0.0
            for _ in 0..<10 {
                let begin = Date()
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                slowest = max(slowest, Date().timeIntervalSince(begin))
            }
            return slowest
        }

        @Test("G22 very many clients that never finish a head stop nobody, and are gone after the header timeout")
        func slowloris() async throws {
            try await onThread {
                let count = Soak.amount("slowloris", short: 400)
                try wantDescriptors(2 * count + 500)
                var options = GatewayUnderTest.Options()
                options.top = ["limits: { header_timeout: 3s }"]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let before = try stage.gateway.use
                let head = "GET /api HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\nX-Slow: "
                let slow = try (0..<count).map { number in
                    let peer = try RawClient.connect(port: UInt16(stage.gateway.port), timeout: .seconds(60))
                    // Some stop before the first byte, some within the line, some within the fields.
                    try peer.send(String(head.prefix(number % 3 == 0 ? 0 : number % 3 == 1 ? 3 : head.count)))
                    return peer
                }
                let during = try stage.gateway.use
                let slowest = try Self.honest(stage, browser)
                // One byte now and then wins no time.
                var open = slow
                try eventually("all are gone; \(open.count) are not", within: 60) {
                    open = open.filter { peer in
                        guard peer.staysSilent(milliseconds: 0) else { return false }
                        return (try? peer.send("a")) != nil
                    }
                    _ = try Self.honest(stage, browser)
                    return open.isEmpty
                }
                try eventually("their descriptors are closed", within: 30) {
                    guard let now = try stage.gateway.use.descriptors, let then = before.descriptors else {
                        return true
                    }
                    return now <= then + 8
                }
                let each = (during.resident - before.resident) / count
                let latency = String(format: "%.0f ms", slowest * 1000)
                Soak.figure("slowloris: \(count) clients, \(each) bytes each; others waited \(latency) at most")
            }
        }

        @Test("G22 very many clients that never finish a body, or never read an answer, stop nobody")
        func slowBodies() async throws {
            try await onThread {
                let count = Soak.amount("slowloris", short: 400) / 2
                try wantDescriptors(4 * count + 500)
                let bulk = try BulkUpstream()
                var options = GatewayUnderTest.Options()
                options.upstreams = ["bulk": "http://127.0.0.1:\(bulk.port)"]
                options.routes = ["{ path: /, upstream: api }", "{ path: /bulk/, upstream: bulk }"]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let before = try stage.gateway.use
                let upload = try browser.message(
                    stage.url("/bulk/up"), method: "POST", headers: ["Content-Length": "1000000"])
                let download = try browser.message(stage.url("/bulk/40000000"))
                let slow = try (0..<count).map { number in
                    let peer = try RawClient.connect(port: upload.port, smallBuffers: true)
                    try peer.send(number % 2 == 0 ? upload.text + "x" : download.text)
                    return peer
                }
                try eventually("the answers have come as far as they can", within: 60) {
                    bulk.timesStalled >= count / 2
                }
                let during = try stage.gateway.use
                let slowest = try Self.honest(stage, browser)
                for peer in slow { peer.reset() }
                try eventually("their descriptors are closed", within: 60) {
                    guard let now = try stage.gateway.use.descriptors, let then = before.descriptors else {
                        return true
                    }
                    return now <= then + 8
                }
                _ = try Self.honest(stage, browser)
                let each = (during.resident - before.resident) / count
                if !before.isSanitized { #expect(each < 512 << 10) }
                let latency = String(format: "%.0f ms", slowest * 1000)
                Soak.figure("slow bodies: \(count) clients, \(each >> 10) KiB each; others waited \(latency) at most")
            }
        }

        @Test(
            "B36, D6 a provider that is ill in any way is 503 or 502 in time, ends no session, and is forgiven")
        func provider() async throws {
            let bends = BentWire.Bend.wrong
            try await onThread { _ = try atOnce(bends.count) { try Self.provider(bends[$0]) } }
        }

        private static func provider(_ bend: BentWire.Bend) throws {
            let port = try freePort()
            let wire = try BentWire(to: port)
            var options = GatewayUnderTest.Options()
            options.provider = ["backchannel_url: http://127.0.0.1:\(wire.port)", "timeout: 3s"]
            options.routes = ["{ path: /, upstream: api }", "{ path: /plain/, upstream: api, token: none }"]
            let (stage, browser) = try Refreshing.expired(options, providerPort: port)
            stage.provider.bend { $0.lifetime = 300 }
            let attempt = TestBrowser()
            let callback = try stage.pendingCallback(attempt, "bob")
            wire.bends(bend)

            let message = try browser.message(stage.url("/api"))
            let waiting = try RawClient.connect(port: message.port, timeout: .seconds(60))
            try waiting.send(message.text)
            let login = try attempt.message(callback, .navigation, from: .crossSite)
            let signing = try RawClient.connect(port: login.port, timeout: .seconds(60))
            try signing.send(login.text)
            // Who needs no provider does not wait for it.
            for _ in 0..<5 {
                #expect(try browser.askOnce(stage.url("/plain/x"), .fetch, from: .sameOrigin).status == 200)
            }
            let answer = try RawResponse(readingFrom: waiting)
            #expect(answer.status == 503 && answer.header("Retry-After") != nil, "\(answer.head)")
            let refused = try RawResponse(readingFrom: signing)
            #expect([502, 503].contains(refused.status), "\(refused.head)")
            #expect(refused.header("Set-Cookie")?.contains(Stage.cookie + "=") != true, "\(refused.head)")
            #expect(try stage.user(browser).status == 200)

            wire.bends(.straight)
            try eventually("the session goes on: \(stage.gateway.log.suffix(2000))", within: 60) {
                try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200
            }
            #expect(stage.refreshes == 1)
            try eventually("a login works", within: 60) {
                try TestBrowser().ask(stage.url("/page")).status == 200
            }
        }

        @Test(
            "D9, D6 a provider that is ill when the gateway starts: nobody signs in, then everybody")
        func start() async throws {
            let bends: [BentWire.Bend] = [.hangs, .garbage, .tricklesBody, .floods]
            try await onThread { _ = try atOnce(bends.count) { try Self.start(bends[$0]) } }
        }

        private static func start(_ bend: BentWire.Bend) throws {
            let port = try freePort()
            let wire = try BentWire(to: port)
            wire.bends(bend)
            var options = GatewayUnderTest.Options()
            options.provider = ["backchannel_url: http://127.0.0.1:\(wire.port)", "timeout: 2s"]
            let stage = try Stage(options, providerPort: port)
            let answer = try TestBrowser().askOnce(stage.url("/page"))
            #expect(answer.status == 503 && answer.header("Retry-After") != nil, "\(answer.head)")
            wire.bends(.straight)
            try eventually("a login works", within: 90) {
                try TestBrowser().ask(stage.url("/page")).status == 200
            }
        }

        @Test("G50, G52, G55 upstreams that are ill in every way at once harm their own requests alone")
        func upstreams() async throws {
            try await onThread {
                let count = Soak.amount("ill_requests", short: 8)
                let bends = BentWire.Bend.wrong
                try wantDescriptors(4 * count * bends.count + 500)
                let wires = try bends.map { bend in
                    let wire = try BentWire(to: nil)
                    wire.bends(bend)
                    return wire
                }
                var options = GatewayUnderTest.Options()
                options.routes = ["{ path: /, upstream: api }"]
                for (bend, wire) in zip(bends, wires) {
                    // Whoever does something is given the time to do it: a busy machine's peers are slow.
                    let patience = bend == .hangs || bend == .tricklesHead ? "1s" : "60s"
                    let server = "servers: [\"http://127.0.0.1:\(wire.port)\"]"
                    options.upstreams["\(bend)"] = "{ \(server), response_timeout: \(patience), idle_timeout: 2s }"
                    options.routes.append("{ path: /\(bend)/, upstream: \(bend) }")
                }
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let before = try stage.gateway.use
                let waiting = try bends.map { bend in
                    let message = try browser.message(stage.url("/\(bend)/x"))
                    return try (0..<count).map { _ in
                        let peer = try RawClient.connect(port: message.port, timeout: .seconds(60))
                        try peer.send(message.text)
                        return peer
                    }
                }
                let slowest = try Self.honest(stage, browser)
                for (bend, peers) in zip(bends, waiting) {
                    for peer in peers { try Self.expect(bend, peer) }
                    Soak.progress("\(Date()) ill upstream (\(bend)): answered")
                    _ = try Self.honest(stage, browser)
                }
                try eventually("nothing stays behind", within: 30) {
                    guard let now = try stage.gateway.use.descriptors, let then = before.descriptors else {
                        return true
                    }
                    return now <= then + 8
                }
                let latency = String(format: "%.0f ms", slowest * 1000)
                Soak.figure(
                    "ill upstreams: \(bends.count) of them, \(count) requests each; others waited \(latency) at most")
            }
        }

        /// What a client gets to see of an upstream with this illness.
        private static func expect(_ bend: BentWire.Bend, _ peer: ScriptedPeer) throws {
            switch bend {
            case .straight: Issue.record("an upstream that is well")
            case .hangs, .tricklesHead:
                let answer = try RawResponse(readingFrom: peer)
                #expect(answer.status == 504, "\(bend): \(answer.head)")
            case .garbage, .closes, .endlessHead:
                let answer = try RawResponse(readingFrom: peer)
                #expect(answer.status == 502, "\(bend): \(answer.head)")
            case .cutsBody:
                #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 200 "), "\(bend)")
                #expect(throws: (any Error).self, "\(bend)") { _ = try peer.receive(exactly: 100_000) }
            case .tricklesBody, .floods, .interim:
                // These it may do; whoever asked may leave.
                let head = try peer.receiveHead()
                #expect(head.hasPrefix(bend == .interim ? "HTTP/1.1 103 " : "HTTP/1.1 200 "), "\(bend): \(head)")
            }
            peer.reset()
        }

        @Test("G39 a client that does not read stops an upstream's interim responses; nothing piles up, nobody is lost")
        func interim() async throws {
            try await onThread {
                let wire = try BentWire(to: nil)
                wire.bends(.interim)
                var options = GatewayUnderTest.Options()
                options.upstreams = ["ill": "{ servers: [\"http://127.0.0.1:\(wire.port)\"], response_timeout: 1s }"]
                options.routes = ["{ path: /, upstream: api }", "{ path: /ill/, upstream: ill }"]
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let before = try stage.gateway.use
                let message = try browser.message(stage.url("/ill/x"))
                let peer = try RawClient.connect(port: message.port, smallBuffers: true)
                try peer.send(message.text)
                // Longer than the response timeout, which is not the upstream's to keep while nobody reads.
                try eventually("the upstream is stopped after \(wire.sent)", within: 60) { wire.timesStalled >= 4 }
                #expect(wire.sent < 32 << 20, "\(wire.sent)")
                let growth = try stage.gateway.use.resident - before.resident
                if !before.isSanitized { #expect(growth < 8 << 20, "\(growth)") }
                _ = try Self.honest(stage, browser)
                let sent = wire.sent
                try eventually("it goes on when the client reads", within: 60) {
                    for _ in 0..<500 { try #require(try peer.receiveHead().hasPrefix("HTTP/1.1 103 ")) }
                    return wire.sent > sent
                }
            }
        }

        @Test(
            "G39 no window holds an HTTP/2 upstream's interim responses back: what a client does not read is not kept for it",
            arguments: [false, true])
        func interimOverHTTP2(clientToo: Bool) async throws {
            try await onThread {
                let hints = (0..<4).map { ("link", "</\($0)\(String(repeating: "x", count: 1000))>; rel=preload") }
                let upstream = try HTTP2Upstream { request, hasEnded in
                    guard hasEnded else { return nil }
                    let stream = UInt32(request.stream)
                    let hint = RawHTTP2.headers(stream, [(":status", "103")] + hints, ends: false)
                    var bytes: [UInt8] = []
                    if request.target == "/hints" { for _ in 0..<4_000 { bytes += hint } }
                    return .raw(bytes + RawHTTP2.headers(stream, [(":status", "204")]))
                }
                var options = GatewayUnderTest.Options()
                options.upstreams = ["shared": "{ servers: [\"http://127.0.0.1:\(upstream.port)\"], http2: true }"]
                options.routes = ["{ path: /, upstream: shared, access: public }"]
                options.workers = 1
                let gateway = try GatewayUnderTest(issuer: "http://127.0.0.1:1", upstream: 1, options: options)
                let before = try gateway.use
                let host = "localhost:\(gateway.port)"
                func request(_ path: String) -> String {
                    "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
                }
                let raw = try RawClient.connect(port: UInt16(gateway.port), smallBuffers: true)
                if clientToo {
                    try raw.send(RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request("GET", "/hints", host: host)))
                } else {
                    try raw.send(request("/hints"))
                }
                // All of it has been read when the upstream's last word has.
                try eventually("the upstream is asked") { upstream.requests.count == 1 }
                #expect(try RawClient.ask(port: UInt16(gateway.port), request("/")).status == 204)
                let growth = try gateway.use.resident - before.resident
                if !before.isSanitized { #expect(growth < 10 << 20, "\(growth)") }
                // Some of them are lost; the answer is not.
                if clientToo {
                    var bytes: [UInt8] = []
                    try eventually("the answer") {
                        bytes += try raw.receive()
                        return RawHTTP2.frames(bytes).last { $0.type == 1 }.map { $0.flags & 1 == 1 } ?? false
                    }
                } else {
                    #expect(try raw.receiveTextToEnd().contains("HTTP/1.1 204 "))
                }
            }
        }
    }
}
