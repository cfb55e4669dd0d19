import Foundation
import HTTP
import HTTPClient
import HTTPServer
import Sockets
import TestSupport
import Testing
import Threads

private let get = "GET / HTTP/1.1\r\nHost: front\r\n\r\n"

/// Answers every request with the connection's number, and keeps the connection.
private func numbered(_ peer: ScriptedPeer, _ number: Int) throws {
    while (try? peer.receiveHead()) != nil {
        let text = "\(number)"
        try peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
    }
}

/// A port of 127.0.0.1 whose queue is full: whoever connects hears nothing.
private final class SilentPort: @unchecked Sendable {
    // @unchecked: nothing changes after the initializer.
    let port: UInt16
    private let listener: Int32
    private var fillers: [Int32] = []

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        var found = name
        _ = withUnsafeMutablePointer(to: &found) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) | listen(listener, 0) | getsockname(listener, $0, &length)
            }
        }
        port = UInt16(bigEndian: found.sin_port)
        for _ in 0..<8 {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            _ = withUnsafePointer(to: &found) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(filler, $0, length) }
            }
            fillers.append(filler)
        }
    }

    deinit { for descriptor in fillers + [listener] { close(descriptor) } }
}

@Suite struct UpstreamPoolTests {
    @Test("the connection used last is used next, and the others grow old and close") func lastInFirstOut() async throws
    {
        try await onThread {
            let arrived = Semaphore()
            let release = Semaphore()
            let server = try ScriptedServer { peer, number in
                try peer.receiveHead()
                arrived.signal()
                release.wait()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
                try numbered(peer, number)
            }
            let proxy = try RunningProxy(to: server.port) { $0.keepAliveTimeout = .milliseconds(1500) }
            defer { proxy.stop() }
            let clients = try (0..<3).map { _ in try RawClient.connect(port: proxy.port) }
            for client in clients { try client.send(get) }
            for _ in clients { arrived.wait() }
            var last = ""
            for _ in clients { release.signal() }
            for client in clients { last = try RawResponse(readingFrom: client).text }
            try eventually("three idle") { proxy.thread.perform { $0.pool.idleConnections } == 3 }
            try clients[0].send(get)
            last = try RawResponse(readingFrom: clients[0]).text
            // One connection stays in use; the others time out.
            try eventually("two have grown old") {
                try clients[0].send(get)
                #expect(try RawResponse(readingFrom: clients[0]).text == last)
                return proxy.thread.perform { $0.pool.idleConnections } == 1
            }
            try eventually("the last one too") { proxy.thread.perform { $0.pool.idleConnections } == 0 }
        }
    }

    @Test("idle connections are kept as many as a burst has shown to be needed") func keepAliveLimit() async throws {
        try await onThread {
            let arrived = Semaphore()
            let release = Semaphore()
            let server = try ScriptedServer { peer, number in
                try peer.receiveHead()
                arrived.signal()
                release.wait()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port) { $0.keepAlive = 2 }
            defer { proxy.stop() }
            let clients = try (0..<4).map { _ in try RawClient.connect(port: proxy.port) }
            for client in clients { try client.send(get) }
            for _ in clients { arrived.wait() }
            for _ in clients { release.signal() }
            for client in clients { #expect(try RawResponse(readingFrom: client).status == 200) }
            try eventually("settled") { proxy.thread.perform { $0.pool.load } == 0 }
            // Four were busy at once a moment ago, so four may be needed again at once.
            #expect(proxy.thread.perform { $0.pool.idleConnections } == 4)
        }
    }

    @Test("a server that closes an idle connection is asked over a new one") func closedMeanwhile() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, number in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            for number in 0..<5 {
                try client.send(get)
                #expect(try RawResponse(readingFrom: client).text == "\(number)")
                try eventually("noticed") { proxy.thread.perform { $0.pool.idleConnections } == 0 }
            }
        }
    }

    @Test("nobody listens: 502; the queue is full: 504 after the connect timeout") func noConnection() async throws {
        try await onThread {
            let gone = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))[0]
            let port = try #require(gone.address.port)
            gone.close()
            let refused = try RunningProxy(to: port)
            defer { refused.stop() }
            #expect(try RawClient.ask(port: refused.port, get).status == 502)
            #expect(refused.thread.perform { $0.upstreamFailures } == [.refused])
            let silent = try SilentPort()
            let waiting = try RunningProxy(to: silent.port) { $0.connectTimeout = .milliseconds(300) }
            defer { waiting.stop() }
            #expect(try RawClient.ask(port: waiting.port, get).status == 504)
            #expect(waiting.thread.perform { $0.upstreamFailures } == [.connectTimeout])
            #expect(waiting.thread.perform { $0.pool.load } == 0)
        }
    }

    @Test(
        "a server that lets us wait for nothing is to blame where it had the time; where `queue.wait` left it none it is not",
        arguments: [(500, UpstreamFailure.connectTimeout), (400, .connectTimeout), (200, .overloaded)])
    func whoseFault(wait: Int, failure: UpstreamFailure) async throws {
        try await onThread {
            let silent = try SilentPort()
            let proxy = try RunningProxy(to: silent.port) {
                $0.connectTimeout = .milliseconds(500)
                $0.queue.wait = .milliseconds(wait)
            }
            defer { proxy.stop() }
            _ = try RawClient.ask(port: proxy.port, get)
            #expect(proxy.thread.perform { $0.upstreamFailures } == [failure])
        }
    }

    @Test("G22 a client that leaves while its connection is being made leaves nothing behind")
    func leaveWhileConnecting()
        async throws
    {
        try await onThread {
            let silent = try SilentPort()
            let proxy = try RunningProxy(to: silent.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send(get)
            try eventually("connecting") { proxy.thread.perform { $0.pool.load } == 1 }
            client.reset()
            try eventually("given up") { proxy.thread.perform { $0.pool.load } == 0 }
            #expect(proxy.thread.perform { $0.upstreamFailures }.isEmpty)
        }
    }

    @Test("more requests than may wait for connections are refused") func overloaded() async throws {
        try await onThread {
            let silent = try SilentPort()
            let proxy = try RunningProxy(to: silent.port) { $0.queue.requests = 2 }
            defer { proxy.stop() }
            let waiting = try (0..<2).map { _ in try RawClient.connect(port: proxy.port) }
            for client in waiting { try client.send(get) }
            try eventually("waiting") { proxy.thread.perform { $0.pool.load } == 2 }
            // Twice the loop hears everything, and no connection among it.
            let heard = proxy.thread.perform { $0.worker.loop.hearings }
            try eventually("heard") { proxy.thread.perform { $0.worker.loop.hearings } > heard + 1 }
            #expect(try RawClient.ask(port: proxy.port, get).status == 502)
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.overloaded])
        }
    }

    @Test(
        "requests that come at one moment are no queue, however many: the server takes all their connections",
        arguments: [20, 700])
    func burst(_ count: Int) async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                try peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            }
            let proxy = try RunningProxy(to: server.port) { $0.queue.requests = 2 }
            defer { proxy.stop() }
            let clients = try (0..<count).map { _ in try RawClient.connect(port: proxy.port) }
            try eventually("accepted") { proxy.thread.perform { $0.worker.connectionCount } == clients.count }
            // On the loop's own thread: when it goes on, all of them are there.
            let sent = proxy.thread.perform { _ in clients.count { (try? $0.send(get)) != nil } }
            #expect(sent == clients.count)
            for client in clients { #expect(try RawResponse(readingFrom: client).status == 200) }
            #expect(proxy.thread.perform { $0.upstreamFailures } == [])
        }
    }

    @Test("no head in time: 504; a body that stands still is broken off; one that moves is not") func timeouts()
        async throws
    {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                let head = try peer.receiveHead()
                if head.hasPrefix("GET /silent") { return _ = peer.waitUntilClosed() }
                try peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n")
                let count = head.hasPrefix("GET /moving") ? 10 : 3
                for _ in 0..<count {
                    usleep(150_000)
                    try peer.send("x")
                }
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port) {
                $0.responseTimeout = .milliseconds(1000)
                $0.idleTimeout = .milliseconds(1000)
            }
            defer { proxy.stop() }
            func ask(_ path: String) throws -> RawResponse {
                try RawClient.ask(port: proxy.port, "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            #expect(try ask("/silent").status == 504)
            #expect(try ask("/moving").text == "xxxxxxxxxx")
            #expect(throws: ScriptError.self) { try ask("/stops") }
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.responseTimeout, .idleTimeout])
        }
    }

    @Test("G39 an upstream that only ever sends 100 is as silent as one that sends nothing") func onlyContinues()
        async throws
    {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                // Until the other side has had enough.
                while true {
                    try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
                    if !peer.staysSilent(milliseconds: 50) { return }
                }
            }
            let proxy = try RunningProxy(to: server.port) { $0.responseTimeout = .milliseconds(300) }
            defer { proxy.stop() }
            #expect(try RawClient.ask(port: proxy.port, get).status == 504)
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.responseTimeout])
        }
    }

    @Test("G54 an upstream that takes nothing of a request costs nothing meanwhile") func idleWait() async throws {
        try await onThread {
            let mayEnd = Semaphore()
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                mayEnd.wait()
            }
            let proxy = try RunningProxy(to: server.port)
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            let sender = try Thread.start(name: "sender") {
                try? client.send([UInt8](repeating: 7, count: 100_000_000))
            }
            try eventually("the loop rests") {
                let before = proxy.thread.perform { $0.loop.turns }
                usleep(50_000)
                return proxy.thread.perform { $0.loop.turns } - before <= 3
            }
            // The upstream goes, and with it the client's connection.
            mayEnd.signal()
            sender.join()
        }
    }

    @Test("a long upload does not count against the response timeout") func slowUpload() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in
                try peer.receiveHead()
                _ = try peer.receive(exactly: 10)
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                _ = peer.waitUntilClosed()
            }
            let proxy = try RunningProxy(to: server.port) { $0.responseTimeout = .milliseconds(300) }
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            for _ in 0..<10 {
                #expect(client.staysSilent(milliseconds: 50))
                try client.send("x")
            }
            #expect(try RawResponse(readingFrom: client).text == "ok")
        }
    }

    @Test("names are looked up, and an address that refuses gives way to the next") func names() async throws {
        try await onThread {
            // `localhost` may be ::1 first, where nobody listens.
            let server = try ScriptedServer { peer, number in try numbered(peer, number) }
            let known = try #require(UpstreamServer("http://localhost:\(server.port)"))
            let proxy = try RunningProxy(
                settings: ServerSettings(), upstream: UpstreamSettings(name: "named", servers: [known]))
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            for _ in 0..<3 {
                try client.send(get)
                #expect(try RawResponse(readingFrom: client).text == "0")
            }
            let unknown = try #require(UpstreamServer("http://name..with.an.empty.label"))
            let lost = try RunningProxy(
                settings: ServerSettings(), upstream: UpstreamSettings(name: "lost", servers: [unknown]))
            defer { lost.stop() }
            #expect(try RawClient.ask(port: lost.port, get).status == 502)
            #expect(lost.thread.perform { $0.upstreamFailures } == [.unknownName])
        }
    }

    @Test("https is refused rather than spoken in clear") func secure() async throws {
        try await onThread {
            let server = try #require(UpstreamServer("https://127.0.0.1:1"))
            let proxy = try RunningProxy(
                settings: ServerSettings(), upstream: UpstreamSettings(name: "tls", servers: [server]))
            defer { proxy.stop() }
            #expect(try RawClient.ask(port: proxy.port, get).status == 502)
            #expect(proxy.thread.perform { $0.upstreamFailures } == [.unsupportedScheme])
        }
    }

    @Test("an upstream behind a unix socket") func unix() async throws {
        struct Hello: HTTPService {
            func respond(to request: ServiceRequest) async -> ServiceResponse { .text("hello \(request.peer)") }
        }
        try await onThread {
            let path = "/tmp/postern-test-\(UUID().uuidString).sock"
            let host = try ServiceHost(listeners: [.unix(path: path)], service: Hello(), name: "unix")
            defer { host.stop() }
            let server = try #require(UpstreamServer("unix:\(path)"))
            let proxy = try RunningProxy(
                settings: ServerSettings(), upstream: UpstreamSettings(name: "unix", servers: [server]))
            defer { proxy.stop() }
            #expect(try RawClient.ask(port: proxy.port, get).text == "hello unix")
        }
    }
}

@Suite struct BalancingTests {
    @Test("several servers share the requests", arguments: [UpstreamSettings.Balance.roundRobin, .leastRequests])
    func sharing(_ balance: UpstreamSettings.Balance) async throws {
        try await onThread {
            let servers = try (0..<3).map { name in
                try ScriptedServer { peer, _ in try numbered(peer, name) }
            }
            let proxy = try RunningProxy(to: servers[0].port, servers[1].port, servers[2].port) { $0.balance = balance }
            defer { proxy.stop() }
            var counts = [String: Int]()
            let client = try RawClient.connect(port: proxy.port)
            for _ in 0..<12 {
                try client.send(get)
                counts[try RawResponse(readingFrom: client).text, default: 0] += 1
            }
            #expect(counts == ["0": 4, "1": 4, "2": 4])
        }
    }

    @Test("least_requests: a server that is busy gets no more while another has less to do") func leastRequests()
        async throws
    {
        try await onThread {
            let release = Semaphore()
            let servers = try (0..<2).map { name in
                try ScriptedServer { peer, _ in
                    while let head = try? peer.receiveHead() {
                        if head.hasPrefix("GET /slow ") { release.wait() }
                        try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(name)")
                    }
                }
            }
            let proxy = try RunningProxy(to: servers[0].port, servers[1].port) { $0.balance = .leastRequests }
            defer { proxy.stop() }
            let slow = try (0..<2).map { _ in try RawClient.connect(port: proxy.port) }
            let client = try RawClient.connect(port: proxy.port)
            func ask() throws -> String {
                try client.send(get)
                return try RawResponse(readingFrom: client).text
            }
            try slow[0].send("GET /slow HTTP/1.1\r\nHost: front\r\n\r\n")
            try eventually("one is busy") { proxy.thread.perform { $0.pool.load } == 1 }
            let idle = try ask()
            for _ in 0..<6 { #expect(try ask() == idle) }
            // With as much to do on either side, both are asked.
            try slow[1].send("GET /slow HTTP/1.1\r\nHost: front\r\n\r\n")
            try eventually("both are busy") { proxy.thread.perform { $0.pool.load } == 2 }
            #expect(Set(try (0..<6).map { _ in try ask() }).count == 2)
            for _ in slow { release.signal() }
            #expect(Set(try slow.map { try RawResponse(readingFrom: $0).text }).count == 2)
        }
    }

    @Test("a server that fails is left alone, and asked again later; when all fail none is left out")
    func ejection() async throws {
        try await onThread {
            let good = try ScriptedServer { peer, number in try numbered(peer, 7) }
            let gone = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))[0]
            let port = try #require(gone.address.port)
            gone.close()
            let proxy = try RunningProxy(to: good.port, port) {
                $0.balance = .roundRobin
                $0.ejection.failures = 2
                $0.ejection.duration = .seconds(2)
            }
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            func statuses(_ count: Int) throws -> [Int] {
                try (0..<count).map { _ in
                    try client.send(get)
                    return try RawResponse(readingFrom: client).status
                }
            }
            let first = try statuses(4)
            #expect(first.filter { $0 == 502 }.count == 2)
            #expect(try statuses(6).allSatisfy { $0 == 200 })
            try eventually("asked again") { try statuses(2).contains(502) }
        }
    }
}

@Suite struct HealthCheckTests {
    @Test("a server whose health check fails gets no requests until it is well again") func probing() async throws {
        try await onThread {
            let isWell = Locked(true)
            func script(_ name: Int) -> @Sendable (ScriptedPeer, Int) throws -> Void {
                { peer, _ in
                    while let head = try? peer.receiveHead() {
                        let status = head.hasPrefix("GET /healthz ") && name == 0 && !isWell.withLock { $0 } ? 503 : 200
                        try peer.send("HTTP/1.1 \(status) X\r\nContent-Length: 1\r\n\r\n\(name)")
                    }
                }
            }
            let servers = try (0..<2).map { try ScriptedServer(script($0)) }
            let proxy = try RunningProxy(to: servers[0].port, servers[1].port) {
                var check = UpstreamSettings.HealthCheck()
                check.interval = .milliseconds(30)
                $0.healthCheck = check
                $0.balance = .roundRobin
            }
            defer { proxy.stop() }
            let client = try RawClient.connect(port: proxy.port)
            func names(_ count: Int) throws -> Set<String> {
                try Set(
                    (0..<count).map { _ in
                        try client.send(get)
                        return try RawResponse(readingFrom: client).text
                    })
            }
            #expect(try names(4) == ["0", "1"])
            isWell.withLock { $0 = false }
            try eventually("out") { proxy.thread.perform { $0.pool.serversOut } == 1 }
            #expect(try names(6) == ["1"])
            isWell.withLock { $0 = true }
            try eventually("in") { proxy.thread.perform { $0.pool.serversOut } == 0 }
            #expect(try names(4) == ["0", "1"])
        }
    }

    @Test("a server that does not answer in time is as unwell as one that says so") func silence() async throws {
        try await onThread {
            let server = try ScriptedServer { peer, _ in _ = peer.waitUntilClosed() }
            let proxy = try RunningProxy(to: server.port) {
                var check = UpstreamSettings.HealthCheck()
                check.interval = .milliseconds(30)
                $0.healthCheck = check
            }
            defer { proxy.stop() }
            try eventually("out") { proxy.thread.perform { $0.pool.serversOut } == 1 }
        }
    }
}
