import Foundation
import TestSupport
import Testing

extension ProductTests {
    /// The disk below the sessions fills up, or the database breaks, while the gateway runs.
    @Suite struct StoreTrouble {
        /// Asks for the API as a page does.
        private static func status(_ stage: Stage, _ browser: TestBrowser) throws -> Int {
            try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin).status
        }

        /// A login that gets as far as the callback; its answer.
        private static func login(_ stage: Stage, _ user: String) throws -> (RawResponse, TestBrowser) {
            let browser = TestBrowser()
            let callback = try stage.pendingCallback(browser, user)
            return (try browser.askOnce(callback, from: .crossSite), browser)
        }

        private static func stage(_ store: String, grace: String) throws -> Stage {
            var options = GatewayUnderTest.Options()
            options.store = store
            options.session = ["store_grace: \(grace)"]
            return try Stage(options)
        }

        @Test(
            "E49 full disk: sessions in memory go on, logins are 503, nobody is logged out, and it recovers by itself",
            .enabled(if: Mount.isPossible, "only root can mount a small disk"))
        func fullDisk() async throws {
            try await onThread {
                let disk = try Mount(size: "4m")
                let stage = try Self.stage("sqlite:///\(disk.path)/sessions.db", grace: "1h")
                let users = try (0..<8).map { try stage.signedIn("user\($0)") }
                for round in 1...Soak.amount("disk_rounds", short: 2) {
                    try disk.fill()
                    var refused = 0
                    // The database's own free pages take a few more; what was answered with a cookie is kept.
                    var late: [TestBrowser] = []
                    while refused < 3 {
                        let (answer, browser) = try Self.login(stage, "late\(round)")
                        if browser.jar[Stage.cookie] != nil {
                            late.append(browser)
                            try #require(late.count < 500)
                            continue
                        }
                        #expect(answer.status == 503, "\(answer.head)")
                        #expect(answer.head.ranges(of: "\r\nRetry-After: ").count == 1, "\(answer.head)")
                        refused += 1
                    }
                    // The log is written by a thread of its own, a little later.
                    try eventually("the log says why") {
                        stage.gateway.events("store_failed").contains { $0.contains("\"error\":\"full\"") }
                    }
                    for user in users { #expect(try Self.status(stage, user) == 200) }
                    #expect(try stage.user(users[0]).status == 200)
                    // Nobody who comes without a session is let through.
                    let stranger = TestBrowser()
                    stranger.jar.plant(Stage.cookie, String(repeating: "A", count: 43))
                    #expect([401, 503].contains(try Self.status(stage, stranger)))

                    disk.remove()
                    try eventually("logins work again: \(stage.gateway.log.suffix(2000))", within: 30) {
                        try Self.login(stage, "next\(round)").0.status < 400
                    }
                    for user in users + late.suffix(20) { #expect(try Self.status(stage, user) == 200) }
                    let lines = stage.gateway.events("store_failed").count
                    Soak.figure("full disk, round \(round): \(users.count) sessions went on; \(lines) log lines so far")
                }
                // What memory believed is what the disk has.
                try stage.gateway.restart()
                for user in users { #expect(try Self.status(stage, user) == 200) }
            }
        }

        @Test(
            "E49 full disk: a rotated refresh token is not used before it is kept, and not lost when there is room again",
            .enabled(if: Mount.isPossible, "only root can mount a small disk"))
        func refreshOnFullDisk() async throws {
            try await onThread {
                let disk = try Mount(size: "4m")
                var options = GatewayUnderTest.Options()
                options.store = "sqlite:///\(disk.path)/sessions.db"
                options.session = ["store_grace: 1h"]
                let (stage, browser) = try Refreshing.expired(options)
                stage.provider.bend { $0.lifetime = 300 }
                try disk.fill()
                let answer = try browser.askOnce(stage.url("/api"), .fetch, from: .sameOrigin)
                // Either there was room for one more row, or the request waited in vain.
                #expect([200, 503].contains(answer.status), "\(answer.head)")
                disk.remove()
                try eventually("the session goes on: \(stage.gateway.log.suffix(2000))", within: 60) {
                    try Self.status(stage, browser) == 200
                }
                #expect(stage.refreshes == 1)
                #expect(try stage.user(browser).status == 200)
            }
        }

        enum Damage: String, Sendable, CaseIterable {
            case overwritten, truncated, gone
        }

        @Test(
            "E49 a damaged database: in memory on for the grace, then 503, nobody logged out; put back, all go on")
        func damaged() async throws {
            let all = Damage.allCases
            try await onThread { _ = try atOnce(all.count) { try Self.survives(all[$0]) } }
        }

        private static func survives(_ damage: Damage) throws {
            let stage = try Self.stage("sqlite:sessions.db", grace: "3s")
            let users = try (0..<4).map { try stage.signedIn("user\($0)") }
            let path = stage.gateway.database
            // All of it in the file, nothing in the log: the file is what matters now.
            try stage.gateway.restart()
            #expect(try ChildProcess.run(["sqlite3", path, "PRAGMA wal_checkpoint(TRUNCATE);"]).code == 0)
            for user in users.prefix(2) { #expect(try Self.status(stage, user) == 200) }
            stage.upstream.answers { request, peer in
                guard request.header("Upgrade") == nil else { return try WebSockets.echo(request, peer) }
                try peer.send(EchoUpstream.answer("still here"))
            }
            let socket = try stage.socket(users[0])
            let good = try Data(contentsOf: URL(fileURLWithPath: path))
            switch damage {
            case .overwritten: try Self.write(path, Data(repeating: 0x55, count: good.count))
            case .truncated: truncate(path, off_t(good.count / 2 / 4096 * 4096))
            case .gone: #expect(rename(path, path + ".away") == 0)
            }
            // Within the grace, or already after it on a slow machine; never a login, never somebody else's page.
            #expect([200, 503].contains(try Self.status(stage, users[0])))
            let (answer, browser) = try Self.login(stage, "late")
            #expect(answer.status == 503, "\(answer.head)")
            #expect(browser.jar[Stage.cookie] == nil)
            try eventually("the grace is over", within: 30) { try Self.status(stage, users[1]) == 503 }
            #expect(try Self.status(stage, users[3]) == 503)
            // A logout elsewhere could not be heard: what lasts does not outlast the grace either (E47).
            #expect(try socket.receive() == .close(1013, "store_unavailable"))
            try eventually("the log says so") { !stage.gateway.events("store_failed").isEmpty }

            switch damage {
            case .overwritten, .truncated: try Self.write(path, good)
            case .gone: #expect(rename(path + ".away", path) == 0)
            }
            try eventually("it recovers: \(stage.gateway.log.suffix(2000))", within: 30) {
                try Self.status(stage, users[0]) == 200
            }
            for user in users { #expect(try Self.status(stage, user) == 200) }
            try eventually("logins work again", within: 30) { try Self.login(stage, "next").0.status < 400 }
            try eventually("the log says so") { !stage.gateway.events("store_recovered").isEmpty }
        }

        /// In place: the file stays the same one.
        private static func write(_ path: String, _ content: Data) throws {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.write(contentsOf: content)
            try file.close()
        }
    }
}
