import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// Lives of very many users, and what they leave behind.
    @Suite struct Leaks {
        /// What became of the users of one round.
        private struct Tally: Sendable {
            var failures: [String] = []
            var requests = 0
        }

        /// One round: `count` users sign in, work, renew their tokens, hang up in the middle of things, and sign out.
        private static func round(_ origin: String, _ count: Int, _ name: String) throws -> Tally {
            func status(_ what: String, _ found: Int, _ expected: Int, _ tally: inout Tally) {
                tally.requests += 1
                if found != expected { tally.failures.append("\(what): \(found)") }
            }
            var tally = Tally()
            let browsers = try (0..<count).map { number in
                let browser = TestBrowser()
                let page = try browser.ask(origin + "/bff/login?login_hint=\(name)-\(number)&returnUrl=/start")
                status("login", page.status, 200, &tally)
                return browser
            }
            Refreshing.letTokensEnd()
            for browser in browsers {
                let api = try browser.askOnce(origin + "/api", .fetch, from: .sameOrigin)
                status("api \(api.text)", api.status, 200, &tally)
                let message = try browser.message(origin + "/api", method: "POST", headers: ["Content-Length": "100"])
                for length in [10, 40, message.text.count] {
                    let peer = try RawClient.connect(port: message.port)
                    try peer.send(String(message.text.prefix(length)))
                    peer.reset()
                }
                let missing = try browser.askOnce(origin + "/bff/nothing", .fetch)
                status("no page", missing.status, 404, &tally)
                let odd = try RawClient.ask(port: message.port, "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n")
                status("no request", odd.status, 400, &tally)
                let user = try browser.askOnce(
                    origin + "/bff/user", .fetch, from: .sameOrigin, headers: ["X-CSRF": "1"])
                status("user", user.status, 200, &tally)
                guard let start = user.text.range(of: "/bff/logout?sid=") else {
                    tally.failures.append("no logout link: \(user.text)")
                    continue
                }
                let logout = String(user.text[start.lowerBound...].prefix { $0 != "\"" })
                let cookie = browser.jar[Stage.cookie] ?? ""
                // Not on to the page behind it, which would sign in again.
                _ = try browser.ask(origin + logout, from: .sameOrigin) { $0.contains("/logout") }
                browser.jar.plant(Stage.cookie, cookie)
                let over = try browser.askOnce(origin + "/api", .fetch, from: .sameOrigin)
                status("after the logout", over.status, 401, &tally)
            }
            return tally
        }

        @Test("logins, refreshes, requests, hang-ups and logouts in great number leave neither memory nor descriptors")
        func flat() async throws {
            try await onThread {
                let users = Soak.amount("leak_users", short: 160)
                let lanes = 4
                let size = 10
                let rounds = max(4, users / lanes / size)
                let stage = try Stage { $0.lifetime = 1 }
                let origin = stage.gateway.origin
                let start = try stage.gateway.use
                var requests = 0
                // Caches, pools and the allocator's arenas fill first; then nothing may grow any more.
                var settled: ProcessUse?
                var last = start
                for number in 0..<rounds {
                    let tallies = try atOnce(lanes) { try Self.round(origin, size, "user-\(number)-\($0)") }
                    for tally in tallies {
                        #expect(tally.failures.isEmpty, "\(tally.failures.prefix(5)) \(stage.gateway.log.suffix(3000))")
                        requests += tally.requests
                    }
                    stage.provider.forgetCalls()
                    stage.upstream.forget()
                    last = try stage.gateway.use
                    if number == rounds / 2 - 1 { settled = last }
                    if number % 20 == 19 {
                        Soak.progress(
                            "users \((number + 1) * lanes * size): \(Soak.size(last.resident)), \(last.descriptors ?? -1) descriptors"
                        )
                    }
                }
                let half = try #require(settled)
                // Half of the users: a hundred bytes that each leaves behind would show in the soak.
                let growth = last.resident - half.resident
                if !start.isSanitized {
                    #expect(growth < 4 << 20, "\(Soak.size(half.resident)) → \(Soak.size(last.resident))")
                }
                try eventually("descriptors are closed", within: 30) {
                    guard let now = try stage.gateway.use.descriptors, let then = start.descriptors else { return true }
                    return now <= then + 12
                }
                let threads = try stage.gateway.use.threads
                #expect(threads <= start.threads + 4, "\(start.threads) → \(threads)")
                let rows = try ChildProcess.run(["sqlite3", stage.gateway.database, "SELECT count(*) FROM sessions;"])
                #expect(rows.output.trimmingCharacters(in: .whitespacesAndNewlines) == "0", "\(rows.output)")
                let end = try stage.gateway.use
                Soak.figure(
                    "leaks: \(rounds * lanes * size) users, \(requests) requests: memory \(Soak.size(start.resident)) → "
                        + "\(Soak.size(half.resident)) at half → \(Soak.size(last.resident)); descriptors "
                        + "\(start.descriptors ?? -1) → \(end.descriptors ?? -1); threads \(start.threads) → \(threads)"
                )
            }
        }
    }
}
