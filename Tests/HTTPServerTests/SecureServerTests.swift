import Bytes
import HTTP
import HTTPServer
import Sockets
import TLS
import TestSupport
import Testing
import Threads

/// A server on an encrypted port, and what its clients need to know.
private struct SecureServer {
    let authority: TestAuthority
    let tls: ServerTLS
    let server: RunningServer

    init(_ settings: ServerSettings = ServerSettings(), _ setUp: @escaping @Sendable (ClosureHandler) -> Void) throws {
        authority = try TestAuthority()
        let pair = try authority.issue("127.0.0.1", "a.test")
        let tickets = ServerTickets()
        tls = try ServerTLS(
            ServerTLSSettings(pairs: [.init(certificate: pair.certificate, key: pair.key)]), tickets: tickets)
        server = try RunningServer(settings, PortRules(ciphers: tls), setUp)
    }

    func client() throws -> TLSClientContext { try TLSClientContext(authorities: authority.rootBytes) }

    func connect(_ context: TLSClientContext? = nil, smallBuffers: Bool = false) throws -> SecurePeer {
        let raw = try RawClient.connect(port: server.port, smallBuffers: smallBuffers)
        return try SecurePeer(to: raw, context ?? client())
    }
}

@Suite struct SecureServerTests {
    @Test("requests pass through TLS: kept alive, pipelined, with bodies, and a polite close says goodbye")
    func exchanges() async throws {
        try await onThread {
            let secure = try SecureServer { handler in
                handler.onEnded = { $0.answer("\($0.path) \(handler.body.count)") }
            }
            defer { secure.server.stop() }
            let peer = try secure.connect()
            try peer.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
            try peer.receive(until: "/a 0")
            try peer.receive(until: "/b 0")
            let body = [UInt8](repeating: 7, count: 300_000)
            try peer.send("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n")
            try peer.send(body)
            try peer.receive(until: "/c 300000")
            try peer.send("GET /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(try peer.receiveTextToEnd().hasSuffix("/d 0") && peer.hasGoodbye)
            #expect(secure.server.diary.first == "handshake done")
        }
    }

    @Test("G54 a client that reads slowly pauses its source, and gets every byte")
    func backPressure() async throws {
        let total = 6 << 20
        try await onThread {
            let most = Locked(0)
            let secure = try SecureServer { handler in
                let piece = [UInt8](repeating: 65, count: 20_000)
                var sent = 0
                func pour(_ exchange: Exchange) {
                    while sent < total, exchange.canSend {
                        let count = min(piece.count, total - sent)
                        exchange.send(piece.span.extracting(0..<count))
                        sent += count
                    }
                    let now = sent
                    most.withLock { $0 = now }
                    if sent == total { exchange.finish() }
                }
                handler.onEnded = { exchange in
                    exchange.begin(framing: .length(total))
                    pour(exchange)
                }
                handler.onCanSendMore = { exchange in if sent < total { pour(exchange) } }
            }
            defer { secure.server.stop() }
            let peer = try secure.connect(smallBuffers: true)
            try peer.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try peer.receiveHead()
            // Not everything is there already: the source waits.
            #expect(most.withLock { $0 } < total)
            #expect(try peer.countToEnd() == total && peer.hasGoodbye)
        }
    }

    @Test("G52 a broken answer ends without a goodbye; a client's goodbye alone is a half-close")
    func ends() async throws {
        try await onThread {
            let secure = try SecureServer { handler in
                handler.onEnded = { exchange in
                    if exchange.path == "/broken" {
                        exchange.begin(framing: .length(100))
                        exchange.send("part")
                        exchange.abort()
                    } else {
                        exchange.answer("whole")
                    }
                }
            }
            defer { secure.server.stop() }
            let broken = try secure.connect()
            try broken.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(throws: Never.self) { try broken.receive(until: "part") }
            #expect((try? broken.countToEnd()) ?? 0 == 0 && !broken.hasGoodbye)

            let half = try secure.connect()
            try half.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try half.sayGoodbye()
            half.raw.halfClose()
            try half.receive(until: "whole")
            #expect(try half.countToEnd() == 0 && half.hasGoodbye)
        }
    }

    @Test("a body that is cut off, with or without a goodbye, is no request")
    func cut() async throws {
        for saysGoodbye in [true, false] {
            try await onThread {
                let secure = try SecureServer { handler in handler.onEnded = { $0.answer("never") } }
                defer { secure.server.stop() }
                let peer = try secure.connect()
                try peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
                try secure.server.waitFor("began")
                if saysGoodbye { try peer.sayGoodbye() }
                peer.raw.close()
                try secure.server.waitFor("failed clientLeft")
                #expect(!secure.server.diary.contains("ended"))
            }
        }
    }

    @Test("plain HTTP on an encrypted port is told so in plain text, whatever its method; no byte of it is a request")
    func plain() async throws {
        try await onThread {
            let secure = try SecureServer { handler in handler.onEnded = { $0.answer("never") } }
            defer { secure.server.stop() }
            let requests = [
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "P",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 100_000),
            ]
            for request in requests {
                let peer = try secure.server.connect()
                try peer.send(request)
                let answer = try RawResponse(readingFrom: peer)
                #expect(answer.status == 400 && answer.text.contains("https"), "\(answer)")
                #expect(answer.header("Connection") == "close" && answer.header("Content-Type") == "text/plain")
                peer.halfClose()
                #expect(try peer.receiveToEnd().isEmpty)
            }
            try eventually("all are gone") { secure.server.thread.perform { $0.worker.connectionCount } == 0 }
            #expect(secure.server.diary == requests.map { _ in "handshake failed plain_http" })
            #expect(secure.server.thread.perform { $0.worker.handshakeCount } == 0)
            // Within a handshake there is no such answer: an alert, as for anything else that is wrong.
            let late = try secure.server.connect()
            try late.send([22, 3, 1, 0, 4, 1, 0, 0, 0])
            try late.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try late.receiveToEnd().first == 21)
        }
    }

    @Test("what is no handshake is answered with an alert, closed, and told with its reason")
    func refused() async throws {
        try await onThread {
            let secure = try SecureServer { handler in handler.onEnded = { $0.answer("never") } }
            defer { secure.server.stop() }
            // A hello that says nothing.
            let mute = try secure.server.connect()
            try mute.send([22, 3, 1, 0, 4, 1, 0, 0, 0])
            let answer = try mute.receiveToEnd()
            #expect(answer.first == 21 && answer.count == 7, "an alert record: \(answer)")
            try secure.server.waitFor("handshake failed not_tls")
            let gone = try secure.server.connect()
            try gone.send([22, 3, 1])
            gone.close()
            try secure.server.waitFor("handshake failed client_left")
            let doubtful = try RawClient.connect(port: secure.server.port)
            #expect(throws: ScriptError.closed(after: "certificate_untrusted")) {
                try SecurePeer(to: doubtful, TLSClientContext())
            }
            try secure.server.waitFor("handshake failed alert_certificate")
            #expect(!secure.server.diary.contains("began"))
        }
    }

    @Test("G17 a handshake that stands still ends in time; beyond the bound the oldest ends for a new one")
    func standing() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.headerTimeout = .milliseconds(300)
            let secure = try SecureServer(settings) { handler in handler.onEnded = { $0.answer("never") } }
            defer { secure.server.stop() }
            let silent = try secure.server.connect()
            let slow = try secure.server.connect()
            try slow.send([22, 3, 1, 2])
            #expect(silent.waitUntilClosed() && slow.waitUntilClosed())
            try eventually("two time-outs") {
                secure.server.diary.filter { $0 == "handshake failed timeout" }.count == 2
            }
        }
        try await onThread {
            var settings = ServerSettings()
            settings.handshakes = 3
            let secure = try SecureServer(settings) { handler in handler.onEnded = { $0.answer("well") } }
            defer { secure.server.stop() }
            let context = try secure.client()
            let silent = try (0..<8).map { _ in try secure.server.connect() }
            let peer = try SecurePeer(to: secure.server.connect(), context)
            try peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try peer.receive(until: "well")
            // Those that came first had to go, the last two may still hope.
            for peer in silent.prefix(6) { #expect(peer.waitUntilClosed()) }
            #expect(silent[7].staysSilent(milliseconds: 0))
            #expect(secure.server.diary.filter { $0 == "handshake failed crowded_out" }.count == 6)
            #expect(secure.server.thread.perform { $0.worker.handshakeCount } == 2)
        }
    }

    @Test(
        "certificates are read again when their files change; what cannot be used changes nothing, and old sessions resume"
    )
    func replaced() async throws {
        try await onThread {
            let secure = try SecureServer { handler in handler.onEnded = { $0.answer("well") } }
            defer { secure.server.stop() }
            let context = try secure.client()
            let memory = TLSResumption()
            func ask(_ context: TLSClientContext) throws {
                let peer = try SecurePeer(to: secure.server.connect(), context, resuming: memory)
                try peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                try peer.receive(until: "well")
            }
            try ask(context)
            #expect(try secure.tls.refresh() == false)
            let files = secure.tls.settings.pairs[0]
            let other = try TestAuthority(name: "another")
            let fresh = try other.issue("127.0.0.1")
            try TestAuthority.copy(fresh.certificate, files.certificate)
            #expect(throws: TLSFileError(path: files.key, reason: "holds the key of another certificate")) {
                try secure.tls.refresh()
            }
            // Said once; and the old pair goes on.
            #expect(try secure.tls.refresh() == false)
            try ask(context)
            try TestAuthority.copy(fresh.key, files.key)
            #expect(try secure.tls.refresh())
            try ask(context)
            try eventually("resumed") { secure.server.diary.filter { $0 == "handshake resumed" }.count == 2 }
            #expect(throws: ScriptError.closed(after: "certificate_untrusted")) {
                try SecurePeer(to: secure.server.connect(), TLSClientContext(authorities: secure.authority.rootBytes))
            }
            try ask(TLSClientContext(authorities: other.rootBytes))
        }
    }
}
