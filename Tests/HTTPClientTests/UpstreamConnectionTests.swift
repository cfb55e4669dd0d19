import Foundation
import HTTPClient
import HTTPServer
import Sockets
import Synchronization
import TestSupport
import Testing
import Threads

private let get = "GET / HTTP/1.1\r\nHost: front\r\n\r\n"

/// Reads a request head and answers with `answer`, then keeps the connection until the other side closes it.
private func answering(_ answer: String) -> @Sendable (ScriptedPeer, Int) throws -> Void {
    { peer, _ in
        while (try? peer.receiveHead()) != nil { try peer.send(answer) }
    }
}

@Suite struct HostileUpstreamTests {
    @Test(
        "G50 a response that breaks its framing is 502, and its connection closes",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "nonsense\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        ])
    func badFraming(_ answer: String) async throws {
        try await onThread {
            let isClosed = Atomic(false)
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                try peer.send(answer)
                isClosed.store(peer.waitUntilClosed(), ordering: .relaxed)
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let response = try RawClient.ask(port: proxy.port, get)
            #expect(response.status == 502)
            try eventually("upstream connection closed") { isClosed.load(ordering: .relaxed) }
            #expect(proxy.thread.perform { $0.pool.idleConnections } == 0)
        }
    }

    @Test("G50 G52 a bad chunk in the middle breaks the client's response off visibly") func badChunk() async throws {
        try await onThread {
            let server = try ScriptedServer(
                answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n"))
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            #expect(throws: ScriptError.self) { try RawClient.ask(port: proxy.port, get) }
        }
    }

    @Test("G51 a second response that nobody asked for is never given to the next request") func queuePoisoning()
        async throws
    {
        try await onThread {
            let one = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
            let server = try ScriptedServer { peer, number in
                try peer.receiveHead()
                try peer.send(number == 0 ? one + "good" + one + "evil" : one + "next")
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send(get)
            #expect(try RawResponse(readingFrom: client).text == "good")
            try client.send(get)
            #expect(try RawResponse(readingFrom: client).text == "next")
            #expect(server.connections == 2)
        }
    }

    @Test("G51 bytes on an idle connection close it") func unsolicited() async throws {
        try await onThread {
            let release = Semaphore()
            let server = try ScriptedServer { peer, number in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
                release.wait()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send(get)
            #expect(try RawResponse(readingFrom: client).text == "0")
            try eventually("kept") { proxy.thread.perform { $0.pool.idleConnections } == 1 }
            release.signal()
            try eventually("closed") { proxy.thread.perform { $0.pool.idleConnections } == 0 }
            try client.send(get)
            #expect(try RawResponse(readingFrom: client).text == "1")
            release.signal()
        }
    }

    @Test("G51 bytes that came before the request left are not its answer") func beforeTheRequest() async throws {
        try await onThread {
            let release = Semaphore()
            let sent = Semaphore()
            let server = try ScriptedServer { peer, number in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
                release.wait()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
                sent.signal()
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send(get)
            #expect(try RawResponse(readingFrom: client).text == "0")
            try eventually("kept") { proxy.thread.perform { $0.pool.idleConnections } == 1 }
            // While the loop is held up here, both arrive: the client's request and the stolen response.
            proxy.thread.perform { _ in
                try? client.send(get)
                release.signal()
                sent.wait()
            }
            let response = try RawResponse(readingFrom: client)
            #expect(response.text != "evil")
            release.signal()
        }
    }

    @Test(
        "G52 G54 an upstream that dies in the middle of a body is visible to the client",
        arguments: [
            "Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
            "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        ])
    func dies(_ rest: String) async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 200 OK\r\n\(rest)")
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            #expect(throws: ScriptError.self) { try RawClient.ask(port: proxy.port, get) }
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.truncated])
            #expect(proxy.thread.perform { $0.failures } == [.aborted])
        }
    }

    @Test("G53 an upstream that sends bodies where there are none does not shift the client's stream")
    func forbiddenBodies() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                let head = try peer.receiveHead()
                let status =
                    head.hasPrefix("HEAD") ? 200 : head.contains("/204") ? 204 : head.contains("/304") ? 304 : 200
                try peer.send("HTTP/1.1 \(status) X\r\nContent-Length: 4\r\n\r\nbody")
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: client, toHead: true).status == 200)
            for status in [304, 200] {
                try client.send("GET /\(status) HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try RawResponse(readingFrom: client)
                #expect(response.status == status)
                #expect(response.text == (status == 200 ? "body" : ""))
            }
        }
    }

    @Test("a body that ends with the connection passes") func untilClose() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                try peer.send("HTTP/1.0 200 OK\r\n\r\nall there is")
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let response = try RawClient.ask(port: proxy.port, get)
            #expect(response.header("Transfer-Encoding") == "chunked")
            #expect(response.text == "all there is")
        }
    }
}

@Suite struct UpstreamExchangeTests {
    @Test("G22 an early final answer passes, and its connection never serves again") func earlyAnswer() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, number in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 413 No\r\nContent-Length: 1\r\n\r\n\(number)")
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
            let response = try RawResponse(readingFrom: client)
            #expect(response.status == 413)
            try client.send(String(repeating: "x", count: 97))
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try RawResponse(readingFrom: client).text == "1")
            #expect(server.connections == 2)
        }
    }

    @Test("G22 G54 a client that leaves closes the upstream connection") func clientLeaves() async throws {
        try await onThread {
            let isClosed = Semaphore()
            let hasRequest = Semaphore()
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                hasRequest.signal()
                _ = peer.waitUntilClosed()
                isClosed.signal()
            }
            var settings = ServerSettings()
            settings.halfCloseGrace = .milliseconds(20)
            let proxy = try RunningProxy(to: server.port, settings: settings)
            defer { proxy.stop() }
            for reset in [true, false] {
                let client = try RawClient.connect(port: proxy.port)
                try client.send(get)
                hasRequest.wait()
                if reset { client.reset() } else { client.close() }
                isClosed.wait()
            }
            #expect(proxy.thread.perform { $0.pool.load } == 0)
        }
    }

    @Test("G39 the interim responses of an upstream pass before the final one") func interim() async throws {
        try await onThread {
            let server = try ScriptedServer(
                answering(
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                ))
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send(get)
            #expect(try client.receiveHead() == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            #expect(try RawResponse(readingFrom: client).text == "ok")
            let old = try RawClient.connect(port: proxy.port)
            try old.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            #expect(try old.receiveHead().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("G38 an expectation reaches the upstream, and its 100 the client") func expectation() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                let head = try peer.receiveHead()
                #expect(head.contains("Expect: 100-continue\r\n"))
                #expect(peer.staysSilent(milliseconds: 30))
                try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
                let body = try peer.receive(exactly: 3)
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
                try peer.send(body)
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            proxy.thread.perform { $0.forwardsExpectations = true }
            let client = try RawClient.connect(port: proxy.port)
            try client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.receiveHead() == "HTTP/1.1 100 Continue\r\n\r\n")
            try client.send("abc")
            #expect(try RawResponse(readingFrom: client).text == "abc")
        }
    }

    @Test("G11 trailers pass to a client that asked for them") func trailers() async throws {
        try await onThread {
            let server = try ScriptedServer(
                answering(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\n\r\n"
                ))
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let asked = try RawClient.ask(
                port: proxy.port, "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
            #expect(asked.trailers.map(\.name) == ["X-Sum"])
            #expect(try RawClient.ask(port: proxy.port, get).trailers.isEmpty)
        }
    }

    @Test("G41 a request that the upstream drops is not sent twice") func noRetry() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in try peer.receiveHead() }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let response = try RawClient.ask(
                port: proxy.port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            #expect(response.status == 502)
            #expect(server.connections == 1)
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.closedBeforeResponse])
        }
    }

    @Test("G62 a tunnel opens after 101 only, and carries both ways until either side ends") func tunnel() async throws
    {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                let head = try peer.receiveHead()
                #expect(head.contains("Upgrade: websocket\r\n"))
                #expect(head.contains("Connection: upgrade\r\n"))
                try peer.send(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
                while true {
                    let bytes = try peer.receive()
                    if bytes.isEmpty { break }
                    try peer.send(bytes)
                }
                try peer.send("end")
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send(
                "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n"
            )
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 101 "))
            #expect(try client.receive(exactly: 5) == Array("hello".utf8))
            let large = [UInt8](repeating: 7, count: 300_000)
            let sender = try Thread.start(name: "sender") { try? client.send(large) }
            #expect(try client.receive(exactly: large.count) == large)
            sender.join()
            client.halfClose()
            #expect(try client.receiveTextToEnd() == "end")
            try eventually("over") { proxy.thread.perform { $0.pool.load } == 0 }
        }
    }

    @Test("G54 events pass at once, unbuffered") func events() async throws {
        try await onThread {
            let next = Semaphore()
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
                for number in 0..<5 {
                    next.wait()
                    try peer.send("data: \(number)\n\n")
                }
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send(get)
            try client.receiveHead()
            for number in 0..<5 {
                next.signal()
                try client.receive(until: "data: \(number)\n\n")
            }
        }
    }

    @Test(
        "G54 a large download to a slow client is bounded in memory; a large upload to a slow server too",
        arguments: ["down", "up"])
    func backPressure(_ direction: String) async throws {
        try await onThread {
            let total = 20 << 20
            let offered = Atomic(0)
            let release = Semaphore()
            let server = try ScriptedServer(smallBuffers: true) { peer, _ in
                try peer.receiveHead()
                if direction == "down" {
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                    let piece = [UInt8](repeating: 65, count: 1 << 16)
                    for _ in 0..<(total >> 16) {
                        try peer.send(piece)
                        offered.add(1 << 16, ordering: .relaxed)
                    }
                } else {
                    release.wait()
                    var left = total
                    while left > 0 { left -= try peer.receive(most: min(left, 1 << 20)).count }
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                }
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port, smallBuffers: true)
            if direction == "down" {
                try client.send(get)
                try client.receiveHead()
                var before = -1
                try eventually("the server stands still") {
                    let now = offered.load(ordering: .relaxed)
                    defer { before = now }
                    if now == before { return true }
                    usleep(100_000)
                    return false
                }
                #expect(before < 12 << 20)
                var left = total
                while left > 0 { left -= try client.receive(most: min(left, 1 << 20)).count }
            } else {
                try client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
                let body = [UInt8](repeating: 66, count: total)
                let first = client.sendWhatFits(body, patience: 300)
                #expect(first < 12 << 20)
                release.signal()
                try client.send(Array(body[first...]))
                #expect(try RawResponse(readingFrom: client).status == 200)
            }
        }
    }
}
