import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Clients and servers that others wrote, on both sides of the gateway, behind a login.
    @Suite struct RealPeers {
        private static func cookie(_ browser: TestBrowser) throws -> String {
            "\(Stage.cookie)=\(try #require(browser.jar[Stage.cookie]))"
        }

        private static func signOut(_ browser: TestBrowser, _ stage: Stage) throws {
            #expect(try browser.askOnce(try stage.logoutURL(browser)).status == 302)
        }

        @Test(
            "G60, G63, E47 Python's `websockets` on both sides: messages of every kind, compressed, and 1008 at a logout"
        )
        func websockets() async throws {
            try await onThread {
                let server = try PythonPeer("websockets_peer.py", "server")
                var options = GatewayUnderTest.Options()
                options.upstreams = ["socket": "http://127.0.0.1:\(try server.port)"]
                options.routes.append("{ path: /socket, upstream: socket }")
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let client = try PythonPeer(
                    "websockets_peer.py", "client", "ws://localhost:\(stage.gateway.port)/socket",
                    try Self.cookie(browser), stage.gateway.origin)
                #expect(try client.line("subprotocol") == "demo extensions 1")
                #expect(try server.line("subprotocol") == "demo extensions 1")
                try client.line("echoed")
                try Self.signOut(browser, stage)
                #expect(try client.line("closed") == "1008 revoked")
                #expect(try server.line("closed") == "1008 revoked")
                #expect(try client.process.wait() == 0)
            }
        }

        @Test("G81, E47 Python's `h2` on both sides: a body each way, and a WebSocket by extended CONNECT (RFC 8441)")
        func h2() async throws {
            try await onThread {
                let server = try PythonPeer("h2_peer.py", "server")
                var options = GatewayUnderTest.Options()
                options.upstreams = ["both": "{ servers: [ \"http://127.0.0.1:\(try server.port)\" ], http2: true }"]
                options.routes = ["{ path: /, upstream: both }"]
                options.workers = 1
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let client = try PythonPeer(
                    "h2_peer.py", "client", "\(stage.gateway.port)", "localhost:\(stage.gateway.port)",
                    try Self.cookie(browser))
                try client.line("uploaded")
                try client.line("conversed")
                #expect(try server.line("tunnel") == "/socket")
                try Self.signOut(browser, stage)
                #expect(try client.line("closed") == "1008 revoked")
                #expect(try server.line("closed") == "1008 revoked")
                #expect(try client.process.wait() == 0)
            }
        }

        @Test(
            "gRPC's own library on both sides: unary and streaming each way, metadata, trailers, errors; a logout ends a stream"
        )
        func grpc() async throws {
            try await onThread {
                let server = try PythonPeer("grpc_peer.py", "server")
                var options = GatewayUnderTest.Options()
                options.upstreams = ["grpc": "{ servers: [ \"http://127.0.0.1:\(try server.port)\" ], http2: true }"]
                options.routes.append("{ path: /demo.Peer/, upstream: grpc }")
                let stage = try Stage(options)
                let browser = try stage.signedIn()
                let client = try PythonPeer(
                    "grpc_peer.py", "client", "127.0.0.1:\(stage.gateway.port)", "localhost:\(stage.gateway.port)",
                    try Self.cookie(browser))
                try client.line("called")
                try client.line("streaming")
                try Self.signOut(browser, stage)
                let code = try client.line("ended")
                #expect(["CANCELLED", "INTERNAL", "UNAVAILABLE", "UNKNOWN"].contains(code), "\(code)")
                #expect(try client.process.wait() == 0)
            }
        }
    }
}
