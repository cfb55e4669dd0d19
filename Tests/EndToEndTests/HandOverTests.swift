import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// SIGUSR2: another process takes over, and nobody notices.
    @Suite struct HandOvers {
        private static let isPublic = "{ path: /open, upstream: api, access: public }"

        @Test(
            "B32 B33 E47 hand-overs under load: no connection refused or reset, nobody signed out, streams and tunnels go on"
        )
        func underLoad() async throws {
            try await onThread {
                let rounds = Soak.amount("handovers", short: 3)
                let port = try freePort()
                // Rotation, and no mercy for a token that comes twice: its whole family ends.
                let provider = try DevelopmentProvider(
                    origin: "http://localhost:\(port)", options: ["--access-token-lifetime", "2s"])
                let upstream = try EchoUpstream()
                upstream.answers(HandOverLoad.upstream)
                var options = GatewayUnderTest.Options()
                options.provider = ["tolerate: [development_provider]"]
                options.top = ["shutdown: { drain: 20s }"]
                options.listensOnSocket = true
                options.workers = 3
                let gateway = try GatewayUnderTest(
                    issuer: provider.issuer, secret: provider.secret, upstream: upstream.port, port: port,
                    options: options)
                let load = try HandOverLoad(gateway, provider)
                load.begin()
                defer { load.end() }
                try eventually("everybody is at work") { load.everybodyWorks }
                for round in 1...rounds {
                    let (answers, bearers) = (load.answers, load.bearers(upstream))
                    let line = try gateway.handOver()
                    #expect(line.contains("\"msg\":\"handed_over\""), "\(line)")
                    try eventually("work goes on, with new tokens; \(load.failures)", within: 30) {
                        load.answers >= answers + 200 && load.bearers(upstream) >= bearers + 2
                    }
                    upstream.forget()
                    if round % 5 == 0 { Soak.progress("handed over \(round) times") }
                    guard load.failures.isEmpty else { break }
                }
                load.end()
                #expect(load.failures.isEmpty, "\(load.failures)")
                #expect(load.everybodyWorks)
                // Nobody waits for them any more; each of the former processes ends by itself, and well.
                #expect(try gateway.process.wait(within: 40) == 0)
                try eventually("all but the last have stopped", within: 40) {
                    gateway.events("stopped").count == rounds
                }
                #expect(gateway.events("refresh_refused").isEmpty && gateway.events("worker_failed").isEmpty)
                #expect(FileManager.default.fileExists(atPath: gateway.socket))
                Soak.figure("hand-overs: \(rounds), \(load.summary), failures: \(load.failures.count)")
            }
        }

        @Test("A new process that cannot start changes nothing, says why, and may be tried again; then it takes over")
        func failing() async throws {
            try await onThread {
                let upstream = try EchoUpstream()
                let manager = try NotifySocket()
                var options = GatewayUnderTest.Options()
                options.routes = [Self.isPublic]
                options.listensOnSocket = true
                options.runsByOwnPath = true
                options.environment = ["NOTIFY_SOCKET": manager.path]
                options.admin = "{ address: \"127.0.0.1:\(try freePort())\" }"
                let gateway = try GatewayUnderTest(
                    issuer: "http://127.0.0.1:1", upstream: upstream.port, options: options)
                #expect(try manager.receive() == "READY=1")
                let request = "GET /open HTTP/1.1\r\nHost: localhost:\(gateway.port)\r\n\r\n"
                func serves() throws {
                    #expect(try RawClient.ask(port: UInt16(gateway.port), request).status == 200)
                    let peer = try RawClient.connect(unix: gateway.socket)
                    try peer.send(request)
                    #expect(try RawResponse(readingFrom: peer).status == 200)
                }
                let first = gateway.pid
                let built = try FileManager.default.destinationOfSymbolicLink(atPath: gateway.ownProgram)
                func put(_ text: String?) throws {
                    try? FileManager.default.removeItem(atPath: gateway.ownProgram)
                    guard let text else { return }
                    try text.write(toFile: gateway.ownProgram, atomically: true, encoding: .utf8)
                    chmod(gateway.ownProgram, 0o755)
                }
                for (program, reason) in [
                    (nil, "No such file or directory"), ("no program", "Exec format error"),
                    ("#!/bin/sh\nexit 3\n", "ended with code 3"), ("#!/bin/sh\nkill -11 $$\n", "ended by signal 11"),
                ] as [(String?, String)] {
                    try put(program)
                    let line = try gateway.handOver()
                    #expect(line.contains("handover_failed") && line.contains(reason), "\(line)")
                    try serves()
                }
                try? FileManager.default.removeItem(atPath: gateway.ownProgram)
                try FileManager.default.createSymbolicLink(atPath: gateway.ownProgram, withDestinationPath: built)
                let good = try String(contentsOfFile: gateway.configuration, encoding: .utf8)
                // One that is found out by reading, one by opening: the address is somebody else's.
                let taken = "listen: [{ address: \"127.0.0.1:\(upstream.port)\" }, "
                for (bad, reason) in [
                    (good + "nonsense: true\n", "code 78"), (good.replacing("listen: [", with: taken), "code 69"),
                ] {
                    try bad.write(toFile: gateway.configuration, atomically: true, encoding: .utf8)
                    let line = try gateway.handOver()
                    #expect(line.contains("handover_failed") && line.contains(reason), "\(line)")
                    try serves()
                }
                try good.write(toFile: gateway.configuration, atomically: true, encoding: .utf8)
                #expect(gateway.pid == first)
                // A reload works as before.
                #expect(try gateway.reload().contains("\"reloaded\""))

                // A client that was there before asks again: it is answered, and told to come on another connection.
                let kept = try RawClient.connect(port: UInt16(gateway.port))
                try kept.send(request)
                #expect(try RawResponse(readingFrom: kept).header("Connection") == nil)
                let client = try HTTP2Client(port: UInt16(gateway.port))
                let id = try client.ask("GET", "/open", host: "localhost:\(gateway.port)")
                #expect(try client.response(id).status == 200)
                #expect(try gateway.handOver().contains("handed_over"))
                #expect(gateway.pid != first)
                #expect(try manager.receive() == "MAINPID=\(gateway.pid)\nREADY=1")
                try serves()
                try kept.send(request)
                let last = try RawResponse(readingFrom: kept)
                #expect(last.status == 200 && last.header("Connection") == "close", "\(last.head)")
                #expect(try kept.receiveToEnd().isEmpty)
                try client.waitForClose()
                #expect(client.goAway?.last == id)
                #expect(try gateway.process.wait(within: 40) == 0)
                try serves()
                // The new one is asked to stop: it removes the socket's file, as its owner now.
                kill(gateway.pid, SIGTERM)
                #expect(try manager.receive() == "STOPPING=1")
                try eventually("it ends", within: 40) { !GatewayUnderTest.isRunning(gateway.pid) }
                #expect(!FileManager.default.fileExists(atPath: gateway.socket))
            }
        }

        @Test("A process that is asked to stop while another gets ready takes that one along")
        func stopped() async throws {
            try await onThread {
                let upstream = try EchoUpstream()
                var options = GatewayUnderTest.Options()
                options.routes = [Self.isPublic]
                options.runsByOwnPath = true
                let gateway = try GatewayUnderTest(
                    issuer: "http://127.0.0.1:1", upstream: upstream.port, options: options)
                try FileManager.default.removeItem(atPath: gateway.ownProgram)
                try "#!/bin/sh\nexec sleep 60\n".write(toFile: gateway.ownProgram, atomically: true, encoding: .utf8)
                chmod(gateway.ownProgram, 0o755)
                gateway.process.signal(SIGUSR2)
                try eventually("it starts") { gateway.events("handing_over").count == 1 }
                let line = gateway.events("handing_over")[0]
                let heir = try #require(line.firstMatch(of: /"pid":(\d+)/).flatMap { pid_t($0.output.1) })
                // Not a second one while the first gets ready.
                gateway.process.signal(SIGUSR2)
                try eventually("it is said") { gateway.events("signal_ignored").count == 1 }
                #expect(GatewayUnderTest.isRunning(heir))
                #expect(try gateway.stop() == 0)
                try eventually("both are gone") { !GatewayUnderTest.isRunning(heir) }
            }
        }

        /// Somebody who always comes anew.
        private final class Newcomers: Sendable {
            private let state = Locked((answers: 0, failures: [String](), isOver: false))
            private let over = Semaphore()

            init(_ ask: @escaping @Sendable () throws -> RawResponse) throws {
                try Thread.start(name: "newcomers") { [state, over] in
                    while !state.withLock({ $0.isOver }) {
                        do {
                            let status = try ask().status
                            state.withLock { $0.answers += 1 }
                            if status != 200 { state.withLock { $0.failures.append("\(status)") } }
                        } catch {
                            state.withLock { $0.failures.append("\(error)") }
                        }
                    }
                    over.signal()
                }.detach()
            }

            var answers: Int { state.withLock { $0.answers } }

            /// What went wrong.
            func end() -> [String] {
                state.withLock { $0.isOver = true }
                over.wait()
                return state.withLock { $0.failures }
            }
        }

        @Test(
            "A listener at one address becomes one at all addresses, and the reverse, by hand-over and by reload: nobody is lost",
            arguments: [1, 3])
        func otherAddress(workers: Int) async throws {
            try await onThread {
                let upstream = try EchoUpstream()
                var options = GatewayUnderTest.Options()
                options.routes = [Self.isPublic]
                options.workers = workers
                let gateway = try GatewayUnderTest(
                    issuer: "http://127.0.0.1:1", upstream: upstream.port, options: options)
                let request = "GET /open HTTP/1.1\r\nHost: localhost:\(gateway.port)\r\nConnection: close\r\n\r\n"
                let port = UInt16(gateway.port)
                let good = try String(contentsOfFile: gateway.configuration, encoding: .utf8)
                let newcomers = try Newcomers { try RawClient.ask(port: port, request) }
                for (isReload, host) in [
                    (false, "0.0.0.0"), (false, "127.0.0.1"), (true, "0.0.0.0"), (true, "127.0.0.1"),
                    (true, "localhost"),
                    (true, "0.0.0.0"), (false, "0.0.0.0"), (true, "127.0.0.1"), (true, "[::]"), (false, "127.0.0.1"),
                ] {
                    let text = good.replacing("127.0.0.1:\(port)\" }", with: "\(host):\(port)\" }")
                    if isReload {
                        let line = try gateway.reload { _ in text }
                        #expect(line.contains("\"reloaded\""), "\(host): \(line)")
                    } else {
                        try text.write(toFile: gateway.configuration, atomically: true, encoding: .utf8)
                        let line = try gateway.handOver()
                        #expect(line.contains("handed_over"), "\(host): \(line)")
                    }
                    // Another of the machine's addresses, which is this one's alone or nobody's.
                    let isWide = ["0.0.0.0", "[::]"].contains(host)
                    try eventually("\(host) is what it says", within: 30) {
                        isWide == ((try? RawClient.ask(port: port, host: 0x7F00_0002, request))?.status == 200)
                    }
                    let answers = newcomers.answers
                    try eventually("others come", within: 30) { newcomers.answers >= answers + 20 }
                }
                let failures = newcomers.end()
                #expect(failures.isEmpty, "\(failures)")
                // What stays in the way is named.
                let refused = try gateway.reload { text in
                    text.replacing("listen: [", with: "listen: [{ address: \"0.0.0.0:\(port)\" }, ")
                }
                #expect(
                    refused.contains("reload_refused") && refused.contains("0.0.0.0:\(port) beside 127.0.0.1:\(port)"),
                    "\(refused)")
                #expect(try RawClient.ask(port: port, request).status == 200)
            }
        }

        @Test("Other workers and other listeners: every queue is served, what is gone is closed, what is new is open")
        func otherShape() async throws {
            try await onThread {
                let upstream = try EchoUpstream()
                let other = try freePort()
                var options = GatewayUnderTest.Options()
                options.routes = [Self.isPublic]
                options.listensOnSocket = true
                options.workers = 4
                let gateway = try GatewayUnderTest(
                    issuer: "http://127.0.0.1:1", upstream: upstream.port, options: options)
                let request = "GET /open HTTP/1.1\r\nHost: localhost:\(gateway.port)\r\nConnection: close\r\n\r\n"
                let good = try String(contentsOfFile: gateway.configuration, encoding: .utf8)
                for workers in [1, 6] {
                    let text = good.replacing("workers: 4", with: "workers: \(workers)")
                    try text.write(toFile: gateway.configuration, atomically: true, encoding: .utf8)
                    #expect(try gateway.handOver().contains("handed_over"))
                    // Each connection falls into one of four queues.
                    for _ in 0..<40 { #expect(try RawClient.ask(port: UInt16(gateway.port), request).status == 200) }
                }
                let text = good.replacing(
                    "{ address: \"unix:\(gateway.socket)\" }", with: "{ address: \"127.0.0.1:\(other)\" }")
                #expect(text != good)
                try text.write(toFile: gateway.configuration, atomically: true, encoding: .utf8)
                #expect(try gateway.handOver().contains("handed_over"))
                for port in [gateway.port, other] {
                    #expect(try RawClient.ask(port: UInt16(port), request).status == 200)
                }
                #expect(!FileManager.default.fileExists(atPath: gateway.socket))
            }
        }
    }
}
