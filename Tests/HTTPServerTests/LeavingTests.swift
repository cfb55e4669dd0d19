import Bytes
import Glibc
import HTTP
import HTTPServer
import Sockets
import TestSupport
import Testing
import Threads
import Time

@Suite struct LeavingTests {
    @Test("G54 a client that resets its connection while it waits ends the exchange at once") func reset() async throws
    {
        try await onThread {
            let server = try RunningServer { _ in }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try server.waitFor("ended")
            peer.reset()
            try server.waitFor("failed clientLeft")
            #expect(server.thread.perform { $0.worker.connectionCount } == 0)
        }
    }

    @Test("G54 a client that closes while it waits is given the grace and then up") func close() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.halfCloseGrace = .milliseconds(50)
            let server = try RunningServer(settings) { _ in }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try server.waitFor("ended")
            peer.close()
            try server.waitFor("failed clientLeft")
        }
    }

    @Test("a half-closed client still gets the answers to all it asked") func halfClosed() async throws {
        try await onThread {
            let server = try RunningServer { handler in handler.onEnded = { $0.answer($0.path) } }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            peer.halfClose()
            #expect(try RawResponse(readingFrom: peer).text == "/a")
            #expect(try RawResponse(readingFrom: peer).text == "/b")
            #expect(try peer.receiveToEnd().isEmpty)
        }
    }

    @Test("a client that closes within its request ends the exchange; within a head nobody hears of it")
    func withinRequest() async throws {
        try await onThread {
            let server = try RunningServer { _ in }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            try server.waitFor("began")
            peer.close()
            try server.waitFor("failed clientLeft")
            let other = try server.connect()
            try other.send("GET / HTTP/1.1\r\nHo")
            other.close()
            try eventually("all closed") { server.thread.perform { $0.worker.connectionCount } == 0 }
            #expect(server.diary == ["began", "failed clientLeft"])
        }
    }

    @Test(
        "G52 an aborted response is seen to be broken off",
        arguments: [
            ("HTTP/1.1", ResponseFraming.unknown), ("HTTP/1.1", .length(100)), ("HTTP/1.0", .unknown),
            ("HTTP/1.0", .length(100)),
        ])
    func aborted(_ version: String, _ framing: ResponseFraming) async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    exchange.begin(framing: framing)
                    exchange.send("partial")
                }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / \(version)\r\nHost: a\r\n\r\n")
            try peer.receive(until: "partial")
            server.thread.perform { $0.current?.abort() }
            #expect(throws: ScriptError.self) {
                let rest = try peer.receiveToEnd()
                // Without a reset the end must be missing: neither the last chunk nor the announced length is there.
                if framing == .unknown, version == "HTTP/1.0" { return }
                if !rest.elementsEqual("\r\n0\r\n\r\n".utf8) { throw ScriptError.reset }
            }
            #expect(server.diary.last == "failed aborted")
        }
    }

    @Test("a handler that sends more or less than it announced breaks the response off") func wrongLength() async throws
    {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    exchange.begin(framing: .length(5))
                    exchange.send(exchange.path == "/more" ? "123456" : "1234")
                    exchange.finish()
                }
            }
            defer { server.stop() }
            for path in ["/more", "/less"] {
                #expect(throws: ScriptError.self) {
                    try RawClient.ask(port: server.port, "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                }
            }
            #expect(server.diary.filter { $0 == "failed aborted" }.count == 2)
        }
    }

    @Test("abort inside began closes without a word") func abortAtOnce() async throws {
        try await onThread {
            let server = try RunningServer { handler in handler.onBegan = { $0.abort() } }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try peer.receiveToEnd().isEmpty)
            #expect(server.diary == ["began", "failed aborted"])
        }
    }

    @Test("calls on an exchange that is over do nothing") func over() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onFinished = { exchange in
                    exchange.send("after the end")
                    exchange.finish()
                    exchange.abort()
                    exchange.answer("another")
                }
                handler.onEnded = { exchange in
                    exchange.answer("once")
                    exchange.answer("twice")
                    exchange.sendContinue()
                }
            }
            defer { server.stop() }
            let peer = try server.connect()
            for _ in 0..<2 {
                try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try RawResponse(readingFrom: peer).text == "once")
            }
            #expect(peer.staysSilent(milliseconds: 20))
        }
    }
}

@Suite struct DeadlinesOnTheWireTests {
    @Test("G17 a head that drips is refused with 408, however steadily it drips") func slowHead() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.headerTimeout = .milliseconds(200)
            let server = try RunningServer(settings) { _ in }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n")
            let dripper = try Thread.start(name: "dripper") {
                for _ in 0..<100 where peer.staysSilent(milliseconds: 20) { try? peer.send("X: y\r\n") }
            }
            dripper.join()
            let response = try RawResponse(readingFrom: peer)
            #expect(response.status == 408)
            #expect(response.header("Connection") == "close")
            #expect(peer.waitUntilClosed())
            #expect(server.diary.first == "refused 408 request_timeout")
            #expect(server.diary.count == 2 && server.diary[1].hasPrefix("unheard: "), "\(server.diary)")
        }
    }

    @Test("G17 a silent new connection, and an idle kept one, close without a word") func silent() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.headerTimeout = .milliseconds(50)
            settings.idleTimeout = .milliseconds(50)
            let server = try RunningServer(settings) { handler in handler.onEnded = { $0.answer("x") } }
            defer { server.stop() }
            let fresh = try server.connect()
            #expect(try fresh.receiveToEnd().isEmpty)
            let kept = try server.connect()
            try kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: kept).status == 200)
            #expect(try kept.receiveToEnd().isEmpty)
        }
    }

    @Test("G17 a body that stands still is refused with 408; one that moves is not; a paused one waits for us")
    func slowBody() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.bodyTimeout = .milliseconds(150)
            let server = try RunningServer(settings) { handler in
                handler.onBegan = { if $0.path == "/paused" { $0.pauseReading() } }
                handler.onEnded = { $0.answer("whole") }
            }
            defer { server.stop() }
            let moving = try server.connect()
            try moving.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            for _ in 0..<10 {
                #expect(moving.staysSilent(milliseconds: 30))
                try moving.send("x")
            }
            #expect(try RawResponse(readingFrom: moving).text == "whole")
            let paused = try server.connect()
            try paused.send("POST /paused HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            let still = try server.connect()
            try still.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(try RawResponse(readingFrom: still).status == 408)
            #expect(server.diary.suffix(2) == ["failed requestTimeout", "refused 408 request_timeout"])
            #expect(paused.staysSilent(milliseconds: 100))
        }
    }

    @Test("an exchange may allow its bodies to stand still for longer or less") func allowedStillness() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.bodyTimeout = .milliseconds(100)
            let server = try RunningServer(settings) { handler in
                handler.onBegan = { exchange in
                    exchange.allowStillness(Delay(exchange.path == "/longer" ? .seconds(60) : .milliseconds(100)))
                }
                handler.onEnded = { $0.answer("whole") }
            }
            defer { server.stop() }
            func post(_ path: String) throws -> ScriptedPeer {
                let peer = try server.connect()
                try peer.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabc")
                return peer
            }
            let longer = try post("/longer")
            #expect(try RawResponse(readingFrom: try post("/less")).status == 408)
            #expect(longer.staysSilent(milliseconds: 100))
            try longer.send("d")
            #expect(try RawResponse(readingFrom: longer).text == "whole")
            // The next exchange of the connection begins anew.
            try longer.send("POST /less HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabc")
            #expect(try RawResponse(readingFrom: longer).status == 408)
        }
    }

    @Test("G54 a client that takes nothing of its answer costs nothing meanwhile") func idleWait() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    exchange.begin(framing: .length(100_000_000))
                    let piece = [UInt8](repeating: 65, count: 100_000)
                    while exchange.canSend { exchange.send(piece.span) }
                }
                handler.onCanSendMore = { exchange in
                    let piece = [UInt8](repeating: 65, count: 100_000)
                    while exchange.canSend { exchange.send(piece.span) }
                }
            }
            defer { server.stop() }
            let peer = try RawClient.connect(port: server.port, smallBuffers: true)
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try eventually("the loop rests") {
                // Two turns are those of the questions.
                let before = server.thread.perform { $0.loop.turns }
                usleep(50_000)
                return server.thread.perform { $0.loop.turns } - before <= 3
            }
            withExtendedLifetime(peer) {}
        }
    }

    @Test("an exchange that has had its time ends, however slowly its client takes what waits, finished or not")
    func endWithin() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                let piece = [UInt8](repeating: 65, count: 100_000)
                func pour(_ exchange: Exchange) { while exchange.canSend { exchange.send(piece.span) } }
                handler.onEnded = { exchange in
                    exchange.begin()
                    pour(exchange)
                }
                handler.onCanSendMore = { exchange in pour(exchange) }
            }
            defer { server.stop() }
            for finishes in [true, false] {
                let peer = try RawClient.connect(port: server.port, smallBuffers: true)
                try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try peer.receiveHead()
                try eventually("the kernel is full") { server.thread.perform { $0.current?.canSend == false } }
                server.thread.perform { server in
                    server.current?.endWithin(Delay(.milliseconds(200)))
                    if finishes { server.current?.finish() }
                }
                // Bytes move all the time, a few at once; three megabytes and more would take seconds.
                try eventually("it ends") {
                    usleep(10_000)
                    return (try? peer.receive(exactly: 10_000)) == nil
                }
                if !finishes { try server.waitFor("failed aborted") }
                try eventually("it is closed") { server.thread.perform { $0.worker.connectionCount } == 0 }
            }
            // Who takes all of it in time goes on.
            let quick = try server.connect()
            try quick.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try quick.receiveHead()
            server.thread.perform { server in
                server.current?.endWithin(Delay(.seconds(60)))
                server.current?.finish()
            }
            try quick.receive(until: "\r\n0\r\n\r\n")
            try quick.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try quick.receiveHead().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("a client that takes nothing of its answer is given up") func slowReader() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.sendTimeout = .milliseconds(100)
            let server = try RunningServer(settings) { handler in
                handler.onEnded = { exchange in
                    exchange.begin(framing: .length(100_000_000))
                    let piece = [UInt8](repeating: 65, count: 100_000)
                    while exchange.canSend { exchange.send(piece.span) }
                }
            }
            defer { server.stop() }
            let peer = try RawClient.connect(port: server.port, smallBuffers: true)
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try server.waitFor("failed responseTimeout")
        }
    }
}
