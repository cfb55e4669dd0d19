import Foundation
import TLS
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// TLS that ends in the gateway, seen by curl, `openssl s_client` and our own client.
    @Suite struct SecureListener {
        /// A gateway on https://localhost:PORT, whose one route is public.
        private final class Site {
            let authority: TestAuthority
            let pair: TestAuthority.Pair
            let upstream: EchoUpstream
            let gateway: GatewayUnderTest
            var port: Int { gateway.port }

            init(
                more: [TestAuthority.Pair] = [], minimum: String = "1.2", http2: Bool = true,
                _ options: GatewayUnderTest.Options = .init()
            ) throws {
                authority = try TestAuthority()
                pair = try authority.issue("localhost", "127.0.0.1")
                upstream = try EchoUpstream()
                let port = try freePort()
                var options = options
                options.publicURL = "https://localhost:\(port)"
                options.routes = ["{ path: /, upstream: api, access: public }"]
                let list = ([pair] + more).map {
                    "{ certificate: \($0.certificate), key: \($0.key), minimum_version: \"\(minimum)\" }"
                }
                options.listener = ", http2: \(http2), tls: [\(list.joined(separator: ", "))]"
                gateway = try GatewayUnderTest(
                    issuer: "http://127.0.0.1:9", upstream: upstream.port, port: port, options: options)
            }

            func curl(_ arguments: String...) throws -> (code: Int32, output: String) {
                try ChildProcess.run(
                    ["/usr/bin/curl", "-sS", "--http1.1", "--max-time", "20", "--cacert", authority.root.certificate]
                        + arguments)
            }

            func client() throws -> TLSClientContext { try TLSClientContext(authorities: authority.rootBytes) }

            /// One request on a connection of its own, to whoever has a certificate for `host`.
            func ask(_ client: TLSClientContext, as host: String = "127.0.0.1") throws -> String {
                let peer = try SecurePeer(to: RawClient.connect(port: UInt16(port)), host: host, client)
                try peer.send("GET /x HTTP/1.1\r\nHost: localhost:\(port)\r\nConnection: close\r\n\r\n")
                return try peer.receiveTextToEnd()
            }
        }

        @Test("E28, G33 curl over TLS 1.2 and 1.3: the request passes, our own answers carry HSTS without subdomains")
        func versions() async throws {
            try await onThread {
                let site = try Site()
                let url = "https://localhost:\(site.port)"
                for version in ["1.2", "1.3"] {
                    let answer = try site.curl("--tlsv\(version)", "--tls-max", version, "-i", url + "/a?b")
                    #expect(answer.code == 0 && answer.output.contains("HTTP/1.1 200"), "\(answer)")
                }
                #expect(site.upstream.requests.map(\.target) == ["/a?b", "/a?b"])
                #expect(site.upstream.requests.last?.header("X-Forwarded-Proto") == "https")
                let old = try site.curl("--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", url)
                #expect(old.code == 35, "\(old)")
                let own = try site.curl("-i", url + "/bff/session")
                #expect(own.output.contains("Strict-Transport-Security: max-age=31536000\r\n"), "\(own)")
                let plain = try site.curl("-i", "http://localhost:\(site.port)/a")
                #expect(plain.code == 0 && plain.output.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(plain)")
                #expect(plain.output.contains("https") && !plain.output.contains("Strict-Transport"), "\(plain)")
                let strict = try Site(minimum: "1.3")
                #expect(try strict.curl("--tls-max", "1.2", "https://localhost:\(strict.port)/").code == 35)
                #expect(try strict.curl("https://localhost:\(strict.port)/").code == 0)
            }
        }

        @Test("ALPN chooses HTTP/2 where the client offers it, and HTTP/1.1 where it or the listener does not")
        func applicationProtocols() async throws {
            try await onThread {
                let site = try Site()
                let url = "https://localhost:\(site.port)/x"
                func curl(_ version: String, _ url: String) throws -> String {
                    try ChildProcess.run(
                        ["/usr/bin/curl", "-sSk", version, "--max-time", "20", "-w", " %{http_version}", url]
                    ).output
                }
                #expect(try curl("--http2", url) == "GET /x 2")
                #expect(try curl("--http1.1", url) == "GET /x 1.1")
                #expect(site.upstream.requests.map { $0.header("Via")?.prefix(4) } == ["2.0 ", "1.1 "])
                let load = try ChildProcess.run(["h2load", "-n", "400", "-c", "4", "-m", "50", url])
                #expect(load.output.contains("400 succeeded, 0 failed, 0 errored, 0 timeout"), "\(load.output)")
                let old = try Site(more: [], minimum: "1.2", http2: false)
                #expect(try curl("--http2", "https://localhost:\(old.port)/x") == "GET /x 1.1")
            }
        }

        @Test("SNI chooses the certificate, exactly before a wildcard; who names another gets the first")
        func names() async throws {
            try await onThread {
                let stranger = try TestAuthority(name: "stranger")
                let site = try Site(more: [try stranger.issue("*.b.test"), try stranger.issue("x.b.test")])
                func subject(_ name: String) throws -> String {
                    let (_, output) = try ChildProcess.run([
                        "/bin/sh", "-c",
                        "openssl s_client -connect 127.0.0.1:\(site.port) -servername \(name) </dev/null 2>/dev/null"
                            + " | openssl x509 -noout -ext subjectAltName",
                    ])
                    return output
                }
                #expect(try subject("localhost").contains("DNS:localhost"))
                #expect(try subject("a.b.test").contains("DNS:*.b.test"))
                #expect(try subject("x.b.test").contains("DNS:x.b.test"))
                #expect(try subject("c.test").contains("DNS:localhost"))
            }
        }

        @Test(
            "a session is resumed by whichever worker takes the connection, under TLS 1.2 and 1.3; early data is refused"
        )
        func resumption() async throws {
            try await onThread {
                let site = try Site()
                for version in ["-tls1_2", "-tls1_3"] {
                    let file = site.authority.folder.path + "/session"
                    func connect(_ option: String) throws -> String {
                        // A request, so that the tickets of TLS 1.3 are read before the client leaves.
                        let request =
                            "GET /x HTTP/1.1\\r\\nHost: localhost:\(site.port)\\r\\nConnection: close\\r\\n\\r\\n"
                        return try ChildProcess.run([
                            "/bin/sh", "-c",
                            "printf '\(request)' | openssl s_client -connect 127.0.0.1:\(site.port) \(version)"
                                + " -ign_eof \(option) \(file) -CAfile \(site.authority.root.certificate)",
                        ]).output
                    }
                    #expect(try connect("-sess_out").contains("New, TLSv"))
                    let early = try ChildProcess.run([
                        "/usr/bin/openssl", "sess_id", "-in", file, "-noout", "-text",
                    ]).output
                    #expect(!early.contains("Max Early Data: ") || early.contains("Max Early Data: 0"), "\(early)")
                    // More often than there are workers.
                    for _ in 0..<6 {
                        let output = try connect("-sess_in")
                        #expect(output.contains("Reused, TLSv") && output.contains("HTTP/1.1 200"), "\(output)")
                    }
                }
            }
        }

        @Test("handshakes that fail are counted with their reason, and told on the level for it alone")
        func failures() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                let admin = try freePort()
                options.admin = "{ address: \"127.0.0.1:\(admin)\" }"
                options.top = ["log: { level: debug }"]
                let site = try Site(options)
                #expect(try site.curl("https://localhost:\(site.port)/").code == 0)
                // Its authority is none of the system's.
                #expect(throws: (any Error).self) { try site.ask(TLSClientContext()) }
                #expect(try site.curl("-X", "PUT", "http://localhost:\(site.port)/").output.contains("https"))
                for reason in ["alert_certificate", "plain_http"] {
                    try eventually("a line") {
                        site.gateway.events("handshake_failed").count { $0.contains("\"\(reason)\"") } == 1
                    }
                }
                let metrics = try RawClient.ask(
                    port: UInt16(admin), "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:\(admin)\r\n\r\n"
                ).text
                for wanted in [
                    #"tls_handshakes_total{outcome="full",reason=""} 1"#,
                    #"tls_handshakes_total{outcome="failed",reason="alert_certificate"} 1"#,
                    #"tls_handshakes_total{outcome="failed",reason="plain_http"} 1"#,
                    #"certificate_expiry_timestamp_seconds{listener="127.0.0.1:\#(site.port)"} "#,
                ] { #expect(metrics.contains(wanted), "\(wanted) in \(metrics)") }
            }
        }

        @Test(
            "certificates are replaced under load without a failed request; what cannot be used is told and changes nothing"
        )
        func replacement() async throws {
            try await onThread {
                let site = try Site()
                let client = try site.client()
                let isOver = Locked(false)
                let asked = Locked(0)
                let wrong = Locked([String]())
                let done = Semaphore()
                let port = UInt16(site.port)
                for _ in 0..<4 {
                    try Thread.start(name: "load") {
                        while !isOver.withLock({ $0 }) {
                            do {
                                let peer = try SecurePeer(to: RawClient.connect(port: port), client)
                                for _ in 0..<3 {
                                    try peer.send("GET /x HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n")
                                    let answer = try peer.receive(until: "\r\n\r\nGET /x")
                                    if !answer.hasPrefix("HTTP/1.1 200") { wrong.withLock { $0.append(answer) } }
                                    asked.withLock { $0 += 1 }
                                }
                            } catch {
                                wrong.withLock { $0.append("\(error)") }
                            }
                        }
                        done.signal()
                    }.detach()
                }
                // Key and certificate come one after the other, as they do in life.
                let fresh = try site.authority.issue("127.0.0.1", "new.test")
                try TestAuthority.copy(fresh.certificate, site.pair.certificate)
                try TestAuthority.copy(fresh.key, site.pair.key)
                try eventually("the new certificate", within: 20) { (try? site.ask(client, as: "new.test")) != nil }
                try "nonsense".write(toFile: site.pair.certificate, atomically: true, encoding: .utf8)
                try eventually("refused", within: 20) {
                    site.gateway.events("certificates_refused").contains { $0.contains("holds no certificate in PEM") }
                }
                #expect(try site.ask(client, as: "new.test").hasPrefix("HTTP/1.1 200"))
                isOver.withLock { $0 = true }
                for _ in 0..<4 { done.wait() }
                let failures = wrong.withLock { $0 }
                #expect(failures.isEmpty, "\(failures.count): \(failures.prefix(5))")
                #expect(asked.withLock { $0 } > 20)
                try eventually("told") { !site.gateway.events("certificates_replaced").isEmpty }
            }
        }

        @Test("G60 a WebSocket passes through TLS both ways, and ends with a goodbye")
        func webSocket() async throws {
            try await onThread {
                let site = try Site()
                site.upstream.answers(WebSockets.echo)
                let peer = try SecurePeer(to: RawClient.connect(port: UInt16(site.port)), site.client())
                let fields = ["Host: localhost:\(site.port)", "Origin: https://localhost:\(site.port)"]
                let lines = ["GET /socket HTTP/1.1"] + fields + WebSocketPeer.handshake.map { "\($0.key): \($0.value)" }
                try peer.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
                #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 101 "))
                for text in ["hello.", String(repeating: "long ", count: 50_000) + "."] {
                    try peer.send(WebSocketPeer.Frame.text(text).bytes(masked: true))
                    #expect(try peer.receive(until: ".").hasSuffix(text))
                }
                try peer.send(WebSocketPeer.Frame.close(1000, "bye").bytes(masked: true))
                // The upstream closes when it hears the end.
                try peer.sayGoodbye()
                peer.raw.halfClose()
                #expect(try peer.countToEnd() == 7 && peer.hasGoodbye)
            }
        }

        @Test(
            "SIGHUP reads certificates at once; one that cannot be used refuses the whole reload, and changes nothing")
        func reload() async throws {
            try await onThread {
                let site = try Site()
                let client = try site.client()
                let fresh = try site.authority.issue("127.0.0.1", "new.test")
                try TestAuthority.copy(fresh.certificate, site.pair.certificate)
                try TestAuthority.copy(fresh.key, site.pair.key)
                let taken = try site.gateway.reload { $0 }
                #expect(taken.contains("\"reloaded\""), "\(taken)")
                #expect(try site.ask(client, as: "new.test").hasPrefix("HTTP/1.1 200"))
                let other = try site.authority.issue("127.0.0.1", "other.test")
                try TestAuthority.copy(other.key, site.pair.key)
                let refused = try site.gateway.reload { $0 }
                #expect(refused.contains("holds the key of another certificate"), "\(refused)")
                #expect(try site.ask(client, as: "new.test").hasPrefix("HTTP/1.1 200"))
            }
        }

        @Test(
            "Early-Data of a terminator in front: 425 on our endpoints and for unsafe methods, else the upstream judges (RFC 8470)"
        )
        func earlyData() async throws {
            try await onThread {
                let site = try Site()
                let url = "https://localhost:\(site.port)"
                func status(_ arguments: String..., path: String) throws -> String {
                    let null = ["-o", "/dev/null", "-w", "%{http_code}", "-H", "Early-Data: 1"]
                    return try ChildProcess.run(
                        ["/usr/bin/curl", "-sS", "--http1.1", "--cacert", site.authority.root.certificate] + null
                            + arguments + [url + path]
                    ).output
                }
                #expect(try status(path: "/bff/login") == "425")
                #expect(try status(path: "/bff/callback?code=x&state=y") == "425")
                #expect(try status("-d", "pay=10", path: "/orders") == "425")
                #expect(try status("-X", "DELETE", path: "/orders/1") == "425")
                #expect(site.upstream.requests.isEmpty)
                #expect(try status(path: "/orders") == "200")
                #expect(site.upstream.requests.map { $0.values("Early-Data") } == [["1"]])
            }
        }
    }
}
