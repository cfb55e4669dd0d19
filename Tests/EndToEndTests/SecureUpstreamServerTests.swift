import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// nginx as an application under https.
    @Suite struct SecureUpstreamServer {
        /// nginx that answers `hello from HOST by SUBJECT` to whoever shows a certificate of `clients`.
        private final class Application {
            let port: Int
            private let nginx: Nginx

            /// - Parameter clients: whoever has none of its certificates is refused; nil asks for none.
            init(_ pair: TestAuthority.Pair, clients: TestAuthority?) throws {
                port = try freePort()
                let asking = clients.map { "ssl_client_certificate \($0.root.certificate); ssl_verify_client on;" }
                nginx = try Nginx(
                    on: port,
                    site: """
                        server {
                            listen 127.0.0.1:\(port) ssl http2;
                            ssl_certificate \(pair.certificate);
                            ssl_certificate_key \(pair.key);
                            \(asking ?? "")
                            location / { return 200 "hello $ssl_client_s_dn $ssl_session_reused $server_protocol"; }
                        }
                        """,
                    in: TemporaryFolder("nginx"))
            }
        }

        @Test(
            "E32, G55 a client certificate is shown, a wrong name and an unknown authority are 502 with the reason in the log"
        )
        func nginx() async throws {
            try await onThread {
                let authority = try TestAuthority()
                let stranger = try TestAuthority(name: "stranger")
                let nginx = try Application(authority.issue("127.0.0.1"), clients: authority)
                let us = try authority.issue("gateway.test")
                var options = GatewayUnderTest.Options()
                let server = "servers: [ \"https://127.0.0.1:\(nginx.port)\" ]"
                let identity = "certificate: \(us.certificate), key: \(us.key)"
                options.upstreams = [
                    "good": "{ \(server), tls: { ca: \(authority.root.certificate), \(identity) } }",
                    "two": "{ \(server), http2: true, tls: { ca: \(authority.root.certificate), \(identity) } }",
                    "name": "{ \(server), tls: { ca: \(authority.root.certificate), server_name: other.test } }",
                    "unknown": "{ \(server), tls: { ca: \(stranger.root.certificate) } }",
                    "careless": "{ \(server), tls: { verify: false, \(identity) } }",
                    "nobody": "{ \(server), tls: { ca: \(authority.root.certificate) } }",
                ]
                options.routes = options.upstreams.keys.sorted().map {
                    "{ path: /\($0), upstream: \($0), access: public }"
                }
                let stage = try Stage(options)
                func ask(_ path: String) throws -> RawResponse {
                    try RawClient.ask(
                        port: UInt16(stage.gateway.port),
                        "GET /\(path) HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\n\r\n")
                }
                for _ in 0..<3 {
                    let text = try ask("good").text
                    #expect(text.hasPrefix("hello CN=test 2") && text.hasSuffix(" HTTP/1.1"))
                    // By ALPN, where it is configured.
                    #expect(try ask("two").text.hasSuffix(" HTTP/2.0"))
                }
                #expect(try ask("careless").text.hasPrefix("hello CN=test 2"))
                for (path, word) in [("name", "certificate_wrong_name"), ("unknown", "certificate_untrusted")] {
                    #expect(try ask(path).status == 502)
                    try eventually("the reason") {
                        stage.gateway.events("upstream_failed").contains { $0.contains(word) }
                    }
                }
                // nginx answers 400 itself to who shows none.
                #expect(try ask("nobody").status == 400)
                let warnings = stage.gateway.events("configuration").filter { $0.contains("verify") }
                #expect(warnings.count == 1, "told at every start: \(warnings)")
            }
        }

        @Test("an authority's file that changes counts for the next connection, before and after a reload")
        func authorityChanges() async throws {
            try await onThread {
                let authority = try TestAuthority()
                let stranger = try TestAuthority(name: "stranger")
                let nginx = try Application(authority.issue("127.0.0.1"), clients: nil)
                let file = authority.folder.path + "/believed.pem"
                try TestAuthority.copy(stranger.root.certificate, file)
                var options = GatewayUnderTest.Options()
                options.upstreams = [
                    "site": "{ servers: [ \"https://127.0.0.1:\(nginx.port)\" ], keep_alive: 0, tls: { ca: \(file) } }"
                ]
                options.routes = ["{ path: /, upstream: site, access: public }"]
                let stage = try Stage(options)
                func status() throws -> Int {
                    try RawClient.ask(
                        port: UInt16(stage.gateway.port),
                        "GET / HTTP/1.1\r\nHost: localhost:\(stage.gateway.port)\r\n\r\n"
                    ).status
                }
                #expect(try status() == 502)
                try TestAuthority.copy(authority.root.certificate, file)
                try eventually("believed", within: 20) { try status() == 200 }
                #expect(try stage.gateway.reload().contains("\"reloaded\""))
                #expect(try status() == 200)
                try TestAuthority.copy(stranger.root.certificate, file)
                try eventually("no longer believed", within: 20) { try status() == 502 }
            }
        }
    }
}
