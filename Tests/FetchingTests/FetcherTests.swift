import Formats
import Foundation
import Testing

@testable import Fetching

@Suite("Fetcher") struct FetcherTests {
    let fetcher: Fetcher

    init() throws {
        var settings = Fetcher.Settings()
        settings.proxies = .none
        fetcher = try Fetcher(settings: settings)
    }

    private func request(_ url: String, _ change: (inout FetchRequest) -> Void = { _ in }) -> FetchRequest {
        var request = FetchRequest(url: url)
        request.allowsPlainHTTP = true
        request.timeout = .seconds(5)
        change(&request)
        return request
    }

    @Test("An answer arrives with status, fields in order, body and the scope of its address")
    func answer() async throws {
        let peer = try LoopbackPeer { _, _ in
            .bytes(
                "HTTP/1.1 100 Continue\r\nX: interim\r\n\r\nHTTP/1.1 418 Short and stout\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                    + "Cache-Control:  max-age=60 \r\nX: 1\r\nX: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: r\r\n\r\n"
            )
        }
        defer { peer.stop() }
        let response = try await fetcher.fetch(
            request(peer.url + "/a?b=c") { $0.headers = [("Accept", "application/json")] })
        #expect(response.status == 418)
        #expect(response.body == Array("abc".utf8))
        #expect(response.header("date") == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(response.header("cache-control") == "max-age=60")
        #expect(response.headers.filter { $0.name == "x" }.map(\.value) == ["1", "2"])
        #expect(response.header("x") == nil, "a field that came twice has no value")
        #expect(response.header("t") == nil)
        #expect(response.scope == .loopback)
        #expect(peer.requests[0].line == "GET /a?b=c HTTP/1.1")
        #expect(peer.requests[0].field("Accept") == "application/json")
        #expect(peer.requests[0].field("Cookie") == nil)
    }

    @Test("A POST sends its body once, with a length and without waiting for 100 Continue")
    func post() async throws {
        let peer = try LoopbackPeer { _, _ in ok("{}") }
        defer { peer.stop() }
        let body = String(repeating: "a=b&", count: 500_000)
        _ = try await fetcher.fetch(
            request(peer.url) {
                $0.method = .post(Array(body.utf8))
                $0.headers = [("Content-Type", "application/x-www-form-urlencoded")]
            })
        let seen = try #require(peer.requests.first)
        #expect(seen.body == body)
        #expect(seen.field("Content-Type") == "application/x-www-form-urlencoded")
        #expect(seen.field("Expect") == nil)
    }

    @Test("B2 redirects are answers and are not followed", arguments: [301, 302, 303, 307, 308])
    func redirects(status: Int) async throws {
        let attacker = try LoopbackPeer { _, _ in ok("stolen") }
        let location = attacker.url
        let peer = try LoopbackPeer { _, _ in
            .bytes("HTTP/1.1 \(status) Moved\r\nLocation: \(location)/\r\nContent-Length: 0\r\n\r\n")
        }
        defer {
            peer.stop()
            attacker.stop()
        }
        for method in [FetchRequest.Method.get, .post(Array("code=canary".utf8))] {
            let response = try await fetcher.fetch(request(peer.url) { $0.method = method })
            #expect(response.status == status)
        }
        #expect(attacker.connections == 0)
        #expect(peer.requests.count == 2)
    }

    @Test("B1 plain http needs permission, and other schemes have none")
    func plainHTTP() async throws {
        let peer = try LoopbackPeer { _, _ in ok("") }
        defer { peer.stop() }
        for url in [
            peer.url, "file:///etc/passwd", "ftp://127.0.0.1/", "//127.0.0.1/", "127.0.0.1", "",
            "https://u:p@127.0.0.1/",
            "https://127.0.0.1/#f", "https://127.0.0.1/#", "https://127.0.0.1/a b", "https://127.0.0.1/\r\nX: y",
            "https://",
        ] {
            await #expect(throws: FetchFailure.badRequest, "\(url)") {
                try await fetcher.fetch(request(url) { $0.allowsPlainHTTP = false })
            }
        }
        #expect(peer.connections == 0)
    }

    @Test("Control characters never become field lines")
    func fieldInjection() async throws {
        for (name, value) in [
            ("X", "a\r\nY: b"), ("X", "a\u{0}"), ("X\r\nY", "a"), ("", "a"), ("X:", "a"), ("X Y", "a"),
        ] {
            await #expect(throws: FetchFailure.badRequest) {
                try await fetcher.fetch(request("http://127.0.0.1:1/") { $0.headers = [(name, value)] })
            }
        }
        await #expect(throws: FetchFailure.badRequest) {
            try await fetcher.fetch(request("http://127.0.0.1:1/") { $0.host = "a\r\nb: c" })
        }
    }

    @Test("D5a Host can differ from the address that is called")
    func hostOverride() async throws {
        let peer = try LoopbackPeer { _, _ in ok("") }
        defer { peer.stop() }
        _ = try await fetcher.fetch(request(peer.url) { $0.host = "login.example.com" })
        #expect(peer.requests[0].field("Host") == "login.example.com")
        #expect(peer.requests[0].head.lowercased().components(separatedBy: "\r\nhost:").count == 2, "one Host only")
    }

    @Test("Connections are reused; cookies are not kept")
    func reuse() async throws {
        let peer = try LoopbackPeer { _, _ in ok("", "Set-Cookie: a=b; Path=/\r\n") }
        defer { peer.stop() }
        for _ in 0..<5 { _ = try await fetcher.fetch(request(peer.url)) }
        #expect(peer.connections == 1)
        #expect(peer.requests.allSatisfy { $0.field("Cookie") == nil })
    }

    @Test("A49 a POST that was read leaves once, even when a reused connection dies under it")
    func noSecondPost() async throws {
        let peer = try LoopbackPeer { request, _ in request.line.hasPrefix("POST") ? .close : ok("") }
        defer { peer.stop() }
        for _ in 0..<3 {
            _ = try await fetcher.fetch(request(peer.url))
            let failure = await #expect(throws: FetchFailure.self) {
                try await fetcher.fetch(request(peer.url) { $0.method = .post(Array("code=1".utf8)) })
            }
            #expect(failure == .lost)
        }
        #expect(peer.requests.filter { $0.line.hasPrefix("POST") }.count == 3)
    }

    @Test("B28 a silent provider costs no more than its time budget", .timeLimit(.minutes(1)))
    func timeout() async throws {
        let peer = try LoopbackPeer { _, _ in .silence }
        defer { peer.stop() }
        await #expect(throws: FetchFailure.timeout) {
            try await fetcher.fetch(request(peer.url) { $0.timeout = .milliseconds(200) })
        }
    }

    @Test("B23 a body over the limit ends the call, announced or not")
    func tooLarge() async throws {
        let endless = String(repeating: "x", count: 1 << 16)
        let answers: [LoopbackPeer.Answer] = [
            .endless(first: "HTTP/1.1 200 OK\r\n\r\n", then: endless),
            .endless(first: "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", then: endless),
            .endless(first: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then: "10000\r\n\(endless)\r\n"),
            .endless(first: "HTTP/1.1 200 OK\r\n", then: "X: \(String(repeating: "y", count: 1000))\r\n"),
        ]
        let peer = try LoopbackPeer { _, number in answers[number] }
        defer { peer.stop() }
        for _ in answers {
            await #expect(throws: FetchFailure.tooLarge) {
                try await fetcher.fetch(request(peer.url) { $0.maximumBytes = 100_000 })
            }
        }
    }

    @Test("A body of exactly the limit is whole")
    func exactlyTheLimit() async throws {
        let peer = try LoopbackPeer { _, _ in ok(String(repeating: "x", count: 1000)) }
        defer { peer.stop() }
        let response = try await fetcher.fetch(request(peer.url) { $0.maximumBytes = 1000 })
        #expect(response.body.count == 1000)
        await #expect(throws: FetchFailure.tooLarge) {
            try await fetcher.fetch(request(peer.url) { $0.maximumBytes = 999 })
        }
    }

    @Test("Failures are told apart")
    func failures() async throws {
        let peer = try LoopbackPeer { _, number in
            switch number {
            case 0: .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            case 1: .bytesThenClose("SSH-2.0-OpenSSH_9.2\r\n")
            default: .close
            }
        }
        defer { peer.stop() }
        await #expect(throws: FetchFailure.lost) { try await fetcher.fetch(request(peer.url)) }
        await #expect(throws: FetchFailure.protocolViolation) { try await fetcher.fetch(request(peer.url)) }
        await #expect(throws: FetchFailure.lost) { try await fetcher.fetch(request(peer.url)) }
        await #expect(throws: FetchFailure.dns) { try await fetcher.fetch(request("http://nobody.invalid/")) }
        let free = try LoopbackPeer { _, _ in .close }
        free.stop()
        await #expect(throws: FetchFailure.refused) { try await fetcher.fetch(request("http://127.0.0.1:1/")) }
        #expect(FetchFailure.lost.mayHaveArrived && FetchFailure.timeout.mayHaveArrived)
        #expect(!FetchFailure.refused.mayHaveArrived && !FetchFailure.dns.mayHaveArrived)
    }

    @Test("Cancelling the task ends the call")
    func cancellation() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let peer = try LoopbackPeer { _, _ in
            arrived.yield()
            return .silence
        }
        defer { peer.stop() }
        let slow = request(peer.url)
        let task = Task { try await fetcher.fetch(slow) }
        for await _ in arrivals { break }
        task.cancel()
        await #expect(throws: FetchFailure.cancelled) { try await task.value }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await fetcher.fetch(slow)
        }
        await #expect(throws: FetchFailure.cancelled) { try await early.value }
    }

    @Test("B28 calls to one host are bounded, the rest wait their turn")
    func bounded() async throws {
        var settings = Fetcher.Settings()
        settings.proxies = .none
        settings.concurrentPerHost = 3
        let fetcher = try Fetcher(settings: settings)
        let peer = try LoopbackPeer { _, _ in
            usleep(2000)
            return ok("")
        }
        defer { peer.stop() }
        let request = request(peer.url)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 { group.addTask { try await fetcher.fetch(request).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(peer.requests.count == 40)
        #expect(peer.mostBusy <= 3)
        #expect(peer.connections <= 3)
    }

    @Test("B28 a crowded host does not hold up another, and too long a queue is refused")
    func crowded() async throws {
        var settings = Fetcher.Settings()
        settings.proxies = .none
        settings.concurrentPerHost = 1
        settings.waiting = 1
        let fetcher = try Fetcher(settings: settings)
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let dead = try LoopbackPeer { _, _ in
            arrived.yield()
            return .silence
        }
        let alive = try LoopbackPeer { _, _ in ok("") }
        defer {
            dead.stop()
            alive.stop()
        }
        let slow = request(dead.url)
        let hanging = Task { try await fetcher.fetch(slow) }
        for await _ in arrivals { break }
        var second = slow
        second.timeout = .milliseconds(300)
        let impatient = second
        let queued = Task { try await fetcher.fetch(impatient) }
        await #expect(throws: FetchFailure.overloaded, "the host has no part in it") { try await queued.value }
        #expect(FetchFailure.overloaded.isLocal && !FetchFailure.connectTimeout.isLocal)
        var other = request(alive.url.replacingOccurrences(of: "127.0.0.1", with: "localhost"))
        other.timeout = .seconds(5)
        #expect(try await fetcher.fetch(other).status == 200)
        hanging.cancel()
        _ = await hanging.result
    }

    @Test("Stopping ends what runs and refuses what comes")
    func stop() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let peer = try LoopbackPeer { _, _ in
            arrived.yield()
            return .silence
        }
        defer { peer.stop() }
        let slow = request(peer.url)
        let task = Task { try await fetcher.fetch(slow) }
        for await _ in arrivals { break }
        fetcher.stop()
        await #expect(throws: FetchFailure.cancelled) { try await task.value }
        await #expect(throws: FetchFailure.cancelled) { try await fetcher.fetch(slow) }
    }
}
