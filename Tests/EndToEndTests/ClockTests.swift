import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// Somebody sets the machine's clock while the gateway runs.
    @Suite struct WallClock {
        /// A stage whose gateway's wall clock can be stepped; the provider's stays right.
        private final class Scene {
            let stage: Stage
            private let file: String

            init(_ session: [String] = [], bend: (inout HostileProvider.Script) -> Void = { _ in }) throws {
                let folder = NSTemporaryDirectory() + "postern-clock-\(UUID().uuidString)"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
                file = folder + "/step"
                let source = URL(filePath: #filePath).deletingLastPathComponent()
                    .appending(path: "../Fixtures/stepped_clock.c").standardized.path()
                let built = try ChildProcess.run(
                    ["clang", "-shared", "-fPIC", "-O1", "-o", folder + "/stepped_clock.so", source])
                try #require(built.code == 0, "\(built.output)")
                var options = GatewayUnderTest.Options()
                options.session = session
                options.environment = ["LD_PRELOAD": folder + "/stepped_clock.so", "STEPPED_CLOCK": file]
                stage = try Stage(options, bend: bend)
            }

            deinit {
                try? FileManager.default.removeItem(atPath: URL(filePath: file).deletingLastPathComponent().path())
            }

            /// From now on the gateway's wall clock is `seconds` beside the right one.
            func step(_ seconds: Int) throws {
                try "\(seconds)".write(toFile: file, atomically: true, encoding: .utf8)
            }

            func status(_ browser: TestBrowser) throws -> Int {
                try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status
            }

            /// The gateway's own idea of the time, from the log line of a request with this path, never asked before.
            func day(_ path: String) throws -> Substring {
                _ = try TestBrowser().askOnce(stage.url(path), .fetch, from: .sameOrigin)
                var line: Substring?
                try eventually("a log line") {
                    line = stage.gateway.events("request").last { $0.contains("\"\(path)\"") }
                    return line != nil
                }
                return try #require(line).prefix(20)
            }
        }

        private static let day = 86_400

        @Test(
            "E42, E43, B30 set back by a day: sessions live on, and tokens are renewed in time; logins work when it is right again"
        )
        func back() async throws {
            try await onThread {
                let scene = try Scene { script in
                    script.lifetime = 2
                    script.refreshBringsIDToken = false
                }
                let stage = scene.stage
                let browser = try stage.signedIn()
                let today = try scene.day("/api/today")
                try scene.step(-Self.day)
                #expect(try scene.day("/api/yesterday") != today, "the clock did not step")
                #expect(try scene.status(browser) == 200)
                // A token that lasts two seconds is renewed after two seconds, not after a day and two seconds.
                let before = stage.refreshes
                try eventually("a refresh", within: 20) {
                    let status = try scene.status(browser)
                    #expect(status == 200)
                    return stage.refreshes > before
                }
                // The provider's tokens come from tomorrow: nobody can sign in, and it is said why.
                let attempt = TestBrowser()
                let refused = try attempt.askOnce(try stage.pendingCallback(attempt, "bob"), from: .crossSite)
                #expect(refused.status == 502, "\(refused.head)")
                #expect(attempt.jar[Stage.cookie] == nil)
                try stage.gateway.restart()
                #expect(try scene.status(browser) == 200)
                // Right again, that is a day later than the last use: nobody can tell that from a machine that slept a day.
                try scene.step(0)
                #expect(try scene.status(browser) == 401)
                let next = try stage.signedIn("carol")
                #expect(try scene.status(next) == 200)
            }
        }

        @Test(
            "E42, E43 set forward: an hour spares what lasts longer, a day ends it; logins work again when it is right")
        func forward() async throws {
            try await onThread {
                let scene = try Scene(["idle_timeout: 6h", "lifetime: 12h"]) { $0.refreshBringsIDToken = false }
                let stage = scene.stage
                let browser = try stage.signedIn()
                try scene.step(3600)
                // The access token is over by that clock, and is renewed.
                #expect(try scene.status(browser) == 200)
                #expect(stage.refreshes == 1)
                try scene.step(Self.day)
                let ended = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                #expect(ended.status == 401, "\(ended.head)")
                #expect(ended.text.contains("\"reason\":\"expired\""), "\(ended.text)")
                // By that clock every ID token has expired before it came; and the keys are fetched again, being a day old.
                let attempt = TestBrowser()
                let refused = try attempt.askOnce(try stage.pendingCallback(attempt, "bob"), from: .crossSite)
                #expect(refused.status == 502, "\(refused.head)")
                try scene.step(0)
                // What ended has ended.
                #expect(try scene.status(browser) == 401)
                let next = try stage.signedIn("carol")
                #expect(try scene.status(next) == 200)
            }
        }

        @Test("E42, E43 set back again and again: neither a session in use nor an idle one gains or loses")
        func backAndBack() async throws {
            try await onThread {
                let scene = try Scene(["idle_timeout: 1h"]) { $0.lifetime = nil }
                let stage = scene.stage
                let used = try stage.signedIn("alice")
                for hours in [0, -24, -48, -1000] {
                    try scene.step(hours * 3600)
                    #expect(try scene.status(used) == 200, "\(hours) h")
                }
                try scene.step(0)
                let left = try stage.signedIn("bob")
                try scene.step(3601)
                #expect(try scene.status(left) == 401)
                // What has ended stays ended.
                try scene.step(0)
                #expect(try scene.status(left) == 401)
            }
        }

        @Test("B32 killed during a refresh and set back by a day: the session is not locked out for a day")
        func abandonedLease() async throws {
            try await onThread {
                let scene = try Scene { script in
                    script.lifetime = 1
                    script.refreshBringsIDToken = false
                }
                let stage = scene.stage
                let browser = try stage.signedIn()
                Refreshing.letTokensEnd()
                stage.provider.bend { script in
                    script.lifetime = 300
                    script.intercept = { call, _ in call.value("grant_type") == "refresh_token" ? .unreachable : nil }
                }
                let message = try browser.message(stage.url("/api"))
                let waiting = try RawClient.connect(port: message.port)
                try waiting.send(message.text)
                try eventually("the refresh is under way") { stage.refreshes == 1 }
                try stage.gateway.kill9()
                try scene.step(-Self.day)
                stage.provider.bend { $0.intercept = { _, _ in nil } }
                try stage.gateway.restart()
                try eventually("the session goes on: \(stage.gateway.log.suffix(3000))", within: 60) {
                    try scene.status(browser) == 200
                }
            }
        }
    }
}
