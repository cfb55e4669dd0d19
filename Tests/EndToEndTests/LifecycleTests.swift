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
