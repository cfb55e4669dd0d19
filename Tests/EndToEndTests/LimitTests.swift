import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// As many connections as the machine allows, and what happens beyond.
    @Suite struct Limits {
        @Test("serve raises the soft limit of descriptors, and lowers limits.connections to what fits, naming both")
        func descriptors() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.launcher = ["/bin/sh", "-c", "ulimit -Sn 100 && ulimit -Hn 400 && exec \"$@\"", "sh"]
                let site = try OpenSite(secure: false, options)
                let line = try #require(site.gateway.events("connections_lowered").first)
                for part in ["warning", "\"asked\":20000", "\"possible\":350", "\"descriptors\":400"] {
                    #expect(line.contains(part), "\(part) in \(line)")
                }
                let clients = try (0..<350).map { _ in try site.connect() }
                for client in clients { #expect(try client.ask() == 200) }
                // One more waits until somebody leaves; nobody is turned away.
                let waiting = try site.connect()
                try waiting.send(site.head())
                #expect(waiting.raw.staysSilent(milliseconds: 300))
                for client in clients.prefix(3) { #expect(try client.ask() == 200) }
                clients[0].raw.close()
                #expect(try waiting.status() == 200)
                // What fits is not spoken of.
                let reloaded = try site.gateway.reload { $0 + "limits: { connections: 350 }\n" }
                #expect(reloaded.contains("\"reloaded\""), "\(reloaded)")
                #expect(site.gateway.events("connections_lowered").count == 1)
            }
        }

        @Test("very many connections are held, each answered again; others wait for nothing", arguments: [false, true])
        func held(secure: Bool) async throws {
            try await onThread {
                let count = Soak.amount("held", short: 300)
                try wantDescriptors(count + 500)
                var options = GatewayUnderTest.Options()
                options.top = ["limits: { header_timeout: 60s, idle_timeout: 900s }"]
                let site = try OpenSite(secure: secure, options)
                _ = try site.honest()
                let before = try site.gateway.use
                let clients = try (0..<count).map { _ in
                    let client = try site.connect()
                    #expect(try client.ask() == 200)
                    return client
                }
                let each = (try site.gateway.use.resident - before.resident) / count
                let honest = try site.honest()
                #expect(honest.isWell)
                for client in clients { #expect(try client.ask() == 200) }
                if let held = try site.gateway.use.descriptors { #expect(held >= count) }
                Soak.figure(
                    "held: \(count) \(secure ? "TLS" : "plain") connections, \(each) bytes each; "
                        + String(format: "others waited %.0f ms at most", honest.milliseconds))
            }
        }

        @Test("very many handshakes that never end stop nobody, and are gone after the header timeout")
        func halfOpen() async throws {
            try await onThread {
                let count = Soak.amount("half_open", short: 300)
                try wantDescriptors(count + 500)
                var options = GatewayUnderTest.Options()
                // All of them together may keep a busy machine for seconds.
                options.top = ["limits: { header_timeout: \(count > 1000 ? 10 : 3)s }"]
                let site = try OpenSite(secure: true, options)
                _ = try site.honest()
                let before = try site.gateway.use
                let hello = try site.hello()
                let peers = try (0..<count).map { number in
                    let peer = try site.connectRaw()
                    // Some say nothing, some half a hello, some all of it, and never look at the answer.
                    try peer.send(Array(hello.prefix([0, 50, hello.count][number % 3])))
                    return peer
                }
                let during = try site.gateway.use
                let honest = try site.honest()
                #expect(honest.isWell)
                for peer in peers { #expect(peer.waitUntilClosed()) }
                #expect(try site.honest().isWell)
                try eventually("their descriptors are closed", within: 30) {
                    guard let now = try site.gateway.use.descriptors, let then = before.descriptors else { return true }
                    return now <= then + 8
                }
                let each = (during.resident - before.resident) / count
                Soak.figure(
                    "half-open handshakes: \(count), \(each) bytes each; "
                        + String(format: "others waited %.0f ms at most", honest.milliseconds))
            }
        }

        @Test(
            "without a descriptor left newcomers are turned away and new upstream connections are 503; who is in is served, and all are afterwards",
            arguments: [false, true])
        func exhausted(secure: Bool) async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.workers = 1
                let site = try OpenSite(secure: secure, options)
                let release = Semaphore()
                site.upstream.answers { request, peer in
                    if request.target == "/held" { release.wait() }
                    try peer.send(EchoUpstream.answer("well"))
                }
                let honest = try site.connect()
                #expect(try honest.ask() == 200)
                // Its limit was enough for its settings; somebody takes it away from under it.
                let former = try Self.limitDescriptors(of: site.gateway, to: 64)
                let crowd = try (0..<80).map { _ in try site.connectRaw() }
                var inside = crowd
                try eventually("as many are turned away as have no place") {
                    inside = inside.filter { $0.staysSilent(milliseconds: 0) }
                    return inside.count < 64
                }
                #expect(!inside.isEmpty)
                #expect(try site.connectRaw().waitUntilClosed())
                for _ in 0..<10 { #expect(try honest.ask() == 200) }
                // The one upstream connection that there is, is busy.
                try honest.send(site.head("/held"))
                try eventually("it is asked") { site.upstream.requests.last?.target == "/held" }
                let other = try site.connect(on: inside[0])
                for _ in 0..<10 { #expect(try other.ask() == 503) }
                release.signal()
                #expect(try honest.status() == 200)
                // Not the upstream has failed.
                #expect(try other.ask() == 200)
                _ = try Self.limitDescriptors(of: site.gateway, to: former)
                let later = try (0..<20).map { _ in try site.connect() }
                for client in later { try client.send(site.head()) }
                for client in later { #expect(try client.status() == 200) }
                #expect(try honest.ask() == 200 && other.ask() == 200)
            }
        }

        @Test(
            "the last descriptors are no client's, whatever takes them: upstreams, files, connections",
            arguments: ["/held", "/files/big", ""])
        func reserve(path: String) async throws {
            try await onThread {
                let folder = try TemporaryFolder("files")
                try Data(count: 40_000_000).write(to: URL(fileURLWithPath: folder.path + "/big"))
                var options = GatewayUnderTest.Options()
                options.launcher = ["/bin/sh", "-c", "ulimit -n 120 && exec \"$@\"", "sh"]
                options.workers = 1
                options.routes = [
                    "{ path: /, upstream: api }",
                    "{ path: /files/, files: {root: \(folder.path)}, strip_prefix: true }",
                ]
                let site = try OpenSite(secure: false, options)
                let release = Semaphore()
                let isOver = Locked(false)
                site.upstream.answers { request, peer in
                    if request.target == "/held", !isOver.withLock({ $0 }) { release.wait() }
                    try peer.send(EchoUpstream.answer("well"))
                }
                // Somebody takes some away, so that clients alone may come to the end.
                if path.isEmpty { _ = try Self.limitDescriptors(of: site.gateway, to: 80) }
                let limit = path.isEmpty ? 80 : 120
                let clients = try (0..<100).map { _ in try site.connect(smallBuffers: true) }
                var most = 0
                for client in clients {
                    if !path.isEmpty { try? client.send(site.head(path)) }
                    most = max(most, try site.gateway.use.descriptors ?? 0)
                }
                try eventually("all have asked") {
                    most = max(most, try site.gateway.use.descriptors ?? 0)
                    if path.isEmpty { return clients.count { !$0.raw.staysSilent(milliseconds: 0) } > 0 }
                    // Whoever had no descriptor has his answer.
                    return site.gateway.events("request").contains { $0.contains("\"status\":503") }
                }
                // It opens some itself now and then.
                #expect(most < limit - 8, "\(most)")
                isOver.withLock { $0 = true }
                for _ in 0..<100 { release.signal() }
                for client in clients { client.raw.close() }
                try eventually("all is well again", within: 30) { try site.ask() == 200 }
            }
        }

        @Test("a few clients with very many streams take no descriptor that others, or the administration, need")
        func streams() async throws {
            try await onThread {
                let folder = try TemporaryFolder("files")
                try Data(count: 400_000).write(to: URL(fileURLWithPath: folder.path + "/big"))
                let admin = try freePort()
                var options = GatewayUnderTest.Options()
                options.launcher = ["/bin/sh", "-c", "ulimit -n 400 && exec \"$@\"", "sh"]
                options.workers = 1
                options.admin = "{ address: \"127.0.0.1:\(admin)\" }"
                options.routes = [
                    "{ path: /, upstream: api }",
                    "{ path: /files/, files: {root: \(folder.path)}, strip_prefix: true }",
                ]
                let site = try OpenSite(secure: false, options)
                let port = UInt16(site.gateway.port)
                let greedy = try (0..<5).map { _ in try HTTP2Client(port: port, window: 0) }
                for client in greedy {
                    for _ in 0..<100 { _ = try client.ask("GET", "/files/big", host: "localhost:\(port)") }
                    // Heads pass, bodies do not.
                    try client.wait { client.responses.values.allSatisfy { $0.status != 0 } }
                }
                #expect(greedy.contains { $0.responses.values.contains { $0.status == 503 } })
                if let taken = try site.gateway.use.descriptors { #expect(taken > 340 && taken < 370, "\(taken)") }
                for _ in 0..<20 {
                    let clients = try (0..<5).map { _ in try site.connect() }
                    for client in clients { try client.send(site.head("/files/none")) }
                    for client in clients { #expect(try client.status() == 404) }
                    let health = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                    #expect(try RawClient.ask(port: UInt16(admin), health).status == 200)
                }
                for client in greedy { client.peer.close() }
                try eventually("all is well again", within: 30) { try site.ask() == 200 }
            }
        }

        /// Sets the soft limit of the running program; what it was before.
        private static func limitDescriptors(of gateway: GatewayUnderTest, to count: Int) throws -> Int {
            func prlimit(_ words: String...) throws -> String {
                let outcome = try ChildProcess.run(["prlimit", "--pid", "\(gateway.process.pid)"] + words)
                try #require(outcome.code == 0, "\(outcome.output)")
                return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            let former = try prlimit("--nofile", "--raw", "--noheadings", "-o", "SOFT")
            _ = try prlimit("--nofile=\(count):")
            return try #require(Int(former))
        }
    }
}
