import Bytes
import Foundation
import HTTP
import HTTPServer
import Sockets
import Synchronization
import TestSupport
import Testing
import Threads

@Suite struct FlowTests {
    @Test("G54 a client that reads slowly holds up its source, and memory stays bounded") func download() async throws {
        try await onThread {
            let total = 12 << 20
            let offered = Locked(0)
            let server = try RunningServer { handler in
                let piece = [UInt8](repeating: 65, count: 30_000)
                let offer: (Exchange) -> Void = { exchange in
                    while exchange.canSend {
                        let left = total - offered.withLock { $0 }
                        if left == 0 {
                            exchange.finish()
                            return
                        }
                        let count = min(left, piece.count)
                        exchange.send(piece.span.extracting(0..<count))
                        offered.withLock { $0 += count }
                    }
                }
                handler.onEnded = { exchange in
                    exchange.begin(framing: .length(total))
                    offer(exchange)
                }
                handler.onCanSendMore = offer
            }
            defer { server.stop() }
            let peer = try RawClient.connect(port: server.port, smallBuffers: true)
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try peer.receiveHead()
            // The source stands still once the kernel and the high-water mark are full.
            var before = -1
            try eventually("the source stands still") {
                let now = offered.withLock { $0 }
                defer { before = now }
                if now == before { return true }
                _ = peer.staysSilent(milliseconds: 50)
                return false
            }
            #expect(before < 10 << 20)
            var received = 0
            while received < total { received += try peer.receive(most: min(1 << 20, total - received)).count }
            try server.waitFor("finished")
        }
    }

    @Test("G54 a paused upload stays with the client") func upload() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onReceived = { exchange, _ in exchange.pauseReading() }
                handler.onEnded = { [unowned handler] in $0.answer("\(handler.body.count)") }
            }
            defer { server.stop() }
            let peer = try server.connect()
            let total = 20 << 20
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
            let body = [UInt8](repeating: 66, count: total)
            let first = peer.sendWhatFits(body, patience: 100)
            #expect(first < 16 << 20)
            let sender = try Thread.start(name: "sender") { try? peer.send(Array(body[first...])) }
            let isOver = Atomic(false)
            let waker = try Thread.start(name: "waker") {
                while !isOver.load(ordering: .relaxed) {
                    server.thread.perform { $0.current?.resumeReading() }
                }
            }
            let response = try RawResponse(readingFrom: peer)
            isOver.store(true, ordering: .relaxed)
            sender.join()
            waker.join()
            #expect(response.text == "\(total)")
        }
    }

    @Test(
        "an answer larger than the buffers leaves whole, in every framing", arguments: ["length", "chunked", "close"])
    func large(_ framing: String) async throws {
        try await onThread {
            let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    exchange.begin(framing: framing == "length" ? .length(bytes.count) : .unknown)
                    // Pieces below and above the size from which on they are not copied.
                    var at = 0
                    for size in [1, 100, 8191, 8192, 8193, 100_000, 300_000, 3_000_000] where at < bytes.count {
                        let end = min(bytes.count, at + size)
                        exchange.send(bytes.span.extracting(at..<end))
                        at = end
                    }
                    exchange.finish()
                }
            }
            defer { server.stop() }
            let version = framing == "close" ? "1.0" : "1.1"
            let response = try RawClient.ask(port: server.port, "GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
            #expect(response.body == bytes)
        }
    }

    @Test("bytes are counted, head and framing included") func counters() async throws {
        try await onThread {
            let counts = Locked<(Int, Int)>((0, 0))
            let server = try RunningServer { handler in
                handler.onEnded = { exchange in
                    exchange.begin()
                    exchange.send("abc")
                    exchange.send(String(repeating: "x", count: 10_000))
                    exchange.finish()
                }
                handler.onFinished = { exchange in
                    let pair = (exchange.bytesIn, exchange.bytesOut)
                    counts.withLock { $0 = pair }
                }
            }
            defer { server.stop() }
            let peer = try server.connect()
            let request = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
            try peer.send(request)
            let response = try peer.receiveToEnd()
            try server.waitFor("finished")
            let (bytesIn, bytesOut) = counts.withLock { $0 }
            #expect(bytesIn == request.utf8.count)
            #expect(bytesOut == response.count)
        }
    }

    @Test("after 101 both directions pass as they are, bytes sent behind the handshake included") func tunnel()
        async throws
    {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onReceived = { exchange, bytes in exchange.send(bytes.span) }
                handler.onEnded = { exchange in
                    if exchange.status == 0 {
                        var fields = Fields()
                        fields.append(.upgrade, text: "websocket")
                        exchange.switchProtocols(fields)
                    } else {
                        exchange.send("bye")
                        exchange.finish()
                    }
                }
            }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send(
                "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\nearly"
            )
            #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 101 "))
            #expect(try peer.receive(exactly: 5) == Array("early".utf8))
            try peer.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try peer.receive(exactly: 18) == Array("GET / HTTP/1.1\r\n\r\n".utf8))
            peer.halfClose()
            #expect(try peer.receiveTextToEnd() == "bye")
            try server.waitFor("finished")
        }
    }
}

@Suite struct DrainTests {
    @Test("draining closes what is idle, lets what runs be the last, and takes no more") func drain() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { if $0.path == "/fast" { $0.answer("fast") } }
            }
            defer { server.stop() }
            let idle = try server.connect()
            try idle.send("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawResponse(readingFrom: idle).header("Connection") == nil)
            let running = try server.connect()
            try running.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            try eventually("both") { server.diary.filter { $0 == "ended" }.count == 2 }
            server.thread.perform { server in
                server.worker.drained = { server.note("drained") }
                server.worker.drain()
            }
            #expect(try idle.receiveToEnd().isEmpty)
            #expect(throws: ScriptError.self) { try server.connect() }
            #expect(!server.diary.contains("drained"))
            server.thread.perform { $0.current?.answer("slow") }
            let last = try RawResponse(readingFrom: running)
            #expect(last.text == "slow")
            #expect(last.header("Connection") == "close")
            #expect(try running.receiveToEnd().isEmpty)
            try server.waitFor("drained")
        }
    }

    @Test("clients that wait in the listener's queue when the drain begins are still answered") func queue()
        async throws
    {
        try await onThread {
            let server = try RunningServer { handler in handler.onEnded = { $0.answer($0.path) } }
            defer { server.stop() }
            // The loop is busy while they connect, so they wait in the kernel.
            let clients = Locked<[ScriptedPeer]>([])
            server.thread.perform { server in
                for number in 0..<50 {
                    guard let peer = try? RawClient.connect(port: server.port) else { continue }
                    try? peer.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                    clients.withLock { $0.append(peer) }
                }
                server.worker.drain()
            }
            let peers = clients.withLock { $0 }
            #expect(peers.count == 50)
            for (number, peer) in peers.enumerated() {
                let response = try RawResponse(readingFrom: peer)
                #expect(response.text == "/\(number)")
                #expect(response.header("Connection") == "close")
            }
        }
    }

    @Test("handing over closes nothing that may be asked again: the next answer says that it is the last")
    func handOver() async throws {
        try await onThread {
            let server = try RunningServer { handler in
                handler.onEnded = { if $0.path == "/fast" { $0.answer("fast") } }
                handler.onBegan = { if $0.path == "/begun" { $0.begin(framing: .length(4)) } }
            }
            defer { server.stop() }
            let fast = "GET /fast HTTP/1.1\r\nHost: a\r\n\r\n"
            let idle = try server.connect()
            try idle.send(fast)
            #expect(try RawResponse(readingFrom: idle).header("Connection") == nil)
            // Its head has left, and does not say that the connection closes: so it goes on after it, once.
            let begun = try server.connect()
            try begun.send("GET /begun HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try begun.receiveHead().contains("\r\nConnection:") == false)
            let silent = try server.connect()
            try eventually("all are in") { server.thread.perform { $0.worker.connectionCount } == 3 }
            server.thread.perform { server in
                server.worker.drained = { server.note("drained") }
                server.worker.drain(handingOver: true)
                server.current?.send("done")
                server.current?.finish()
            }
            #expect(throws: ScriptError.self) { try server.connect() }
            #expect(try begun.receive(exactly: 4) == Array("done".utf8))
            for peer in [begun, idle, silent] {
                #expect(!server.diary.contains("drained"))
                try peer.send(fast)
                let last = try RawResponse(readingFrom: peer)
                #expect(last.text == "fast" && last.header("Connection") == "close", "\(last.head)")
                #expect(try peer.receiveToEnd().isEmpty)
            }
            try server.waitFor("drained")
        }
    }

    @Test("what is still open at the end of the drain is cut off, and its handler told") func cutOff() async throws {
        try await onThread {
            let server = try RunningServer { _ in }
            defer { server.stop() }
            let peer = try server.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try server.waitFor("ended")
            server.thread.perform { $0.worker.closeAll() }
            #expect(peer.waitUntilClosed())
            #expect(server.diary.last == "failed stopping")
        }
    }
}

@Suite struct ConnectionLimitTests {
    @Test("above the limit clients wait until somebody leaves") func waiting() async throws {
        try await onThread {
            var settings = ServerSettings()
            settings.connections = 2
            let server = try RunningServer(settings) { handler in handler.onEnded = { $0.answer("x") } }
            defer { server.stop() }
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            let first = try server.connect()
            let second = try server.connect()
            for peer in [first, second] {
                try peer.send(request)
                #expect(try RawResponse(readingFrom: peer).status == 200)
            }
            let third = try server.connect()
            try third.send(request)
            #expect(third.staysSilent(milliseconds: 50))
            let turns = server.thread.perform { $0.loop.turns }
            #expect(third.staysSilent(milliseconds: 200))
            #expect(server.thread.perform { $0.loop.turns } - turns < 20, "waiting must not spin")
            first.close()
            #expect(try RawResponse(readingFrom: third).status == 200)
        }
    }

    @Test("without a free descriptor clients are turned away, the loop does not spin, and service goes on afterwards")
    func exhausted() async throws {
        await #expect(processExitsWith: .success) {
            try await onThread {
                let server = try RunningServer { handler in handler.onEnded = { $0.answer("x") } }
                let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                let first = try server.connect()
                try first.send(request)
                guard try RawResponse(readingFrom: first).status == 200 else { exit(2) }
                var limit = rlimit(rlim_cur: 64, rlim_max: 64)
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                var held: [Int32] = []
                while true {
                    let descriptor = open("/dev/null", O_RDONLY)
                    if descriptor < 0 { break }
                    held.append(descriptor)
                }
                // One for the client's end; the server finds none for its own.
                close(held.removeLast())
                let refused = try server.connect()
                guard refused.waitUntilClosed() else { exit(3) }
                let turns = server.thread.perform { $0.loop.turns }
                _ = first.staysSilent(milliseconds: 300)
                guard server.thread.perform({ $0.loop.turns }) - turns < 30 else { exit(4) }
                try first.send(request)
                guard try RawResponse(readingFrom: first).status == 200 else { exit(5) }
                for descriptor in held { close(descriptor) }
                let later = try server.connect()
                try later.send(request)
                guard try RawResponse(readingFrom: later).status == 200 else { exit(6) }
            }
            exit(0)
        }
    }
}
