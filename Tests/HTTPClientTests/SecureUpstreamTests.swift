import Bytes
import HTTP
import HTTPClient
import HTTPServer
import Sockets
import TLS
import TestSupport
import Testing
import Threads

private let get = "GET / HTTP/1.1\r\nHost: front\r\n\r\n"

/// A scripted server that speaks TLS, and a proxy in front of it.
private struct SecureUpstream {
    let server: ScriptedServer
    let proxy: RunningProxy

    init(
        _ authority: TestAuthority, _ pair: TestAuthority.Pair, host: String = "127.0.0.1",
        tls adjust: (inout UpstreamSettings.TLS) -> Void = { _ in },
        _ change: (inout UpstreamSettings) -> Void = { _ in },
        _ script: @escaping @Sendable (SecurePeer, Int) throws -> Void
    ) throws {
        let context = try TLSServerContext(
            [TLSIdentity(certificate: pair.certificateBytes, key: pair.keyBytes)], tickets: TicketKeys())
        server = try ScriptedServer { raw, number in try script(SecurePeer(from: raw, context), number) }
        guard let address = UpstreamServer("https://\(host):\(server.port)") else { throw TLSSetupError.library }
        var settings = UpstreamSettings(name: "secure", servers: [address])
        settings.tls.ca = authority.root.certificate
        adjust(&settings.tls)
        change(&settings)
        proxy = try RunningProxy(
            settings: ServerSettings(), upstream: settings, tls: try UpstreamTLS(settings.tls))
    }

    var failures: [UpstreamFailure] { proxy.thread.perform { $0.upstreamFailures } }

    func stop() {
        proxy.stop()
        server.stop()
    }
}

@Suite struct SecureUpstreamTests {
    private static func answer(_ peer: SecurePeer, _ text: String) throws {
        try peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
    }

    @Test("requests pass through TLS, connections are kept, tickets on idle ones do no harm, and the next resumes")
    func exchanges() async throws {
        try await onThread {
            let authority = try TestAuthority()
            let resumed = Locked([Bool]())
            let upstream = try SecureUpstream(authority, authority.issue("127.0.0.1")) { peer, number in
                let isResumed = peer.session.isResumed
                resumed.withLock { $0.append(isResumed) }
                var count = 0
                while (try? peer.receiveHead()) != nil {
                    count += 1
                    // The second of a connection is its last.
                    if count == 2 {
                        try peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(number).\(count)")
                        try peer.sayGoodbye()
                        return
                    }
                    try Self.answer(peer, "\(number).\(count)")
                }
            }
            defer { upstream.stop() }
            let bodies = try (0..<4).map { _ in try RawClient.ask(port: upstream.proxy.port, get).text }
            #expect(bodies == ["0.1", "0.2", "1.1", "1.2"])
            #expect(resumed.withLock { $0 } == [false, true])
            #expect(upstream.failures.isEmpty)
        }
    }

    @Test("G52 a body that ends with the connection is whole with a goodbye, and broken without")
    func truncation() async throws {
        try await onThread {
            let authority = try TestAuthority()
            let upstream = try SecureUpstream(authority, authority.issue("127.0.0.1")) { peer, number in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 200 OK\r\n\r\nall there is")
                if number == 0 { try peer.sayGoodbye() }
            }
            defer { upstream.stop() }
            #expect(try RawClient.ask(port: upstream.proxy.port, get).text == "all there is")
            let client = try RawClient.connect(port: upstream.proxy.port)
            try client.send(get)
            let rest = (try? client.receiveTextToEnd()) ?? ""
            #expect(!rest.hasSuffix("0\r\n\r\n"), "\(rest)")
            #expect(upstream.failures == [.truncated])
        }
    }

    @Test("E32 a server that is not whom we asked for gets not one byte of the request, and says why")
    func distrust() async throws {
        try await onThread {
            let authority = try TestAuthority()
            let stranger = try TestAuthority(name: "stranger")
            func outcome(
                _ pair: TestAuthority.Pair, host: String = "127.0.0.1",
                _ adjust: (inout UpstreamSettings.TLS) -> Void = { _ in }
            ) throws -> (Int, String) {
                let upstream = try SecureUpstream(authority, pair, host: host, tls: adjust) { peer, _ in
                    try peer.receiveHead()
                    try Self.answer(peer, "well")
                }
                defer { upstream.stop() }
                let answer = try RawClient.ask(port: upstream.proxy.port, get)
                return (answer.status, upstream.failures.first?.reasonCode.description ?? answer.text)
            }
            #expect(try outcome(authority.issue("127.0.0.1")) == (200, "well"))
            #expect(try outcome(authority.issue("localhost"), host: "localhost") == (200, "well"))
            #expect(try outcome(authority.issue("b.test")) == (502, "certificate_wrong_name"))
            #expect(try outcome(authority.issue("b.test")) { $0.serverName = "b.test" } == (200, "well"))
            #expect(try outcome(authority.issue("127.0.0.1", days: -1)) == (502, "certificate_expired"))
            #expect(try outcome(stranger.issue("127.0.0.1")) == (502, "certificate_untrusted"))
            #expect(try outcome(stranger.issue("b.test")) { $0.verify = false } == (200, "well"))
        }
    }

    @Test("a server that speaks no TLS, closes, or says nothing is given up in time")
    func noHandshake() async throws {
        try await onThread {
            let authority = try TestAuthority()
            for (number, expected) in [(0, "not_tls"), (1, "closed"), (2, "connect_timeout")] {
                let server = try ScriptedServer { raw, _ in
                    _ = try raw.receive()
                    if number == 0 { try raw.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
                    if number == 2 { _ = raw.waitUntilClosed() }
                }
                defer { server.stop() }
                let address = try #require(UpstreamServer("https://127.0.0.1:\(server.port)"))
                var settings = UpstreamSettings(name: "odd", servers: [address])
                settings.tls.ca = authority.root.certificate
                settings.connectTimeout = .milliseconds(number == 2 ? 300 : 10_000)
                let proxy = try RunningProxy(
                    settings: ServerSettings(), upstream: settings, tls: UpstreamTLS(settings.tls))
                defer { proxy.stop() }
                #expect(try RawClient.ask(port: proxy.port, get).status == (number == 2 ? 504 : 502))
                let failures = proxy.thread.perform { $0.upstreamFailures.map(\.reasonCode.description) }
                #expect(failures == [expected])
            }
        }
    }

    @Test("a proxy between TLS and TLS passes large bodies both ways, whole")
    func bulk() async throws {
        try await onThread {
            let authority = try TestAuthority()
            let count = Rounds.of(48) * 64 * 1024
            let upstream = try SecureUpstream(authority, authority.issue("127.0.0.1")) { peer, _ in
                try peer.receiveHead()
                var got = 0
                while got < count { got += try peer.receive(until: "x").utf8.count }
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(got)\r\n\r\n")
                try peer.send([UInt8](repeating: 121, count: got))
            }
            defer { upstream.stop() }
            let client = try RawClient.connect(port: upstream.proxy.port)
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(count)\r\n\r\n")
            let line = [UInt8](repeating: 97, count: 64 * 1024 - 1) + [120]
            for _ in 0..<count / line.count { try client.send(line) }
            try client.receiveHead()
            #expect(try client.receiveToEnd().count == count)
            #expect(upstream.failures.isEmpty)
        }
    }
}
