import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Listening sockets that somebody else opened.
    @Suite struct SocketActivation {
        /// A configuration for a gateway that is started in an unusual way.
        private func configuration(_ folder: TemporaryFolder, listen: String, upstream: Int) throws -> String {
            let file = folder.path + "/postern.yaml"
            let text = """
                public_url: http://localhost:1
                listen: [\(listen)]
                workers: 3
                admin: null
                provider: { issuer: "http://127.0.0.1:1", client_id: postern }
                session: { store: "memory:" }
                upstreams: { api: "http://127.0.0.1:\(upstream)" }
                routes: [ { path: /, upstream: api, access: public } ]
                """
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            return file
        }

        private let request = "GET /x HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n"

        @Test("systemd-socket-activate: the gateway serves what it was started with, and who waited; its heir, too")
        func activated() async throws {
            try await onThread {
                let upstream = try EchoUpstream()
                let (folder, port) = (try TemporaryFolder("activation"), try freePort())
                let file = try configuration(
                    folder, listen: "{ address: \"127.0.0.1:\(port)\" }, { address: \"unix:\(folder.path)/s\" }",
                    upstream: upstream.port)
                let program = try GatewayUnderTest.program
                let child = try ChildProcess(
                    [
                        "systemd-socket-activate", "-l", "127.0.0.1:\(port)", "-l", "\(folder.path)/s", program,
                        "serve",
                        "--config", file,
                    ])
                defer { child.end(within: 5) }
                try eventually("systemd listens") { (try? RawClient.connect(port: UInt16(port))) != nil }
                // The gateway starts because somebody comes; whoever comes meanwhile waits in the queue.
                for _ in 0..<8 {
                    #expect(try RawClient.ask(port: UInt16(port), request).status == 200, "\(child.output)")
                }
                #expect(!child.output.contains("socket_unused"), "\(child.output)")
                let peer = try RawClient.connect(unix: folder.path + "/s")
                try peer.send(request)
                #expect(try RawResponse(readingFrom: peer).status == 200)
                // They stay the manager's when another process takes over, whose configuration wants one of them no more.
                _ = try configuration(folder, listen: "{ address: \"127.0.0.1:\(port)\" }", upstream: upstream.port)
                child.signal(SIGUSR2)
                try eventually("it hands over: \(child.output)") { child.output.contains("\"handed_over\"") }
                let heir = try #require(
                    child.output.firstMatch(of: /"handed_over","pid":(\d+)/).flatMap { pid_t($0.output.1) })
                defer { kill(heir, SIGKILL) }
                #expect(try child.wait(within: 40) == 0)
                #expect(try RawClient.ask(port: UInt16(port), request).status == 200)
                #expect(child.output.contains("socket_unused"), "\(child.output)")
                kill(heir, SIGTERM)
                try eventually("it ends", within: 40) { !GatewayUnderTest.isRunning(heir) }
                #expect(FileManager.default.fileExists(atPath: folder.path + "/s"))
            }
        }

        @Test(
            "A socket that no listener asks for is said, the listener is opened as ever, and an heir may want the socket"
        )
        func unused() async throws {
            try await onThread {
                let upstream = try EchoUpstream()
                let (folder, port, other) = (try TemporaryFolder("activation"), try freePort(), try freePort())
                let file = try configuration(
                    folder, listen: "{ address: \"127.0.0.1:\(port)\" }", upstream: upstream.port)
                let child = try ChildProcess(
                    [
                        "systemd-socket-activate", "-l", "127.0.0.1:\(other)", try GatewayUnderTest.program, "serve",
                        "--config", file,
                    ])
                defer { child.end(within: 5) }
                try eventually("systemd listens") { (try? RawClient.connect(port: UInt16(other))) != nil }
                try eventually("the gateway listens") { (try? RawClient.connect(port: UInt16(port))) != nil }
                #expect(try RawClient.ask(port: UInt16(port), request).status == 200)
                try eventually("the other one is named") {
                    child.output.contains("socket_unused") && child.output.contains("127.0.0.1:\(other)")
                }
                let both = "{ address: \"127.0.0.1:\(port)\" }, { address: \"127.0.0.1:\(other)\" }"
                _ = try configuration(folder, listen: both, upstream: upstream.port)
                child.signal(SIGUSR2)
                try eventually("it hands over: \(child.output)") { child.output.contains("\"handed_over\"") }
                let heir = try #require(
                    child.output.firstMatch(of: /"handed_over","pid":(\d+)/).flatMap { pid_t($0.output.1) })
                defer { kill(heir, SIGTERM) }
                #expect(try child.wait(within: 40) == 0)
                for port in [port, other] { #expect(try RawClient.ask(port: UInt16(port), request).status == 200) }
            }
        }
    }
}
