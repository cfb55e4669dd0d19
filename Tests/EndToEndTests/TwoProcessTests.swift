import Formats
import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// Two gateways on one store, as during a hand-over.
    @Suite struct TwoProcesses {
        /// A stage, and a second gateway on its store; requests reach either by its port.
        private final class Pair {
            let stage: Stage
            let second: GatewayUnderTest

            init(
                provider: [String] = [], bend: (inout HostileProvider.Script) -> Void = { _ in }
            ) throws {
                var options = GatewayUnderTest.Options()
                options.provider = provider
                stage = try Stage(options, bend: bend)
                options.store = "sqlite://" + stage.gateway.database
                options.publicURL = stage.gateway.origin
                second = try GatewayUnderTest(issuer: stage.issuer, upstream: stage.upstream.port, options: options)
            }

            var ports: [UInt16] { [UInt16(stage.gateway.port), UInt16(second.port)] }

            /// The first process and the other, or the other way round.
            func sides(_ number: Int) -> (here: UInt16, there: UInt16) {
                number % 2 == 0 ? (ports[0], ports[1]) : (ports[1], ports[0])
            }

            func ask(_ browser: TestBrowser, _ port: UInt16, _ path: String = "/api") throws -> RawResponse {
                try RawClient.ask(port: port, try browser.message(stage.url(path)).text)
            }
        }

        @Test("E40 F23 a session that one process ends is refused by the other at the next request, also from memory")
        func atOnce() async throws {
            try await onThread {
                let pair = try Pair()
                for number in 0..<20 {
                    let (here, there) = pair.sides(number)
                    let browser = try pair.stage.signedIn("user\(number)")
                    // In memory on both sides.
                    for port in [here, there, here, there] { #expect(try pair.ask(browser, port).status == 200) }
                    let logout = try browser.message(try pair.stage.logoutURL(browser), .navigation).text
                    #expect(try RawClient.ask(port: here, logout).status == 302)
                    let answer = try pair.ask(browser, there)
                    #expect(answer.status == 401 && answer.text.contains("\"revoked\""), "\(number): \(answer.text)")
                }
            }
        }

        @Test("B32 two processes, one session whose token is over: one refresh, and both go on with what it brought")
        func singleFlight() async throws {
            try await onThread {
                let pair = try Pair { $0.lifetime = 1 }
                let stage = pair.stage
                for round in 1...2 {
                    stage.provider.bend { script in
                        script.lifetime = 1
                        script.intercept = { _, _ in nil }
                    }
                    let browser = try stage.signedIn("user\(round)")
                    for port in pair.ports { #expect(try pair.ask(browser, port).status == 200) }
                    Refreshing.letTokensEnd()
                    let before = stage.refreshes
                    stage.upstream.forget()
                    stage.provider.bend { script in
                        script.lifetime = 300
                        script.intercept = { call, _ in
                            // Slow, so that everybody has come before it answers.
                            if call.endpoint == .token { try? await Task.sleep(for: .seconds(1)) }
                            return nil
                        }
                    }
                    let text = try browser.message(stage.url("/api")).text
                    let ports = pair.ports
                    let answers = try TestSupport.atOnce(40) { number in
                        try RawClient.ask(port: ports[number % 2], text).status
                    }
                    #expect(answers == Array(repeating: 200, count: 40))
                    #expect(stage.refreshes == before + 1)
                    #expect(Set(stage.upstream.requests.map(\.bearer)).count == 1)
                }
            }
        }

        @Test("B33 each process refreshes with what the other's refresh brought; an old token is never sent again")
        func turnAndTurn() async throws {
            try await onThread {
                let pair = try Pair { $0.lifetime = 1 }
                let browser = try pair.stage.signedIn()
                for number in 0..<3 {
                    for port in pair.ports { #expect(try pair.ask(browser, port).status == 200) }
                    Refreshing.letTokensEnd()
                    #expect(try pair.ask(browser, pair.sides(number).here).status == 200)
                }
                // A strict provider: each is good for one time.
                let used = pair.stage.tokenRequests.compactMap { $0.value("refresh_token") }
                #expect(used.count >= 3 && Set(used).count == used.count, "\(used)")
            }
        }

        @Test("B40 a logout in one process wins over a refresh under way in the other; what that brings is revoked")
        func logoutElsewhere() async throws {
            try await onThread {
                let pair = try Pair { $0.lifetime = 1 }
                let stage = pair.stage
                let browser = try stage.signedIn()
                for port in pair.ports { #expect(try pair.ask(browser, port).status == 200) }
                let logout = try browser.message(try stage.logoutURL(browser), .navigation).text
                let answered = Locked(false)
                Refreshing.letTokensEnd()
                let before = stage.refreshes
                stage.provider.bend { script in
                    script.intercept = { call, _ in
                        guard call.value("grant_type") == "refresh_token" else { return nil }
                        while !answered.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
                        return nil
                    }
                }
                let waiting = try RawClient.connect(port: pair.ports[0])
                try waiting.send(try browser.message(stage.url("/api")).text)
                try eventually("the refresh is under way") { stage.refreshes == before + 1 }
                stage.upstream.forget()
                let old = Set(stage.provider.revoked)
                #expect(try RawClient.ask(port: pair.ports[1], logout).status == 302)
                answered.withLock { $0 = true }
                #expect(try RawResponse(readingFrom: waiting).status == 401)
                #expect(stage.upstream.requests.isEmpty)
                // The logout revokes the token that it knew; the other process the one that came after.
                try eventually("both refresh tokens are revoked") {
                    Set(stage.provider.revoked).subtracting(old).count { $0.hasPrefix("refresh-") } == 2
                }
                for port in pair.ports { #expect(try pair.ask(browser, port).status == 401) }
            }
        }

        @Test("B40a a process that stands still loses its right to refresh; when it goes on it overwrites nothing")
        func standstill() async throws {
            try await onThread {
                // The right lasts for two tries and ten seconds.
                let pair = try Pair(provider: ["timeout: 1s"]) { $0.lifetime = 1 }
                let stage = pair.stage
                let browser = try stage.signedIn()
                for port in pair.ports { #expect(try pair.ask(browser, port).status == 200) }
                Refreshing.letTokensEnd()
                let before = stage.refreshes
                let isStopped = Locked(false)
                stage.provider.bend { script in
                    script.lifetime = 300
                    script.intercept = { call, _ in
                        if call.value("grant_type") != "refresh_token" || isStopped.withLock({ $0 }) { return nil }
                        while !isStopped.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
                        // Arrives at a process that does not read it.
                        return .json([
                            "access_token": "stale-access", "token_type": "Bearer", "expires_in": 300,
                            "refresh_token": "stale-refresh",
                        ])
                    }
                }
                let waiting = try RawClient.connect(port: pair.ports[0], timeout: .seconds(60))
                try waiting.send(try browser.message(stage.url("/api")).text)
                try eventually("the refresh is under way") { stage.refreshes == before + 1 }
                let holder = stage.gateway.process
                holder.signal(SIGSTOP)
                defer { holder.signal(SIGCONT) }
                try eventually("it stands still") { try GatewayUnderTest.state(of: holder.pid) == "T" }
                isStopped.withLock { $0 = true }
                let begin = Date()
                try eventually("the other takes over", within: 60) {
                    let answer = try pair.ask(browser, pair.ports[1])
                    #expect(answer.status == 200 || answer.status == 503, "\(answer.head) \(answer.text)")
                    return answer.status == 200
                }
                // Not before: the holder lives, and may have an answer in hand.
                #expect(Date().timeIntervalSince(begin) > 9)
                #expect(stage.refreshes == before + 2)
                try eventually("it is told") { pair.second.events("refresh_interrupted").count == 1 }
                holder.signal(SIGCONT)
                #expect([200, 503].contains(try RawResponse(readingFrom: waiting).status))
                for port in pair.ports + pair.ports { #expect(try pair.ask(browser, port).status == 200) }
                let bearers = stage.upstream.requests.compactMap(\.bearer)
                #expect(!bearers.contains("stale-access"), "\(bearers)")
                #expect(Set(bearers.suffix(4)).count == 1, "\(bearers)")
                // Neither is it what the next refresh begins with.
                #expect(!stage.tokenRequests.contains { $0.value("refresh_token") == "stale-refresh" })
            }
        }
    }
}
