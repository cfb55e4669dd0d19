import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// Bodies that are larger than any memory.
    @Suite struct Volume {
        /// A gateway with one worker, an upstream for large bodies, and what the gateway held before the first of them.
        private struct Scene {
            let stage: Stage
            let bulk: BulkUpstream
            let browser: TestBrowser
            let before: ProcessUse
            static let bound = 16 << 20

            init() throws {
                bulk = try BulkUpstream()
                var options = GatewayUnderTest.Options()
                options.workers = 1
                options.upstreams = ["bulk": "http://127.0.0.1:\(bulk.port)"]
                options.routes = ["{ path: /, upstream: api }", "{ path: /bulk/, upstream: bulk }"]
                stage = try Stage(options)
                browser = try stage.signedIn()
                before = try stage.gateway.use
            }

            func connect(_ path: String, posting length: Int? = nil, smallBuffers: Bool = false) throws -> ScriptedPeer
            {
                let message = try browser.message(
                    stage.url(path), method: length == nil ? "GET" : "POST",
                    headers: length.map { ["Content-Length": "\($0)"] } ?? [:])
                let peer = try RawClient.connect(port: message.port, smallBuffers: smallBuffers, timeout: .seconds(60))
                try peer.send(message.text)
                return peer
            }

            /// Notes memory every 16 MiB, and expects it not to have grown at the end.
            func watch(_ name: String, of length: Int, _ body: ((Int) -> Void) throws -> Void) throws {
                var total = 0
                var next = 0
                var most = 0
                let begin = Date()
                try body { count in
                    total += count
                    guard total >= next else { return }
                    next = total + 16 << 20
                    most = max(most, (try? stage.gateway.use.resident) ?? 0)
                    if total % (1 << 30) < 16 << 20 { Soak.progress("\(name): \(Soak.size(total))") }
                }
                most = max(most, try stage.gateway.use.resident)
                let growth = most - before.resident
                if !before.isSanitized { #expect(growth < Self.bound, "\(name): \(Soak.size(growth))") }
                #expect(total == length)
                #expect(most > 0 && bulk.scriptErrors.isEmpty, "\(bulk.scriptErrors)")
                let seconds = max(Date().timeIntervalSince(begin), 0.001)
                let speed = String(format: "%.0f MiB/s", Double(total) / seconds / 1_048_576)
                Soak.figure("\(name): \(Soak.size(total)) at \(speed); memory +\(Soak.size(growth)) at most")
            }
        }

        private static let length = Soak.amount("volume_mib", short: 256) << 20

        @Test("G54 a body of any size passes down in bounded memory, and whole")
        func down() async throws {
            try await onThread {
                let scene = try Scene()
                let peer = try scene.connect("/bulk/\(Self.length)")
                #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 200 "))
                try scene.watch("down", of: Self.length) { progress in
                    let isWhole = try BulkPattern.receive(Self.length, from: peer, progress)
                    #expect(isWhole)
                }
            }
        }

        @Test("G54 a body of any size passes up in bounded memory, and whole")
        func up() async throws {
            try await onThread {
                let scene = try Scene()
                let peer = try scene.connect("/bulk/up", posting: Self.length)
                try scene.watch("up", of: Self.length) { progress in
                    try BulkPattern.send(Self.length, to: peer, progress)
                }
                #expect(try RawResponse(readingFrom: peer).text == "good \(Self.length)")
            }
        }

        @Test("G54 a client that does not read stops the upstream; nothing piles up, and nothing is lost")
        func slowReader() async throws {
            try await onThread {
                let length = max(64 << 20, Self.length / 8)
                let scene = try Scene()
                let peer = try scene.connect("/bulk/\(length)", smallBuffers: true)
                try eventually("the upstream is stopped after \(scene.bulk.sent)", within: 60) {
                    scene.bulk.timesStalled > 0
                }
                // What is under way lies in the kernel's buffers, most of it.
                #expect(scene.bulk.sent < 32 << 20, "\(scene.bulk.sent)")
                #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 200 "))
                try scene.watch("down to a slow reader", of: length) { progress in
                    let isWhole = try BulkPattern.receive(length, from: peer, progress)
                    #expect(isWhole)
                }
            }
        }

        @Test("G54 an upstream that does not read stops the client; nothing piles up, and nothing is lost")
        func slowUpstream() async throws {
            try await onThread {
                let length = max(64 << 20, Self.length / 8)
                let scene = try Scene()
                scene.bulk.reads(false)
                let peer = try scene.connect("/bulk/up", posting: length)
                var sent = 0
                try scene.watch("up to a slow upstream", of: length) { progress in
                    try BulkPattern.send(length, to: peer) { count in
                        sent += count
                        if count == 0, scene.bulk.received == 0 {
                            #expect(sent < 32 << 20, "\(sent)")
                            scene.bulk.reads(true)
                        }
                        progress(count)
                    }
                }
                #expect(try RawResponse(readingFrom: peer).text == "good \(length)")
            }
        }
    }
}
