import Foundation
import TestSupport
import Threads

/// People at work while one process takes over from another: each of them notices everything that is not as ever.
final class HandOverLoad: Sendable {
    /// What one kind of work has come to.
    private struct Tally {
        var done = 0
        var failures: [String] = []
    }

    private enum Work: String, CaseIterable {
        /// A connection for each request.
        case fresh
        /// One connection for many requests, until it says that it closes.
        case kept
        /// The same over a unix socket.
        case unix
        case download
        case events
        case socket
    }

    private let origin: String
    private let port: UInt16
    private let unixSocket: String
    private let jars: [CookieJar]
    private let tallies = Locked<[String: Tally]>([:])
    private let isOver = Locked(false)
    private let left = Locked(0)
    private let done = Semaphore()

    /// Signs everybody in.
    init(_ gateway: GatewayUnderTest, _ provider: DevelopmentProvider) throws {
        (origin, port, unixSocket) = (gateway.origin, UInt16(gateway.port), gateway.socket)
        var jars: [CookieJar] = []
        for user in ["alice", "bob"] {
            let browser = TestBrowser()
            let page = try provider.signIn(browser, user, at: origin + "/bff/login?returnUrl=/start")
            guard browser.jar[Stage.cookie] != nil, page.status == 200 else {
                throw NeverHappened(description: "no session: \(page.trail) \(page.text) \(gateway.log)")
            }
            jars.append(browser.jar)
        }
        self.jars = jars
    }

    /// What the upstream does for them: answers take as long as their parts, and are whole.
    static let upstream: EchoUpstream.Script = { request, peer in
        if request.header("Upgrade") != nil {
            try peer.send(WebSocketPeer.answer(to: request))
            let socket = WebSocketPeer(peer, isClient: false)
            while let frame = try? socket.receive() {
                try socket.send(frame)
                if frame.opcode == 8 { break }
            }
            return
        }
        switch request.target {
        case "/download":
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(parts * part.count)\r\n\r\n")
            for _ in 0..<parts {
                try peer.send(part)
                usleep(20_000)
            }
        case "/events":
            try peer.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<parts {
                let event = "data: \(number)\n\n"
                try peer.send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
                usleep(20_000)
            }
            try peer.send("0\r\n\r\n")
        default: try peer.send(EchoUpstream.answer("\(request.method) \(request.target)"))
        }
    }

    private static let parts = 100
    private static let part = [UInt8](repeating: 0x61, count: 16 << 10)

    /// Starts all of it: each user by fresh connections and by a kept one at the same time, so that one session is in use in
    /// both processes.
    func begin() {
        for (number, jar) in jars.enumerated() {
            for work in Work.allCases where number == 0 || work == .fresh || work == .kept {
                left.withLock { $0 += 1 }
                do {
                    try Thread.start(name: "\(work) \(number)") { [self] in
                        let name = "\(work) \(number)"
                        while !isOver.withLock({ $0 }) { note(name) { try perform(work, jar, name) } }
                        done.signal()
                    }.detach()
                } catch {
                    note("\(work)") { throw error }
                    done.signal()
                }
            }
        }
    }

    /// Ends it, and waits for everybody to finish what they are at.
    func end() {
        isOver.withLock { $0 = true }
        let count = left.withLock { left in
            defer { left = 0 }
            return left
        }
        for _ in 0..<count { done.wait() }
    }

    var answers: Int { tallies.withLock { $0.filter { $0.key.hasPrefix("fresh") }.values.reduce(0) { $0 + $1.done } } }
    var failures: [String] { tallies.withLock { $0.values.flatMap(\.failures) } }
    var everybodyWorks: Bool {
        tallies.withLock { tallies in Work.allCases.allSatisfy { (tallies["\($0) 0"]?.done ?? 0) > 0 } }
    }
    var summary: String {
        tallies.withLock { $0.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.done)" }.joined(separator: ", ") }
    }

    /// Different access tokens that the upstream has seen since it was told to forget.
    func bearers(_ upstream: EchoUpstream) -> Int { Set(upstream.requests.compactMap(\.bearer)).count }

    private func note(_ name: String, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            tallies.withLock { $0[name, default: Tally()].failures.append("\(name): \(error)") }
            usleep(100_000)
        }
    }

    private func did(_ name: String) { tallies.withLock { $0[name, default: Tally()].done += 1 } }

    private func perform(_ work: Work, _ jar: CookieJar, _ name: String) throws {
        let browser = TestBrowser()
        browser.jar = jar
        switch work {
        case .fresh:
            let answer = try browser.askOnce(origin + "/x", .fetch, from: .sameOrigin)
            try demand(answer.status == 200 && answer.text == "GET /x", "\(answer.head) \(answer.text)")
            did(name)
        case .kept:
            try askOften(try RawClient.connect(port: port), try browser.message(origin + "/x").text, name)
        case .unix:
            try askOften(try RawClient.connect(unix: unixSocket), try browser.message(origin + "/x").text, name)
        case .download, .events:
            let answer = try browser.askOnce(origin + "/\(work)", .fetch, from: .sameOrigin)
            let whole =
                work == .download
                ? answer.body.count == Self.parts * Self.part.count
                : answer.text.contains("data: \(Self.parts - 1)\n\n")
            try demand(answer.status == 200 && whole, "\(answer.head) \(answer.body.count)")
            did(name)
        case .socket: try talk(browser, name)
        }
    }

    /// One connection until its other end says that it closes.
    private func askOften(_ peer: ScriptedPeer, _ request: String, _ name: String) throws {
        while !isOver.withLock({ $0 }) {
            try peer.send(request)
            let answer = try RawResponse(readingFrom: peer)
            try demand(answer.status == 200 && answer.text == "GET /x", "\(answer.head) \(answer.text)")
            did(name)
            if answer.header("Connection") == "close" { return }
        }
    }

    /// A tunnel until it is told to come again.
    private func talk(_ browser: TestBrowser, _ name: String) throws {
        var headers = WebSocketPeer.handshake
        headers["Origin"] = origin
        let message = try browser.message(origin + "/socket", .tool, headers: headers)
        let peer = try RawClient.connect(port: port)
        try peer.send(message.text)
        let head = try peer.receiveHead()
        try demand(head.hasPrefix("HTTP/1.1 101 "), head)
        let socket = WebSocketPeer(peer, isClient: true)
        var number = 0
        while !isOver.withLock({ $0 }) {
            number += 1
            // The farewell may stand before the answer to what is said now.
            try? socket.send("message \(number)")
            let frame = try socket.receive()
            if frame.code == 1001 { return }
            try demand(frame == .text("message \(number)"), "\(frame)")
            did(name)
            usleep(10_000)
        }
    }

    private func demand(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition { throw NeverHappened(description: what()) }
    }
}
