import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// WebSockets through the gateway: who gets one, and what passes.
    @Suite struct WebSockets {
        private static func stage(_ routes: [String] = [], _ top: [String] = []) throws -> Stage {
            var options = GatewayUnderTest.Options()
            options.routes += routes
            options.top = top
            return try Stage(options)
        }

        /// Sends every frame back, until a close frame or the end.
        static let echo: EchoUpstream.Script = { request, peer in
            try peer.send(WebSocketPeer.answer(to: request))
            let socket = WebSocketPeer(peer, isClient: false)
            while let frame = try? socket.receive() {
                try socket.send(frame)
                if frame.opcode == 8 { return }
            }
        }

        /// The gateway's answer to a handshake, as HTTP.
        private static func answer(
            _ stage: Stage, _ browser: TestBrowser, _ path: String = "/socket", fields: [String: String] = [:]
        ) throws -> RawResponse {
            try RawResponse(readingFrom: try stage.handshake(browser, path, fields: fields))
        }

        @Test(
            "G62, E47 frames of any size pass both ways, the upstream knows the user, the log has one line at the end")
        func frames() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                stage.upstream.forget()
                stage.upstream.answers { request, peer in
                    try peer.send(
                        WebSocketPeer.answer(
                            to: request, fields: ["Sec-WebSocket-Protocol: chat", "Set-Cookie: postern=x", "X-App: y"]))
                    let socket = WebSocketPeer(peer, isClient: false)
                    while let frame = try? socket.receive() { try socket.send(frame) }
                }
                let peer = try stage.handshake(browser, fields: ["Sec-WebSocket-Protocol": "chat, other"])
                let head = try peer.receiveHead()
                #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
                for line in [
                    "Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                    "Sec-WebSocket-Protocol: chat", "X-App: y",
                ] { #expect(head.contains(line + "\r\n"), "\(line) in \(head)") }
                #expect(!head.contains("Set-Cookie"))
                let request = try #require(stage.upstream.requests.last)
                #expect(request.bearer?.hasPrefix("access-") == true)
                #expect(request.values("Upgrade") == ["websocket"] && request.values("Connection") == ["upgrade"])
                #expect(request.header("Cookie") == nil && request.header("Sec-WebSocket-Protocol") == "chat, other")
                let socket = WebSocketPeer(peer, isClient: true)
                let sizes = [0, 1, 125, 126, 0xFFFF, 0x10000, Rounds.of(1_000_000)]
                for size in sizes {
                    let frame = WebSocketPeer.Frame(2, (0..<size).map { UInt8(truncatingIfNeeded: $0) })
                    let sender = try Thread.start(name: "sender") { try? socket.send(frame) }
                    #expect(try socket.receive() == frame)
                    sender.join()
                }
                #expect(stage.gateway.events("request").filter { $0.contains("/socket") }.isEmpty)
                peer.halfClose()
                #expect(try peer.receiveToEnd().isEmpty)
                try eventually("one line") {
                    stage.gateway.events("request").count { $0.contains("\"path\":\"/socket\"") } == 1
                }
                let line = try #require(stage.gateway.events("request").last { $0.contains("/socket") })
                #expect(line.contains("\"status\":101") && line.contains("\"user\":\"alice\""), "\(line)")
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                let total = sizes.reduce(0, +)
                #expect((object?["bytes_in"] as? Int ?? 0) > total && (object?["bytes_out"] as? Int ?? 0) > total)
            }
        }

        @Test("E26, G61 no session, a foreign page, a wrong key or version: refused, and nothing is forwarded")
        func refusals() async throws {
            try await onThread {
                let stage = try Self.stage([
                    "{ path: /optional/, upstream: api, access: optional }",
                    "{ path: /free/, upstream: api, csrf: off }", "{ path: /public/, upstream: api, access: public }",
                ])
                let browser = try stage.signedIn()
                stage.upstream.answers(Self.echo)
                stage.upstream.forget()
                func answer(_ fields: [String: String], _ who: TestBrowser? = nil, _ path: String = "/socket") throws
                    -> RawResponse
                { try Self.answer(stage, who ?? browser, path, fields: fields) }
                for origin in [
                    "", "null", "https://evil.example", stage.gateway.origin + ".evil", "http://localhost:1",
                ] {
                    for path in ["/socket", "/free/x"] {
                        let refused = try answer(["Origin": origin], nil, path)
                        #expect(refused.status == 403 && refused.text.contains("\"reason\":\"csrf\""), "\(origin)")
                    }
                }
                let anonymous = try answer([:], TestBrowser())
                #expect(anonymous.status == 401 && anonymous.text.contains("\"reason\":\"absent\""))
                for path in ["/socket", "/public/x"] {
                    for version in ["", "12", "13, 8"] {
                        let refused = try answer(["Sec-WebSocket-Version": version], nil, path)
                        #expect(refused.status == 426, "\(version)")
                        #expect(refused.header("Sec-WebSocket-Version") == "13")
                        #expect(refused.header("Upgrade") == "websocket")
                        #expect(refused.header("Connection")?.lowercased().contains("upgrade") == true)
                    }
                    for key in ["", "dGhlIHNhbXBsZSBub25jZQ", "AAAA"] {
                        #expect(try answer(["Sec-WebSocket-Key": key], nil, path).status == 400, "\(key)")
                    }
                }
                #expect(stage.upstream.requests.isEmpty)
                // Where a session is optional, another site's page goes on without it.
                #expect(try answer(["Origin": "https://evil.example"], nil, "/optional/x").status == 101)
                #expect(stage.upstream.requests.last?.header("Authorization") == nil)
                #expect(try answer([:], nil, "/optional/x").status == 101)
                #expect(stage.upstream.requests.last?.bearer?.hasPrefix("access-") == true)
                #expect(try answer([:], TestBrowser(), "/public/x").status == 101)
            }
        }

        @Test("G60, G64 only a WebSocket, only where the route has it: everything else is an ordinary request")
        func others() async throws {
            try await onThread {
                let stage = try Self.stage(["{ path: /plain/, upstream: api, websocket: false }"])
                let browser = try stage.signedIn()
                stage.upstream.forget()
                for (path, fields) in [
                    ("/socket", ["Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"]),
                    ("/socket", ["Upgrade": "websocket, h2c"]), ("/socket", ["Connection": "keep-alive"]),
                    ("/plain/x", [:]),
                ] {
                    let answer = try Self.answer(stage, browser, path, fields: fields)
                    #expect(answer.status == 200 && answer.text == "GET \(path)")
                    let request = try #require(stage.upstream.requests.last)
                    for name in ["Upgrade", "Connection", "HTTP2-Settings"] {
                        #expect(request.header(name) == nil, "\(name) in \(request.head)")
                    }
                }
                let message = try browser.message(
                    stage.url("/old"), .tool,
                    headers: WebSocketPeer.handshake.merging(["Origin": stage.gateway.origin]) { $1 })
                let old = message.text.replacingOccurrences(of: "HTTP/1.1", with: "HTTP/1.0")
                #expect(try RawClient.ask(port: message.port, old).status == 200)
                #expect(stage.upstream.requests.last?.header("Upgrade") == nil)
                // With a body it is no handshake: 100 comes first, 101 never.
                let peer = try stage.handshake(
                    browser, "/body", fields: ["Content-Length": "2", "Expect": "100-continue"])
                #expect(try peer.receiveHead().hasPrefix("HTTP/1.1 100 "))
                try peer.send("ab")
                #expect(try RawResponse(readingFrom: peer).status == 200)
                #expect(
                    stage.upstream.requests.last?.text == "ab" && stage.upstream.requests.last?.header("Upgrade") == nil
                )
                // Without one there is nothing to wait for.
                stage.upstream.answers(Self.echo)
                let head = try stage.handshake(browser, fields: ["Expect": "100-continue"]).receiveHead()
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                #expect(stage.upstream.requests.last?.header("Expect") == nil)
            }
        }

        @Test(
            "G62 no tunnel without a valid 101: any other answer is HTTP, and what came behind the handshake goes nowhere"
        )
        func upstreamRefuses() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                let smuggled = Array("GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                let (upgrade, connection) = ("Upgrade: websocket\r\n", "Connection: Upgrade\r\n")
                let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                let line = "HTTP/1.1 101 Switching Protocols\r\n"
                for (answer, status) in [
                    (EchoUpstream.answer("ok"), 200),
                    (EchoUpstream.answer("no", status: "426 Upgrade Required"), 426),
                    (EchoUpstream.answer("no", status: "403 Forbidden"), 403),
                    ("HTTP/1.1 304 Not Modified\r\n\r\n", 304),
                    (line + "\r\n", 502), (line + upgrade + connection + "\r\n", 502),
                    (line + upgrade + accept + "\r\n", 502), (line + connection + accept + "\r\n", 502),
                    (line + "Upgrade: h2c\r\n" + connection + accept + "\r\n", 502),
                    (line + upgrade + connection + accept + accept + "\r\n", 502),
                    (line + upgrade + connection + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", 502),
                    ("HTTP/1.1 102 Processing\r\n\r\n" + EchoUpstream.answer("ok"), 200),
                ] {
                    stage.upstream.forget()
                    stage.upstream.answers { _, peer in
                        #expect(peer.staysSilent(milliseconds: 50), "something behind the handshake")
                        try peer.send(answer)
                    }
                    let peer = try stage.handshake(browser, behind: smuggled)
                    let response = try RawResponse(readingFrom: peer)
                    #expect(response.status == status, "\(answer)")
                    #expect(peer.waitUntilClosed(), "\(answer)")
                    #expect(stage.upstream.requests.count == 1, "\(answer)")
                }
                #expect(stage.gateway.events("request").count { $0.contains("/smuggled") } == 0)
            }
        }

        @Test("G63, G54 what one end says before it leaves reaches the other; a slow end holds the other up")
        func ends() async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                let seen = Locked<[WebSocketPeer.Frame]>([])
                // The client says goodbye and hangs up at once.
                stage.upstream.answers { request, peer in
                    try peer.send(WebSocketPeer.answer(to: request))
                    let socket = WebSocketPeer(peer, isClient: false)
                    while let frame = try? socket.receive() { seen.withLock { $0.append(frame) } }
                }
                let leaving = try stage.socket(browser)
                try leaving.send("last words")
                try leaving.send(.close(1000, "bye"))
                leaving.peer.close()
                try eventually("the upstream hears it") {
                    seen.withLock { $0 } == [.text("last words"), .close(1000, "bye")]
                }
                // The upstream does, with bytes that came together with its 101.
                stage.upstream.answers { request, peer in
                    let words =
                        WebSocketPeer.Frame.text("hello").bytes(masked: false)
                        + WebSocketPeer.Frame.close(1001, "later").bytes(masked: false)
                    try peer.send(Array(WebSocketPeer.answer(to: request).utf8) + words)
                    throw ScriptError.closed(after: "")
                }
                let left = try stage.socket(browser)
                #expect(try left.receive() == .text("hello"))
                #expect(try left.receive() == .close(1001, "later"))
                #expect(try left.peer.receiveToEnd().isEmpty)
                // The upstream breaks off: the client sees that, too.
                stage.upstream.answers { request, peer in
                    try peer.send(Array(WebSocketPeer.answer(to: request).utf8) + [0x81, 5, 0x61])
                    _ = try peer.receive(exactly: 1)
                    peer.reset()
                }
                let broken = try stage.socket(browser)
                #expect(try broken.peer.receive(exactly: 3) == [0x81, 5, 0x61])
                try broken.peer.send([0x81])
                #expect(throws: ScriptError.reset) { try broken.peer.receiveToEnd() }
                // Nobody reads: the sender has to stop, whoever it is.
                let sent = Locked(0)
                let flood = WebSocketPeer.Frame(2, [UInt8](repeating: 7, count: 60_000)).bytes(masked: false)
                stage.upstream.answers { request, peer in
                    try peer.send(WebSocketPeer.answer(to: request))
                    for _ in 0..<2000 {
                        if peer.sendWhatFits(flood, patience: 400) < flood.count { break }
                        sent.withLock { $0 += flood.count }
                    }
                    _ = peer.waitUntilClosed()
                }
                let deaf = try stage.socket(browser)
                var before = -1
                try eventually("the upstream is held up") {
                    let now = sent.withLock { $0 }
                    defer { before = now }
                    usleep(100_000)
                    return now == before && now > 0
                }
                #expect(sent.withLock { $0 } < 60_000_000)
                deaf.peer.close()
            }
        }

        @Test(
            "G54, E47 events and bodies without a length arrive one by one, as they are sent", arguments: [true, false])
        func events(hasType: Bool) async throws {
            try await onThread {
                let stage = try Self.stage()
                let browser = try stage.signedIn()
                let arrived = Semaphore()
                stage.upstream.answers { _, peer in
                    let type = hasType ? "Content-Type: text/event-stream\r\n" : ""
                    try peer.send("HTTP/1.1 200 OK\r\n\(type)Transfer-Encoding: chunked\r\n\r\n")
                    for number in 0..<4 {
                        try peer.send("9\r\ndata: \(number)\n\n\r\n")
                        // The next one is not sent before this one has come through.
                        arrived.wait()
                    }
                    try peer.send("0\r\n\r\n")
                }
                let message = try browser.message(stage.url("/events"))
                let peer = try RawClient.connect(port: message.port)
                try peer.send(message.text)
                _ = try peer.receiveHead()
                for number in 0..<4 {
                    #expect(try peer.receive(until: "\n\n").hasSuffix("data: \(number)\n\n"))
                    arrived.signal()
                }
                #expect(try peer.receive(until: "0\r\n\r\n").hasSuffix("\r\n0\r\n\r\n"))
            }
        }

        /// A server or client of the library that most Python programs use.
        private static func python(_ script: String, _ arguments: [String], log: String) throws -> ChildProcess {
            try ChildProcess(["/usr/bin/python3", "-c", script] + arguments, log: log)
        }

        @Test(
            "G63 Python's websockets at both ends: compressed, in fragments, pings answered by the other end, closed in order"
        )
        func python() async throws {
            try await onThread {
                let folder = try TemporaryFolder("websockets")
                let port = try freePort()
                let server = try Self.python(
                    """
                    import asyncio, sys, websockets
                    async def echo(socket, path):
                        assert socket.request_headers["Authorization"].startswith("Bearer access-")
                        async for message in socket:
                            await (socket.ping() if message == "ping me" else socket.send(message))
                    async def main():
                        async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), subprotocols=["chat"]):
                            print("ready", flush=True)
                            await asyncio.Future()
                    asyncio.run(main())
                    """, ["\(port)"], log: folder.path + "/server.log")
                defer { server.end() }
                try eventually("the server is ready: \(server.output)") { server.output.contains("ready") }
                var options = GatewayUnderTest.Options()
                options.upstreams = ["python": "http://127.0.0.1:\(port)"]
                options.routes.append("{ path: /python/, upstream: python }")
                let stage = try Stage(options)
                let cookie = try #require(try stage.signedIn().jar[Stage.cookie])
                let client = try Self.python(
                    """
                    import asyncio, sys, websockets
                    async def main():
                        url, origin, cookie = sys.argv[1:]
                        async with websockets.connect(url, origin=origin, subprotocols=["chat"],
                                                      extra_headers={"Cookie": cookie}) as socket:
                            assert socket.subprotocol == "chat" and len(socket.extensions) == 1
                            for message in ["", "text", b"\\x00" * 200000, "a" * 70000]:
                                await socket.send(message)
                                assert await socket.recv() == message
                            await socket.send(["in ", "three ", "pieces"])
                            assert await socket.recv() == "in three pieces"
                            await socket.send("ping me")
                            await (await socket.ping())
                        assert socket.close_code == 1000, socket.close_code
                        print("all good")
                    asyncio.run(main())
                    """,
                    [
                        "ws://localhost:\(stage.gateway.port)/python/x", stage.gateway.origin,
                        "\(Stage.cookie)=\(cookie)",
                    ],
                    log: folder.path + "/client.log")
                _ = try client.wait(within: 30)
                #expect(client.output.contains("all good"), "\(client.output) \(server.output)")
            }
        }

        @Test("G63, E47 over TLS at both ends: messages pass, and both hear the reason of an end")
        func secure() async throws {
            try await onThread {
                let folder = try TemporaryFolder("websockets")
                let authority = try TestAuthority()
                let pair = try authority.issue("localhost", "127.0.0.1")
                let (port, front) = (try freePort(), try freePort())
                let server = try Self.python(
                    """
                    import asyncio, ssl, sys, websockets
                    async def echo(socket, path):
                        async for message in socket:
                            await socket.send(message)
                        print("closed", socket.close_code, socket.close_reason, flush=True)
                    async def main():
                        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                        context.load_cert_chain(sys.argv[2], sys.argv[3])
                        async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), ssl=context):
                            print("ready", flush=True)
                            await asyncio.Future()
                    asyncio.run(main())
                    """, ["\(port)", pair.certificate, pair.key], log: folder.path + "/server.log")
                defer { server.end() }
                try eventually("the server is ready: \(server.output)") { server.output.contains("ready") }
                var options = GatewayUnderTest.Options()
                options.publicURL = "https://localhost:\(front)"
                options.listener = ", tls: { certificate: \(pair.certificate), key: \(pair.key) }"
                options.upstreams = [
                    "secure":
                        "{ servers: [ \"https://localhost:\(port)\" ], tls: { ca: \(authority.root.certificate) } }"
                ]
                options.routes = ["{ path: /, upstream: secure, access: public }"]
                let gateway = try GatewayUnderTest(
                    issuer: "http://127.0.0.1:9", upstream: port, port: front, options: options)
                let client = try Self.python(
                    """
                    import asyncio, ssl, sys, websockets
                    async def main():
                        context = ssl.create_default_context(cafile=sys.argv[2])
                        async with websockets.connect(sys.argv[1], ssl=context) as socket:
                            for message in ["text", b"\\x00" * 200000]:
                                await socket.send(message)
                                assert await socket.recv() == message
                            print("echoed", flush=True)
                            try:
                                await socket.recv()
                            except websockets.ConnectionClosed:
                                print("closed", socket.close_code, socket.close_reason, flush=True)
                    asyncio.run(main())
                    """, ["wss://localhost:\(front)/x", authority.root.certificate], log: folder.path + "/client.log")
                defer { client.end() }
                try eventually("echoed: \(client.output) \(server.output) \(gateway.log)") {
                    client.output.contains("echoed")
                }
                gateway.process.signal(SIGTERM)
                for end in [client, server] {
                    try eventually("the reason: \(end.output)") { end.output.contains("closed 1001 going away") }
                }
                #expect(try gateway.process.wait(within: 20) == 0)
            }
        }
    }
}
