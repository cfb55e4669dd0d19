import Bytes
import Glibc
import HTTP
import HTTPServer
import Sockets
import TestSupport
import Testing
import Time

@Suite struct HTTP2ConnectionTests {
    private static func settings(_ change: (inout ServerSettings) -> Void) -> ServerSettings {
        var settings = ServerSettings()
        change(&settings)
        return settings
    }

    /// Answers `/echo` with the body it got, `/hold` never, everything else with its path.
    private static func answering(_ settings: ServerSettings = ServerSettings()) throws -> RunningServer {
        try RunningServer(settings) { handler in
            handler.onEnded = { [unowned handler] exchange in
                switch exchange.path {
                case "/echo": exchange.answer(200, String(decoding: handler.body, as: UTF8.self))
                case "/hold": break
                default: exchange.answer(exchange.path)
                }
            }
        }
    }

    @Test("Streams of one connection are exchanges of their own, answered in any order, until it is idle and closes")
    func streams() async throws {
        try await onThread {
            let server = try Self.answering(Self.settings { $0.idleTimeout = .milliseconds(300) })
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            let held = try client.ask("GET", "/hold")
            let echo = try client.ask("POST", "/echo", body: "hello")
            let plain = try client.ask("GET", "/plain?x")
            let answer = try client.response(plain)
            #expect(answer.status == 200 && answer.text == "/plain" && answer.isWhole && answer.code == 0)
            #expect(answer.headers["content-length"] == "6" && answer.headers["date"] != nil)
            #expect(try client.response(echo).text == "hello")
            try client.reset(held)
            try server.waitFor("failed clientLeft")
            #expect(try client.response(client.ask("GET", "/again")).text == "/again")
            // A handler hears the end of each, once.
            try server.waitFor("finished")
            #expect(server.diary.filter { $0 == "finished" }.count == 3)
            try client.waitForClose()
            #expect(client.goAway?.code == 0)
        }
    }

    @Test("The preface may come in pieces; what only looks like it is HTTP/1")
    func preface() async throws {
        try await onThread {
            let server = try Self.answering()
            defer { server.stop() }
            let peer = try server.connect()
            for byte in RawHTTP2.opening + RawHTTP2.headers(1, RawHTTP2.request("GET", "/x")) { try peer.send([byte]) }
            var seen: [UInt8] = []
            while !RawHTTP2.frames(seen).contains(where: { $0.type == 0 && $0.payload == Array("/x".utf8) }) {
                seen += try peer.receive()
            }
            let other = try server.connect()
            try other.send("P")
            try other.send("RI * HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: other).status == 400)
            #expect(
                try RawClient.ask(port: server.port, "PUT /y HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").text
                    == "/y")
        }
    }

    @Test("G54 A paused stream takes what its window allows and no more, and goes on; others are not disturbed")
    func pause() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onBegan = { exchange in if exchange.path == "/slow" { exchange.pauseReading() } }
                handler.onEnded = { [unowned handler] exchange in exchange.answer(200, "\(handler.body.count)") }
            }
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            let slow = try client.ask("POST", "/slow", isOpen: true)
            try client.send([UInt8](repeating: 1, count: 300_000), on: slow)
            try client.finish(slow)
            let fast = try client.ask("POST", "/fast", body: String(repeating: "x", count: 300_000))
            #expect(try client.response(fast).text == "300000")
            // What was announced as window is all that has left.
            #expect(client.waiting(slow) == 300_000 - 128 << 10)
            #expect(server.thread.perform { $0.worker.connectionCount } == 1)
            server.thread.perform { server in
                for exchange in server.begun where exchange.isOpen && exchange.path == "/slow" {
                    exchange.resumeReading()
                }
            }
            #expect(try client.response(slow).text == "300000")
        }
    }

    @Test("G54 A client that opens no window makes its own source wait, and nobody else's")
    func slowReader() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                var sent = 0
                func pump(_ exchange: Exchange) {
                    while exchange.canSend, sent < 1 << 20 {
                        exchange.send([UInt8](repeating: 7, count: 8_000).span)
                        sent += 8_000
                    }
                    if sent >= 1 << 20 { exchange.finish() }
                }
                handler.onEnded = { exchange in
                    if exchange.path == "/small" { return exchange.answer("small") }
                    exchange.begin()
                    pump(exchange)
                }
                handler.onCanSendMore = { exchange in pump(exchange) }
            }
            defer { server.stop() }
            let blocked = try HTTP2Client(port: server.port, window: 10_000, takesBodies: false)
            let large = try blocked.ask("GET", "/large")
            try blocked.wait { blocked.responses[large]?.body.count == 10_000 }
            #expect(try blocked.response(blocked.ask("GET", "/small")).text == "small")
            let out = server.thread.perform { server in server.begun.first.map { $0.canSend } }
            #expect(out == false)
            let reader = try HTTP2Client(port: server.port, window: 10_000)
            let body = try reader.response(reader.ask("GET", "/large"))
            #expect(body.body.count >= 1 << 20 && body.isWhole)
        }
    }

    @Test("G52 A response that its handler breaks off is reset, never ended; the connection goes on")
    func abort() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    guard exchange.path == "/bad" else { return exchange.answer("good") }
                    exchange.begin(framing: .length(10))
                    exchange.send("half")
                    exchange.abort()
                }
            }
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            let bad = try client.response(client.ask("GET", "/bad"))
            #expect(!bad.isWhole && bad.code == 2)
            #expect(server.diary.contains("failed aborted"))
            #expect(try client.response(client.ask("GET", "/good")).text == "good")
        }
    }

    @Test("A client that leaves takes its exchanges along")
    func leaving() async throws {
        try await onThread {
            let server = try Self.answering()
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            _ = try client.ask("GET", "/hold")
            _ = try client.ask("GET", "/hold")
            try server.waitFor("ended")
            client.peer.close()
            try eventually("both are told") { server.diary.filter { $0 == "failed clientLeft" }.count == 2 }
            try eventually("gone") { server.thread.perform { $0.worker.connectionCount } == 0 }
        }
    }

    @Test("G12 An answer before the request's end stops the client, and its handler is done")
    func early() async throws {
        try await onThread {
            let server = try RunningServer { handler in handler.onBegan = { $0.answer(413, "too much") } }
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            let id = try client.ask("POST", "/x", isOpen: true)
            try client.send([UInt8](repeating: 1, count: 200_000), on: id)
            let answer = try client.response(id)
            #expect(answer.status == 413 && answer.isWhole && answer.code == 0)
            try server.waitFor("finished")
            // Its window is given back: the connection serves on as before.
            for _ in 0..<8 {
                let id = try client.ask("POST", "/x", isOpen: true)
                try client.send([UInt8](repeating: 1, count: 130_000), on: id)
                #expect(try client.response(id).status == 413)
            }
        }
    }

    @Test("G11 G39 Trailers both ways, and interim responses")
    func trailers() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onBegan = { exchange in
                    var hints = Fields()
                    hints.append(.link, text: "</a>")
                    exchange.sendInterim(103, hints)
                }
                handler.onEnded = { exchange in
                    var text = "none"
                    if exchange.hasTrailers {
                        func read(_ fields: borrowing Fields) {
                            text = String(strictUTF8: fields.value(0)) ?? ""
                        }
                        read(exchange.trailers)
                    }
                    exchange.begin()
                    exchange.send(text)
                    var trailers = Fields()
                    trailers.append("grpc-status", text: "0")
                    exchange.finish(trailers: trailers)
                }
            }
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            let id = try client.ask("POST", "/x", [("TE", "trailers")], body: "b", isOpen: true)
            try client.finish(id, trailers: [("x-sum", "17")])
            let answer = try client.response(id)
            #expect(answer.interim == [103] && answer.text == "17" && answer.trailers == ["grpc-status": "0"])
        }
    }

    @Test("G17 Refusals are worded by the source, and recorded")
    func refusal() async throws {
        try await onThread {
            let server = try Self.answering()
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            let many = (0..<101).map { ("x\($0)", "1") }
            let answer = try client.response(client.ask("GET", "/", many))
            #expect(answer.status == 431 && answer.text == "too_many_fields" && answer.isWhole)
            #expect(server.diary.contains("refused 431 too_many_fields"))
            #expect(server.diary.contains { $0.hasPrefix("unheard") })
            #expect(try client.response(client.ask("GET", "/next")).text == "/next")
        }
    }

    @Test("G17 Slow clients: a head, a body, an answer that is not taken")
    func slow() async throws {
        try await onThread {
            let server = try RunningServer(
                Self.settings {
                    $0.headerTimeout = .milliseconds(200)
                    $0.bodyTimeout = .milliseconds(200)
                    $0.sendTimeout = .milliseconds(200)
                    $0.lingerTime = .milliseconds(200)
                }
            ) { handler in
                handler.onEnded = { exchange in
                    exchange.begin()
                    exchange.send([UInt8](repeating: 7, count: 60_000).span)
                    exchange.finish()
                }
            }
            defer { server.stop() }
            let body = try HTTP2Client(port: server.port)
            let answer = try body.response(body.ask("POST", "/", isOpen: true))
            #expect(answer.status == 408 && answer.isWhole)
            #expect(server.diary.contains("failed requestTimeout"))

            let reader = try HTTP2Client(port: server.port, window: 1_000, takesBodies: false)
            #expect(try reader.response(reader.ask("GET", "/")).code == 8)
            #expect(server.diary.contains("failed responseTimeout"))

            let head = try server.connect()
            try head.send(RawHTTP2.opening + RawHTTP2.frame(1, stream: 1, RawHTTP2.block(RawHTTP2.request())))
            #expect(RawHTTP2.frames(try head.receiveToEnd()).last?.code == 11)
            #expect(server.diary.contains("refused 408 request_timeout"))

            let silent = try server.connect()
            try silent.send(RawHTTP2.opening)
            let frames = RawHTTP2.frames(try silent.receiveToEnd())
            #expect(frames.last?.type == 7 && frames.last?.code == 0)
        }
    }

    @Test("An exchange that has had its time is reset, however slowly its client takes what waits; others go on")
    func endWithin() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    if exchange.path == "/next" { return exchange.answer("next") }
                    exchange.begin()
                    exchange.send([UInt8](repeating: 7, count: 60_000).span)
                    exchange.endWithin(Delay(.milliseconds(200)))
                    if exchange.path == "/finished" { exchange.finish() }
                }
            }
            defer { server.stop() }
            for path in ["/finished", "/open"] {
                let reader = try HTTP2Client(port: server.port, window: 1_000, takesBodies: false)
                let slow = try reader.ask("GET", path)
                try eventually("reset") {
                    usleep(10_000)
                    // One byte more, again and again.
                    try reader.sendRaw(RawHTTP2.windowUpdate(UInt32(slow), 1))
                    return server.diary.last == "failed aborted"
                }
                #expect(try reader.response(slow).code == 8)
                #expect(try reader.response(reader.ask("GET", "/next")).status == 200)
                try server.waitFor("finished")
            }
        }
    }

    @Test("A drain says good-bye, lets what runs come to its end, and serves what was on its way")
    func drain() async throws {
        try await onThread {
            let server = try Self.answering()
            defer { server.stop() }
            let idle = try HTTP2Client(port: server.port)
            #expect(try idle.response(idle.ask("GET", "/x")).text == "/x")
            let busy = try HTTP2Client(port: server.port)
            let held = try busy.ask("GET", "/hold")
            try server.waitFor("ended")
            try eventually("both") { server.diary.filter { $0 == "ended" }.count == 2 }
            server.thread.perform { $0.worker.drain() }
            try idle.waitForClose()
            #expect(idle.goAway?.code == 0 && idle.goAway?.last == 1)
            try busy.wait { busy.goAway != nil }
            #expect(busy.goAway?.last == .max)
            server.thread.perform { server in
                for exchange in server.begun where exchange.isOpen { exchange.answer("at last") }
            }
            #expect(try busy.response(held).text == "at last")
            try busy.waitForClose()
            #expect(busy.goAway?.last == held)
        }
    }

    @Test("An extended CONNECT looks like HTTP/1's upgrade, and opens a tunnel (RFC 8441)")
    func tunnel() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                var isOpen = false
                handler.onEnded = { exchange in
                    if isOpen {
                        exchange.send("bye")
                        return exchange.finish()
                    }
                    isOpen = true
                    let head = exchange.head
                    guard head.isUpgrade, head.method == .get, head.fields.contains(.upgrade),
                        head.fields.value(of: .secWebSocketKey)?.count == 24
                    else { return exchange.answer(400, "no upgrade") }
                    exchange.switchProtocols(Fields())
                }
                handler.onReceived = { exchange, piece in exchange.send(piece.span) }
            }
            defer { server.stop() }
            let peer = try server.connect()
            let asked = [
                (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", "a"),
                (":path", "/chat"), ("sec-websocket-version", "13"),
            ]
            // Bytes directly behind the request belong to the tunnel, and to nobody before it is open.
            try peer.send(RawHTTP2.opening + RawHTTP2.headers(1, asked, ends: false) + RawHTTP2.data(1, "ping"))
            var seen: [UInt8] = []
            func wait(_ text: String, ends: Bool) throws {
                while !RawHTTP2.frames(seen).contains(where: {
                    $0.type == 0 && $0.payload == Array(text.utf8) && ($0.flags == 1) == ends
                }) { seen += try peer.receive() }
            }
            try wait("ping", ends: false)
            try peer.send(RawHTTP2.data(1, "", ends: true))
            try wait("bye", ends: true)
            try server.waitFor("finished")
        }
    }

    @Test("G82 A flood ends the connection, and its handlers hear of it; other clients are served")
    func flood() async throws {
        try await onThread {
            let server = try Self.answering()
            defer { server.stop() }
            let client = try HTTP2Client(port: server.port)
            _ = try client.ask("GET", "/hold")
            try server.waitFor("ended")
            var pings: [UInt8] = []
            for _ in 0..<10_000 { pings += RawHTTP2.ping }
            try? client.sendRaw(pings)
            try server.waitFor("failed protocolError")
            try? client.waitForClose()
            let other = try HTTP2Client(port: server.port)
            #expect(try other.response(other.ask("GET", "/x")).text == "/x")
        }
    }

    @Test("G82 A client whose bodies contradict their lengths, again and again, is told to calm down (CVE-2025-8671)")
    func madeToReset() async throws {
        try await onThread {
            let server = try Self.answering()
            defer { server.stop() }
            let peer = try server.connect()
            let fields = RawHTTP2.request("POST", "/hold", [("content-length", "1")])
            try peer.send(RawHTTP2.opening + RawHTTP2.settingsAcknowledgement)
            var received: [UInt8] = []
            var frames: [RawHTTP2.Frame] = []
            var asked = 0
            // Never more at once than are allowed.
            while asked < 1_000, frames.last?.type != 7 {
                var lot: [UInt8] = []
                for _ in 0..<50 {
                    let id = UInt32(2 * asked + 1)
                    lot += RawHTTP2.headers(id, fields, ends: false) + RawHTTP2.data(id, "ab")
                    asked += 1
                }
                try peer.send(lot)
                repeat {
                    let piece = try peer.receive()
                    if piece.isEmpty { break }
                    received += piece
                    frames = RawHTTP2.frames(received)
                } while frames.last?.type != 7 && frames.count(where: { $0.type == 3 }) < asked
            }
            #expect(frames.last?.type == 7 && frames.last?.code == 11)
            #expect(frames.count { $0.type == 3 } <= 250)
        }
    }
}
