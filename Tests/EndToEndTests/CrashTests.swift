import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// The gateway dies at the worst moments; what it promised holds.
    @Suite struct Crash {
        /// A user who signs in, works, and notes what was promised.
        private final class User: Sendable {
            /// What the browser holds, and whether its last request was answered.
            struct State: Sendable {
                var jar = CookieJar()
                var isSignedIn = false
                var wasAnswered = true
                var failures: [String] = []
                var answers = 0
                var unlucky = 0
                /// How often the provider had refused a replaced token of this user before the last login.
                var reuses = 0
            }

            let name: String
            let state = Locked(State())
            init(_ name: String) { self.name = name }

            /// One step: a login where there is none, else a request that the upstream must see.
            func step(_ origin: String, _ provider: HostileProvider) {
                var state = state.withLock { $0 }
                let browser = TestBrowser()
                browser.jar = state.jar
                defer {
                    state.jar = browser.jar
                    self.state.withLock { $0 = state }
                }
                do {
                    if !state.isSignedIn {
                        // The cookie counts from the moment it arrived, whatever happens to the page behind it.
                        defer { state.isSignedIn = browser.jar[Stage.cookie] != nil }
                        state.reuses = provider.reuses(by: name)
                        _ = try browser.ask(origin + "/bff/login?login_hint=\(name)&returnUrl=/x") {
                            !$0.hasSuffix("/x")
                        }
                        state.wasAnswered = true
                        return
                    }
                    let owedAnAnswer = !state.wasAnswered
                    state.wasAnswered = false
                    let answer = try browser.askOnce(origin + "/x", .fetch, from: .sameOrigin)
                    state.wasAnswered = true
                    switch answer.status {
                    case 200: state.answers += 1
                    case 401 where owedAnAnswer && provider.reuses(by: name) > state.reuses:
                        // The crash took the answer of a refresh with it, and the provider forgives nothing (B34).
                        state.unlucky += 1
                        state.isSignedIn = false
                        browser.jar = CookieJar()
                    case 503: break
                    default:
                        state.failures.append(
                            "\(name): \(answer.status) \(answer.text), owed an answer: \(owedAnAnswer)")
                        state.isSignedIn = false
                        browser.jar = CookieJar()
                    }
                } catch {
                    // Nobody listens, or the connection broke: the crash. A request that never left owes nothing.
                    usleep(20_000)
                }
            }

            /// What the log has about this user's last session: for a complaint.
            func story(_ gateway: GatewayUnderTest) -> String {
                let login = gateway.events("login_completed").last { $0.contains(#""user":"\#(name)""#) }
                guard let session = login?.firstMatch(of: /"session":"[^"]+"/)?.output else { return "no login" }
                let lines = gateway.log.split(separator: "\n").filter { $0.contains(session) }
                return lines.suffix(12).joined(separator: "\n")
            }
        }

        @Test("B33, E44, E49 kill -9 under load: received sessions and rotated tokens work after the restart")
        func killed() async throws {
            try await onThread {
                let rounds = Soak.amount("kills", short: 3)
                let stage = try Stage { $0.lifetime = 1 }
                let (origin, provider) = (stage.gateway.origin, stage.provider)
                let users = (0..<8).map { User("user\($0)") }
                let isOver = Locked(false)
                let done = Semaphore()
                for user in users {
                    try Thread.start(name: user.name) {
                        while !isOver.withLock({ $0 }) { user.step(origin, provider) }
                        done.signal()
                    }.detach()
                }
                defer {
                    isOver.withLock { $0 = true }
                    for _ in users { done.wait() }
                }
                for round in 1...rounds {
                    let before = stage.refreshes
                    try eventually("the load refreshes") { stage.refreshes >= before + 6 }
                    usleep(UInt32.random(in: 0...200_000))
                    try stage.gateway.kill9()
                    try stage.gateway.restart()
                    if round % 10 == 0 { Soak.progress("killed \(round) times") }
                }
                let before = stage.refreshes
                try eventually("the load refreshes again") { stage.refreshes >= before + 8 }
                // A login that the last crash broke off is made again.
                try eventually("everybody is signed in, or has a complaint", within: 60) {
                    users.allSatisfy { user in user.state.withLock { $0.isSignedIn || !$0.failures.isEmpty } }
                }
                for user in users {
                    let state = user.state.withLock { $0 }
                    #expect(state.failures.isEmpty, "\(state.failures) \(user.story(stage.gateway))")
                    #expect(state.isSignedIn)
                }
                let check = try ChildProcess.run(["sqlite3", stage.gateway.database, "PRAGMA integrity_check;"])
                #expect(check.output.contains("ok"), "\(check.output)")
                let states = users.map { user in user.state.withLock { $0 } }
                Soak.figure(
                    "kill -9: \(rounds) times, \(states.reduce(0) { $0 + $1.answers }) good answers, \(stage.redemptions) "
                        + "logins, \(stage.refreshes) refreshes; lost: \(states.reduce(0) { $0 + $1.failures.count }); refreshes whose answer died with the process: "
                        + "\(states.reduce(0) { $0 + $1.unlucky })")
            }
        }
    }
}
