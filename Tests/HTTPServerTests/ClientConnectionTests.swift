import Bytes
import HTTP
import HTTPServer
import Sockets
import TestSupport
import Testing
import Threads

/// Answers every request with its path, when it has ended.
private func pathServer(_ settings: ServerSettings = ServerSettings()) throws -> RunningServer {
    try RunningServer(settings) { handler in
        handler.onEnded = { $0.answer($0.path) }
    }
}

@Suite struct FramingOnTheWireTests {
    @Test(
        "G2 G3 G4 G5 G6 G8 G12 G14 K11: a refused request closes the connection, and what follows it is never answered",
        arguments: [
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: a\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417),
            ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505), ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ])
    func refused(_ request: String, _ status: Int) async throws {
        try await onThread {
            let server = try pathServer()
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send(request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try RawResponse(readingFrom: peer)
            #expect(response.status == status)
            #expect(response.header("Connection") == "close")
            #expect(response.header("Content-Type") == "text/plain")
            #expect(peer.waitUntilClosed())
            #expect(server.diary.filter { $0 == "began" }.isEmpty)
        }
    }

    @Test("G10 G12: a bad chunk after the exchange began fails it, and the client is told")
    func badChunk() async throws {
        try await onThread {
            let server = try pathServer()
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            try server.waitFor("began")
            try peer.send("zz\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: peer).status == 400)
            #expect(peer.waitUntilClosed())
            #expect(
                server.diary == [
                    "began", "failed badRequest(HTTP.HTTP1Error.invalidChunkSize)", "refused 400 invalid_chunk_size",
                ])
        }
    }

    @Test("G17 limits: request line 414, fields 431", arguments: [(9000, 0, 414), (10, 40_000, 431), (8000, 100, 200)])
    func limits(_ line: Int, _ field: Int, _ status: Int) async throws {
        try await onThread {
            let server = try pathServer()
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send(
                "GET /\(String(repeating: "a", count: line)) HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "b", count: field))\r\n\r\n"
            )
            #expect(try RawResponse(readingFrom: peer).status == status)
        }
    }

    @Test("G19 a GET with a body is consumed as framed, never left on the connection") func getWithBody() async throws {
        try await onThread {
            let server = try pathServer()
            defer { server.stop() }
            let peer = try server.connect()
            let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            try peer.send(
                "GET /one HTTP/1.1\r\nHost: a\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)GET /two HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            #expect(try RawResponse(readingFrom: peer).text == "/one")
            #expect(try RawResponse(readingFrom: peer).text == "/two")
            #expect(peer.staysSilent(milliseconds: 50))
        }
    }
}

@Suite struct PipeliningTests {
    @Test("G21 pipelined requests are answered in order, without recursion and without unbounded memory")
    func pipelined() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                // Inside `began`: the next request must not be begun from within.
                handler.onBegan = { $0.answer($0.path) }
            }
            defer { server.stop() }
            let peer = try server.connect()
            let count = 2_000
            let sender = try Thread.start(name: "sender") {
                let text = (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
                try? peer.send(text)
            }
            for number in 0..<count {
                let response = try RawResponse(readingFrom: peer)
                guard response.text == "/\(number)" else {
                    Issue.record("\(number): \(response.text)")
                    break
                }
            }
            sender.join()
        }
    }

    @Test("requests arrive in any pieces") func pieces() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { [unowned handler] in $0.answer(String(decoding: handler.body, as: UTF8.self)) }
            }
            defer { server.stop() }
            let peer = try server.connect()
            let request =
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n5\r\npedia\r\n0\r\n\r\n"
            for byte in request.utf8 {
                try peer.send([byte])
            }
            #expect(try RawResponse(readingFrom: peer).text == "wikipedia")
            let bytes = Array(request.utf8)
            for split in stride(from: 1, to: bytes.count, by: 7) {
                try peer.send(Array(bytes[..<split]))
                try peer.send(Array(bytes[split...]))
                #expect(try RawResponse(readingFrom: peer).text == "wikipedia")
            }
        }
    }

    @Test("a paused request does not let the next one overtake it") func pausedThenPipelined() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onBegan = { if $0.bodyIsExpected { $0.pauseReading() } }
                handler.onEnded = { [unowned handler] in $0.answer("\($0.path) \(handler.body.count)") }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(peer.staysSilent(milliseconds: 50))
            #expect(server.diary == ["began"])
            server.thread.perform { $0.current?.resumeReading() }
            #expect(try RawResponse(readingFrom: peer).text == "/a 3")
            #expect(try RawResponse(readingFrom: peer).text == "/b 0")
        }
    }

    @Test("a key finds its exchange, and nobody once it is over") func keys() async throws {
        try await onThread {
            let server = try RunningServer { _ in }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            try server.waitFor("ended")
            let key = try #require(server.thread.perform { $0.current?.key })
            #expect(key.worker == 3)
            server.thread.perform { server in server.worker.exchange(key)?.answer("first") }
            #expect(try RawResponse(readingFrom: peer).text == "first")
            try server.waitFor("finished")
            #expect(server.thread.perform { $0.worker.exchange(key) == nil })
            try peer.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            try eventually("second exchange") { server.diary.filter { $0 == "ended" }.count == 2 }
            let second = try #require(server.thread.perform { $0.current?.key })
            #expect(second.slot == key.slot)
            #expect(second != key)
            server.thread.perform { server in
                server.worker.exchange(key)?.answer("stale")
                server.worker.exchange(second)?.answer("second")
            }
            #expect(try RawResponse(readingFrom: peer).text == "second")
        }
    }
}

@Suite struct EarlyAnswerTests {
    @Test("G12 a small rest of the request is dropped and the connection serves on; a large one closes it")
    func rest() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onBegan = { $0.answer(413, "no") }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
            #expect(try RawResponse(readingFrom: peer).header("Connection") == nil)
            try peer.send([UInt8](repeating: 65, count: 1000))
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            // The client goes on sending; it can read the answer all the same.
            let sent = peer.sendWhatFits([UInt8](repeating: 65, count: 200_000))
            #expect(sent == 200_000)
            let response = try RawResponse(readingFrom: peer)
            #expect(response.status == 413)
            #expect(response.header("Connection") == "close")
            #expect(peer.waitUntilClosed())
        }
    }

    @Test("G38 a final answer instead of 100 Continue closes the connection; after 100 it is kept") func expect()
        async throws
    {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onBegan = { exchange in
                    if exchange.path == "/no" { exchange.answer(401, "no") } else { exchange.sendContinue() }
                    exchange.sendContinue()
                }
                handler.onEnded = { $0.answer("yes") }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("PUT /yes HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(try peer.receiveHead() == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(peer.staysSilent(milliseconds: 20))
            try peer.send("abc")
            #expect(try RawResponse(readingFrom: peer).text == "yes")
            try peer.send("PUT /no HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n")
            let refusal = try RawResponse(readingFrom: peer)
            #expect(refusal.status == 401)
            #expect(refusal.header("Connection") == "close")
            #expect(peer.waitUntilClosed())
            let old = try server.connect()
            try old.send("PUT /yes HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")
            #expect(try old.receiveHead().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("G39 interim responses precede the final one; HTTP/1.0 gets none") func interim() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    var fields = Fields()
                    fields.append(.link, text: "</a.css>; rel=preload")
                    exchange.sendInterim(103, fields)
                    exchange.sendInterim(103, fields)
                    exchange.answer("done")
                }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for _ in 0..<2 {
                #expect(try peer.receiveHead() == "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
            }
            #expect(try RawResponse(readingFrom: peer).text == "done")
            let old = try server.connect()
            try old.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try old.receiveHead().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("G39 interim responses say when they are too many, and when there is room again") func interimFlood()
        async throws
    {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    var fields = Fields()
                    fields.append(.link, text: "</a.css>; rel=preload")
                    // All in one turn, in which nothing can be sent.
                    while exchange.canSend { exchange.sendInterim(103, fields) }
                }
                handler.onCanSendMore = { $0.answer("done") }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            var bytes = 0
            var head = try peer.receiveHead()
            while head.hasPrefix("HTTP/1.1 103 ") {
                bytes += head.utf8.count
                head = try peer.receiveHead()
            }
            #expect(head.hasPrefix("HTTP/1.1 200 "))
            let limit = ServerSettings().highWaterMark
            #expect(bytes >= limit && bytes < limit + 100, "\(bytes)")
        }
    }

    @Test("G53 HEAD, 204 and 304 have no body whatever the handler sends") func noBody() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    let status = exchange.path == "/" ? 200 : Int(exchange.path.dropFirst()) ?? 0
                    exchange.begin(status, framing: .length(4))
                    exchange.send("body")
                    exchange.finish()
                }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: peer, toHead: true).header("Content-Length") == "4")
            for status in [204, 304] {
                try peer.send("GET /\(status) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try RawResponse(readingFrom: peer).status == status)
            }
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: peer).text == "body")
        }
    }
}
