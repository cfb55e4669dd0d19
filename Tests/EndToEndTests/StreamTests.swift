import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// What lasts ends with its session (E47).
    @Suite struct Streams {
        private static func stage(
            _ session: [String] = [], routes: [String] = [], bend: (inout HostileProvider.Script) -> Void = { _ in }
        ) throws -> Stage {
            var options = GatewayUnderTest.Options()
            options.session = session
            options.routes += routes
            return try Stage(options, bend: bend)
        }

        /// WebSockets that stay open and send what they get back; everything else begins an answer that never ends.
        private static let lasting: EchoUpstream.Script = { request, peer in
            if request.header("Upgrade") != nil {
                try WebSockets.echo(request, peer)
                return
            }
            switch request.target {
            case "/events":
                try peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
            case "/chunks":
                try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            case "/download": try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfirst")
            case "/poll": break
            default:
                try peer.send(EchoUpstream.answer("short"))
                return
            }
            _ = peer.waitUntilClosed()
        }

        private static func ask(_ stage: Stage, _ browser: TestBrowser, _ path: String) throws -> ScriptedPeer {
            let message = try browser.message(stage.url(path))
            let peer = try RawClient.connect(port: message.port)
            try peer.send(message.text)
            if path != "/poll" { try peer.receive(until: "first") }
            return peer
        }

        /// Seconds until something happens.
        private static func time(_ body: () throws -> Void) rethrows -> Double {
            let begin = Date()
            try body()
            return Date().timeIntervalSince(begin)
        }

        /// Runs on a busy machine, too: a second is promised, and this is a bound for luck.
        private static let soon = 5.0

        @Test("E47 a logout ends what is under way for its session, and nothing else")
        func logout() async throws {
            try await onThread {
                let stage = try Self.stage()
                stage.upstream.answers(Self.lasting)
                let (alice, bob) = (try stage.signedIn("alice"), try stage.signedIn("bob"))
                let others = [try stage.socket(bob), try stage.socket(try stage.signedIn("alice"))]
                let sockets = [try stage.socket(alice), try stage.socket(alice)]
                // The message is in two frames, between which a close frame may stand.
                try sockets[1].send(WebSocketPeer.Frame(1, Array("one".utf8), isFinal: false))
                #expect(try sockets[1].receive().isFinal == false)
                let streams = try ["/events", "/chunks", "/download"].map { try Self.ask(stage, alice, $0) }
                let poll = try Self.ask(stage, alice, "/poll")
                try eventually("the poll is forwarded") { stage.upstream.requests.contains { $0.target == "/poll" } }
                let logout = try stage.logoutURL(alice)
                // What is new is left to end by itself; a stream is what lasts.
                usleep(300_000)
                let seconds = try Self.time {
                    #expect(try alice.askOnce(logout).status == 302)
                    for socket in sockets {
                        #expect(try socket.receive() == .close(1008, "revoked"))
                        #expect(try socket.peer.receiveToEnd().isEmpty)
                    }
                    // Neither has the end that its framing promises (G52).
                    #expect(try streams[0].receiveTextToEnd().contains("0\r\n\r\n") == false)
                    #expect(try streams[1].receiveTextToEnd().contains("0\r\n\r\n") == false)
                    #expect(try streams[2].receiveToEnd().isEmpty)
                    let answer = try RawResponse(readingFrom: poll)
                    #expect(answer.status == 401 && answer.text.contains("\"reason\":\"revoked\""), "\(answer.text)")
                }
                #expect(seconds < Self.soon, "\(seconds)")
                for other in others {
                    try other.send("still there")
                    #expect(try other.receive() == .text("still there"))
                }
                try eventually("the lines") {
                    stage.gateway.events("request").count { $0.contains("\"revoked\"") } == 6
                }
                for path in ["/socket", "/events", "/chunks", "/download", "/poll"] {
                    let lines = stage.gateway.events("request").filter { $0.contains("\"path\":\"\(path)\"") }
                    #expect(
                        lines.contains { $0.contains("\"reason\":\"revoked\"") && $0.contains("\"user\":\"alice\"") })
                }
            }
        }

        @Test("E47 the close frame stands behind the frame under way; both ends get one, and no byte passes after it")
        func betweenFrames() async throws {
            try await onThread {
                let stage = try Self.stage()
                let frame = WebSocketPeer.Frame(2, [UInt8](repeating: 0x88, count: 300))
                let bytes = frame.bytes(masked: false)
                let told = Told()
                stage.upstream.answers { request, peer in
                    try peer.send(WebSocketPeer.answer(to: request))
                    let socket = WebSocketPeer(peer, isClient: false)
                    if request.target == "/whole" {
                        try peer.send(Array(bytes.prefix(100)))
                        // The frame's rest comes as soon as the session is over.
                        told.over.wait()
                        try peer.send(Array(bytes.dropFirst(100)) + bytes)
                    } else if request.target == "/raw" {
                        try peer.send("no frame at all")
                    } else if request.target == "/half" {
                        try peer.send(Array(bytes.prefix(100)))
                    }
                    while let frame = try? socket.receive() { told.note(request.target, frame) }
                }
                let browser = try stage.signedIn()
                let (whole, half, plain) = (
                    try stage.socket(browser, "/whole"), try stage.socket(browser, "/half"),
                    try stage.socket(browser, "/plain")
                )
                for socket in [whole, half] {
                    #expect(try socket.peer.receive(exactly: 100) == Array(bytes.prefix(100)))
                }
                // What is no WebSocket passes all the same; only nothing of ours can be said in it.
                let raw = try stage.socket(browser, "/raw")
                #expect(try raw.peer.receive(exactly: 15) == Array("no frame at all".utf8))
                try plain.send("before")
                try eventually("it came") { told.frames("/plain") == [.text("before")] }
                usleep(300_000)
                #expect(try browser.askOnce(try stage.logoutURL(browser)).status == 302)
                told.over.signal()
                // The rest of the frame, the close frame, the end: nothing of the second frame.
                let rest = try whole.peer.receiveToEnd()
                let close = WebSocketPeer.Frame.close(1008, "revoked").bytes(masked: false)
                // The gateway waits for the rest as long as it can; a machine that is slower gets the plain end.
                #expect(rest == Array(bytes.dropFirst(100)) + close || rest.isEmpty, "\(rest.count)")
                // Nothing of ours can stand inside a frame: the end alone is seen.
                #expect((try? half.peer.receiveToEnd())?.isEmpty ?? true)
                #expect(try raw.peer.receiveToEnd().isEmpty)
                #expect(try plain.receive() == .close(1008, "revoked"))
                try eventually("the upstream is told, too") {
                    told.frames("/plain") == [.text("before"), .close(1008, "revoked")]
                }
                #expect(told.frames("/half") == [.close(1008, "revoked")] || told.frames("/half").isEmpty)
            }
        }

        @Test("B33a, B35, E42, E43, E45, E47, G63 what ends by itself ends its streams, and nothing else does")
        func byItself() async throws {
            // Most of the time of each is waiting.
            let ends: [@Sendable () throws -> Void] = [
                Self.expiry, Self.otherEnds, Self.endOfToken, Self.silence,
            ]
            try await onThread { _ = try atOnce(ends.count) { try ends[$0]() } }
        }

        /// E42: a socket that speaks keeps its session, pings do not.
        private static func expiry() throws {
            let stage = try Self.stage(["idle_timeout: 3s"])
            stage.upstream.answers(Self.lasting)
            let (talker, listener) = (try stage.signedIn("alice"), try stage.signedIn("bob"))
            let (talking, pinging) = (try stage.socket(talker), try stage.socket(listener))
            let events = try Self.ask(stage, listener, "/events")
            var ended: WebSocketPeer.Frame?
            let seconds = try Self.time {
                while ended == nil {
                    try talking.send("I am here")
                    #expect(try talking.receive() == .text("I am here"))
                    try pinging.send(WebSocketPeer.Frame(9, [1]))
                    let frame = try pinging.receive()
                    if frame.opcode == 8 { ended = frame } else { usleep(200_000) }
                }
            }
            #expect(ended == .close(1008, "expired"))
            #expect(seconds > 2 && seconds < 3 + Self.soon, "\(seconds)")
            #expect(try events.receiveTextToEnd().contains("0\r\n\r\n") == false)
            try talking.send("still")
            #expect(try talking.receive() == .text("still"))
            #expect(try stage.user(talker).status == 200)
            #expect(try stage.user(listener).status == 401)
        }

        /// E43, E45: the absolute end, and the user's next session too many; a refresh ends nothing.
        private static func otherEnds() throws {
            let stage = try Self.stage(["lifetime: 6s", "per_user: 1"]) {
                $0.lifetime = 2
            }
            stage.upstream.answers(Self.lasting)
            let first = try stage.signedIn("alice")
            let replaced = try stage.socket(first)
            usleep(300_000)
            let second = try stage.signedIn("alice")
            let begin = Date()
            #expect(try replaced.receive() == .close(1008, "revoked"))
            let socket = try stage.socket(second)
            // Requests refresh; the stream hears nothing of it.
            try eventually("two refreshes") {
                _ = try second.askOnce(stage.url("/short"), .fetch, from: .sameOrigin)
                usleep(100_000)
                return stage.refreshes >= 2
            }
            try socket.send("alive")
            #expect(try socket.receive() == .text("alive"))
            // Not even its user keeps it any longer.
            #expect(try socket.receive() == .close(1008, "expired"))
            #expect(Date().timeIntervalSince(begin) < 6 + Self.soon)
            #expect(try stage.user(second).status == 401)
        }

        /// B33a, B35: a token that has ended and comes no more ends its streams, not those that need none.
        private static func endOfToken() throws {
            let routes = ["{ path: /without/, upstream: api, token: none }"]
            // Without a refresh token.
            let stage = try Self.stage(routes: routes) {
                $0.lifetime = 2
                $0.issuesRefreshTokens = false
            }
            stage.upstream.answers(Self.lasting)
            let browser = try stage.signedIn()
            let (with, without) = (try stage.socket(browser), try stage.socket(browser, "/without/x"))
            #expect(try with.receive() == .close(1008, "expired"))
            try without.send("still there")
            #expect(try without.receive() == .text("still there"))
            // With one that the provider does not know any more: the request that finds that out ends them all.
            let second = try Self.stage(routes: routes) { $0.lifetime = 3 }
            second.upstream.answers(Self.lasting)
            let other = try second.signedIn()
            let sockets = [try second.socket(other), try second.socket(other, "/without/x")]
            second.provider.bend {
                $0.intercept = { call, _ in
                    call.value("grant_type") == "refresh_token" ? .error("invalid_grant") : nil
                }
            }
            try eventually("the refresh is tried") {
                _ = try other.askOnce(second.url("/short"), .fetch, from: .sameOrigin)
                usleep(50_000)
                return second.refreshes > 0
            }
            for socket in sockets { #expect(try socket.receive() == .close(1008, "refresh_failed")) }
        }

        @Test("E47 a file on its way breaks off, too; whoever does not read his socket is not waited for")
        func slowReaders() async throws {
            try await onThread {
                let folder = try TemporaryFolder("files")
                try Data(count: 30_000_000).write(to: URL(fileURLWithPath: folder.path + "/large.bin"))
                let stage = try Self.stage(routes: [
                    "{ path: /files/, files: { root: \(folder.path) }, strip_prefix: true }"
                ])
                let flood = WebSocketPeer.Frame(2, [UInt8](repeating: 7, count: 60_000)).bytes(masked: false)
                stage.upstream.answers { request, peer in
                    guard request.header("Upgrade") != nil else {
                        try peer.send(EchoUpstream.answer("short"))
                        return
                    }
                    try peer.send(WebSocketPeer.answer(to: request))
                    while peer.sendWhatFits(flood, patience: 5000) == flood.count {}
                }
                let browser = try stage.signedIn()
                let message = try browser.message(stage.url("/files/large.bin"))
                let file = try RawClient.connect(port: message.port, smallBuffers: true)
                try file.send(message.text)
                let head = try file.receiveHead()
                #expect(head.contains("Content-Length: 30000000\r\n"), "\(head)")
                let socket = try stage.socket(browser)
                usleep(400_000)
                let seconds = try Self.time {
                    #expect(try browser.askOnce(try stage.logoutURL(browser)).status == 302)
                    try eventually("two lines") {
                        stage.gateway.events("request").count { $0.contains("\"revoked\"") } == 2
                    }
                }
                #expect(seconds < Self.soon, "\(seconds)")
                // Neither gets more than what had left before.
                for peer in [file, socket.peer] {
                    var count = 0
                    while let bytes = try? peer.receive(), !bytes.isEmpty { count += bytes.count }
                    #expect(count < 29_000_000)
                }
            }
        }

        @Test("E47 a stream that has only just begun ends as soon as its session")
        func young() async throws {
            try await onThread {
                let stage = try Self.stage()
                stage.upstream.answers(Self.lasting)
                // A look at all that runs leaves alone what is younger; only a word about its session ends it before.
                for attempt in 1...40 {
                    let browser = try stage.signedIn()
                    let logout = try stage.logoutURL(browser)
                    let stream = try Self.ask(stage, browser, "/chunks")
                    #expect(try browser.askOnce(logout).status == 302)
                    _ = try stream.receiveToEnd()
                    var ages: [Double] = []
                    try eventually("the stream is told of") {
                        ages = stage.gateway.events("request").compactMap { line in
                            guard line.contains("\"path\":\"/chunks\"") else { return nil }
                            return line.firstMatch(of: /"duration_ms":([0-9.]+)/).flatMap { Double($0.output.1) }
                        }
                        return ages.count == attempt
                    }
                    // On a busy machine the logout itself may come too late to prove anything.
                    if ages[attempt - 1] < 250 { return }
                }
                Issue.record("none of them ended before it was looked at")
            }
        }

        @Test("E47 a session ended on disk by somebody else ends streams here")
        func elsewhere() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.session = ["cache: 1"]
                let stage = try Stage(options)
                stage.upstream.answers(Self.lasting)
                let browser = try stage.signedIn()
                let socket = try stage.socket(browser)
                // Memory forgets the session; the stream does not.
                _ = try stage.signedIn("bob")
                usleep(300_000)
                #expect(try browser.askOnce(try stage.logoutURL(browser)).status == 302)
                #expect(try socket.receive() == .close(1008, "revoked"))
            }
        }

        /// G63: silence alone ends what lasts; whoever speaks now and then, in either direction, has all the time there is.
        private static func silence() throws {
            let upstream = try EchoUpstream()
            upstream.answers { request, peer in
                if request.target == "/brief/events" {
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
                    for _ in 0..<8 {
                        usleep(400_000)
                        try peer.send(": still here\n\n")
                    }
                    return
                }
                try peer.send(WebSocketPeer.answer(to: request))
                let socket = WebSocketPeer(peer, isClient: false)
                if request.target == "/brief/talks" {
                    for _ in 0..<8 {
                        usleep(400_000)
                        try socket.send(WebSocketPeer.Frame(9, []))
                    }
                    try socket.send(.close(1000, ""))
                    return
                }
                while let frame = try? socket.receive(), frame.opcode != 8 {}
            }
            var options = GatewayUnderTest.Options()
            options.upstreams = [
                "brief": "{ servers: [ \"http://127.0.0.1:\(upstream.port)\" ], idle_timeout: 2s }"
            ]
            options.routes.append("{ path: /brief/, upstream: brief }")
            let stage = try Stage(options)
            let browser = try stage.signedIn()
            let events = try Self.ask(stage, browser, "/brief/events")
            let (talks, listens) = (
                try stage.socket(browser, "/brief/talks"), try stage.socket(browser, "/brief/listens")
            )
            // Silent on both sides.
            #expect(try listens.receive() == .close(1001, "idle timeout"))
            // Longer than silence may last.
            for _ in 0..<8 { #expect(try talks.receive().opcode == 9) }
            #expect(try talks.receive() == .close(1000, ""))
            #expect(try events.receiveTextToEnd().components(separatedBy: "still here").count == 9)
        }

        @Test("E40, E47 a logout in another process on the same store ends what is under way here")
        func otherProcess() async throws {
            try await onThread {
                let stage = try Self.stage()
                stage.upstream.answers(Self.lasting)
                var options = GatewayUnderTest.Options()
                options.store = "sqlite://" + stage.gateway.database
                options.publicURL = stage.gateway.origin
                let second = try GatewayUnderTest(issuer: stage.issuer, upstream: stage.upstream.port, options: options)
                let browser = try stage.signedIn()
                let socket = try stage.socket(browser)
                let logout = try browser.message(try stage.logoutURL(browser), .navigation)
                usleep(300_000)
                let begin = Date()
                #expect(try RawClient.ask(port: UInt16(second.port), logout.text).status == 302)
                #expect(try socket.receive() == .close(1008, "revoked"))
                let seconds = Date().timeIntervalSince(begin)
                #expect(seconds < Self.soon, "\(seconds)")
            }
        }

        @Test("E47 a gateway that stops tells its sockets")
        func stop() async throws {
            try await onThread {
                let stage = try Self.stage()
                stage.upstream.answers(Self.lasting)
                let socket = try stage.socket(try stage.signedIn())
                stage.gateway.process.signal(SIGTERM)
                #expect(try socket.receive() == .close(1001, "going away"))
                #expect(try socket.peer.receiveToEnd().isEmpty)
                socket.peer.close()
                #expect(try stage.gateway.process.wait(within: 20) == 0)
            }
        }

        @Test("E47 a socket that opens when the gateway stops already is told as well, and keeps nobody waiting")
        func stopWhileOpening() async throws {
            try await onThread {
                let stage = try Self.stage()
                let release = Semaphore()
                let told = Semaphore()
                stage.upstream.answers { request, peer in
                    guard request.header("Upgrade") != nil else {
                        try peer.send(EchoUpstream.answer("short"))
                        return
                    }
                    release.wait()
                    try peer.send(WebSocketPeer.answer(to: request))
                    let word = try WebSocketPeer(peer, isClient: false).receive()
                    if word == .close(1001, "going away") { told.signal() }
                }
                let peer = try stage.handshake(try stage.signedIn())
                try eventually("it is forwarded") { stage.upstream.requests.contains { $0.header("Upgrade") != nil } }
                stage.gateway.process.signal(SIGTERM)
                let port = UInt16(stage.gateway.port)
                try eventually("nobody is let in any more") { (try? RawClient.connect(port: port)) == nil }
                release.signal()
                #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 101 "))
                #expect(try WebSocketPeer(peer, isClient: true).receive() == .close(1001, "going away"))
                #expect(try peer.receiveToEnd().isEmpty)
                peer.close()
                told.wait()
                #expect(try stage.gateway.process.wait(within: 20) == 0)
            }
        }
    }
}

/// What an upstream has heard.
private final class Told: @unchecked Sendable {
    // @unchecked: behind a lock.
    private let lock = NSLock()
    private var heard: [String: [WebSocketPeer.Frame]] = [:]
    let over = DispatchSemaphore(value: 0)

    func note(_ target: String, _ frame: WebSocketPeer.Frame) {
        lock.withLock { heard[target, default: []].append(frame) }
    }

    func frames(_ target: String) -> [WebSocketPeer.Frame] { lock.withLock { heard[target] ?? [] } }
}
