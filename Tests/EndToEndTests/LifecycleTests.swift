import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Starts and stops: of the provider, and of the gateway.
    @Suite struct Lifecycle {
        @Test("D9 the gateway starts without its provider, says so, and logs in when the provider comes")
        func coldStart() async throws {
            try await onThread {
                let stage = try Stage(providerIsUp: false)
                for path in ["/page", "/bff/login"] {
                    let answer = try TestBrowser().askOnce(stage.url(path))
                    #expect(answer.status == 503, "\(answer.head)")
                    #expect(answer.head.ranges(of: "\r\nRetry-After: ").count == 1, "\(answer.head)")
                    #expect(answer.header("Set-Cookie") == nil)
                }
                #expect(try TestBrowser().askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 401)
                #expect(stage.upstream.requests.isEmpty)
                try stage.startProvider()
                try eventually("a login works", within: 60) {
                    try TestBrowser().ask(stage.url("/page")).status == 200
                }
            }
        }

        @Test("D8 after a restart with the provider down the stored documents serve; sessions go on")
        func warmStart() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                stage.stopProvider()
                try stage.gateway.restart()
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                let answer = try TestBrowser().askOnce(stage.url("/page"))
                #expect(answer.status == 302, "\(answer.head)")
                #expect(answer.header("Location")?.hasPrefix(stage.issuer + "/authorize?") == true)
            }
        }

        @Test("SIGTERM lets a slow request finish, takes no new ones, and ends with 0")
        func graceful() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                stage.upstream.answers { _, peer in
                    try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl")
                    usleep(1_500_000)
                    try peer.send("ow")
                }
                let message = try browser.message(stage.url("/api"))
                let slow = try RawClient.connect(port: message.port)
                try slow.send(message.text)
                try eventually("it is upstream") { !stage.upstream.requests.isEmpty }
                stage.gateway.process.signal(SIGTERM)
                #expect(try RawResponse(readingFrom: slow).text == "slow")
                #expect(try stage.gateway.process.wait(within: 10) == 0)
                #expect(throws: (any Error).self) { try RawClient.connect(port: message.port) }
            }
        }

        @Test("What has not ended when shutdown.drain is over is broken off, and the exit code is 0 all the same")
        func deadline() async throws {
            try await onThread {
                var options = GatewayUnderTest.Options()
                options.top = ["shutdown: { drain: 1s }"]
                let stage = try Stage(options)
                stage.upstream.answers { request, peer in
                    if request.target == "/start" { return try peer.send(EchoUpstream.answer("in")) }
                    try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                    _ = peer.waitUntilClosed()
                }
                let message = try stage.signedIn().message(stage.url("/events"))
                let stream = try RawClient.connect(port: message.port)
                try stream.send(message.text)
                try stream.receive(until: "first")
                let begin = Date()
                stage.gateway.process.signal(SIGTERM)
                // Broken off: the last chunk is missing (G52).
                #expect((try? stream.receiveTextToEnd())?.contains("0\r\n\r\n") != true)
                #expect(Date().timeIntervalSince(begin) > 0.9)
                #expect(try stage.gateway.process.wait(within: 15) == 0)
            }
        }

        @Test("A second signal ends it at once")
        func impatient() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                stage.upstream.answers { _, _ in usleep(20_000_000) }
                let message = try browser.message(stage.url("/api"))
                let slow = try RawClient.connect(port: message.port)
                try slow.send(message.text)
                try eventually("it is upstream") { !stage.upstream.requests.isEmpty }
                stage.gateway.process.signal(SIGTERM)
                try eventually("it stops") { !stage.gateway.events("stopping").isEmpty }
                usleep(200_000)
                #expect(stage.gateway.process.isRunning)
                stage.gateway.process.signal(SIGINT)
                #expect(try stage.gateway.process.wait(within: 3) == 0)
            }
        }

        @Test("SIGHUP without a change is answered in the log, and changes nothing")
        func otherSignals() async throws {
            try await onThread {
                let stage = try Stage()
                let browser = try stage.signedIn()
                stage.gateway.process.signal(SIGHUP)
                try eventually("a line") { stage.gateway.events("reloaded").count == 1 }
                #expect(try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status == 200)
                #expect(try stage.gateway.stop() == 0)
            }
        }
    }
}
