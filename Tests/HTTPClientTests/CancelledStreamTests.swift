import HTTP
import HTTPServer
import Sockets
import TLS
import TestSupport
import Testing
import Threads

@testable import HTTPClient

private let get = "GET / HTTP/1.1\r\nHost: front\r\n\r\n"

/// Hears nothing, and is only there to be asked for.
private final class NobodysHandler: UpstreamHandler {
    func upstreamReady(_ stream: UpstreamStream) {}
    func upstreamInterim(_ stream: UpstreamStream, _ head: ResponseHead) {}
    func upstreamResponded(_ stream: UpstreamStream, _ head: ResponseHead) {}
    func upstreamReceived(_ stream: UpstreamStream, _ piece: Span<UInt8>) {}
    func upstreamEnded(_ stream: UpstreamStream) {}
    func upstreamCanSendMore(_ stream: UpstreamStream) {}
    func upstreamFailed(_ stream: UpstreamStream, _ failure: UpstreamFailure) {}
}

/// Streams that are given up before they have a connection.
@Suite struct CancelledStreamTests {
    @Test("G22 a client that leaves while another's connection is being made gets none, whatever the server speaks")
    func follower() async throws {
        try await onThread {
            let authority = try TestAuthority()
            let pair = try authority.issue("127.0.0.1")
            // Offered HTTP/2, it chooses HTTP/1.1; and it says so only when it is told to.
            let context = try TLSServerContext(
                [TLSIdentity(certificate: pair.certificateBytes, key: pair.keyBytes)], tickets: TicketKeys())
            let speak = Semaphore()
            let connections = Locked(0)
            let server = try ScriptedServer { raw, number in
                connections.withLock { $0 += 1 }
                if number == 0 { speak.wait() }
                let peer = try SecurePeer(from: raw, context)
                while (try? peer.receiveHead()) != nil {
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
                }
            }
            defer { server.stop() }
            let address = try #require(UpstreamServer("https://127.0.0.1:\(server.port)"))
            var settings = UpstreamSettings(name: "old", servers: [address])
            settings.http2 = true
            settings.tls.ca = authority.root.certificate
            let proxy = try RunningProxy(
                settings: ServerSettings(), upstream: settings, tls: UpstreamTLS(settings.tls, offersHTTP2: true))
            defer { proxy.stop() }
            let leader = try RawClient.connect(port: proxy.port)
            try leader.send(get)
            try eventually("leads") { proxy.thread.perform { $0.pool.load } == 1 }
            let follower = try RawClient.connect(port: proxy.port)
            try follower.send(get)
            try eventually("follows") { proxy.thread.perform { $0.pool.load } == 2 }
            follower.reset()
            try eventually("left") { proxy.thread.perform { $0.failures.count } == 1 }
            speak.signal()
            #expect(try RawResponse(readingFrom: leader).text == "0")
            try eventually("nobody's") { proxy.thread.perform { $0.pool.load } == 0 }
            // Whoever comes next takes the leader's connection: no other was made.
            #expect(try RawClient.ask(port: proxy.port, get).text == "0")
            #expect(connections.withLock { $0 } == 1)
        }
    }

    @Test("G22 a stream that is cancelled in the turn in which its connection fails is not tried at the next address")
    func sameTurn() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in _ = peer.waitUntilClosed() }
            defer { server.stop() }
            let name = try #require(UpstreamServer("http://two.test:\(server.port)"))
            let address = try #require(Resolver.literal("127.0.0.1", port: server.port))
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let (before, after) = proxy.thread.perform { proxy in
                let endpoint = UpstreamEndpoint(proxy.pool, name)
                endpoint.resolved(.success([address, address]))
                let stream = proxy.pool.open(on: endpoint, for: NobodysHandler())
                let connection = stream.carrier as? UpstreamConnection
                stream.cancel()
                let before = endpoint.load
                connection?.connectingFailed(.unreachable)
                return (before, endpoint.load)
            }
            #expect(before == 1 && after == 0)
        }
    }

    @Test("G22 when the one that makes a connection fails cancelled, the first that still waits makes the next")
    func heir() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in _ = peer.waitUntilClosed() }
            defer { server.stop() }
            let name = try #require(UpstreamServer("http://two.test:\(server.port)"))
            let address = try #require(Resolver.literal("127.0.0.1", port: server.port))
            var settings = UpstreamSettings(name: "test", servers: [name])
            settings.http2 = true
            let proxy = try RunningProxy(settings: ServerSettings(), upstream: settings)
            defer { proxy.stop() }
            let (load, makes) = proxy.thread.perform { proxy in
                let endpoint = UpstreamEndpoint(proxy.pool, name)
                endpoint.resolved(.success([address, address]))
                let handlers = [NobodysHandler(), NobodysHandler(), NobodysHandler()]
                let streams = handlers.map { proxy.pool.open(on: endpoint, for: $0) }
                let connection = streams[0].carrier as? UpstreamConnection
                streams[0].cancel()
                streams[1].cancel()
                connection?.connectingFailed(.unreachable)
                let found = (endpoint.load, streams.map { $0.carrier != nil })
                streams[2].cancel()
                return found
            }
            #expect(load == 1)
            #expect(makes == [false, false, true])
        }
    }
}
