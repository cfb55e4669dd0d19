import Foundation
import TestSupport
import Testing
import Threads

extension ProductTests {
    /// Very many requests at the same moment.
    @Suite struct Crowds {
        enum Provider: String, Sendable, CaseIterable {
            case prompt, takesFiveSeconds, losesTheFirstClient
        }

        @Test(
            "B32 a thousand parallel requests of one session cause one refresh, and all succeed",
            arguments: Provider.allCases)
        func thousand(provider: Provider) async throws {
            try await onThread {
                let count = Soak.amount("crowd", short: 1000)
                try wantDescriptors(2 * count + 500)
                var options = GatewayUnderTest.Options()
                // The provider answers late on purpose; a busy machine needs its time before that.
                options.provider = ["timeout: 60s"]
                let (stage, browser) = try Refreshing.expired(options)
                let everybodyIsHere = Locked(false)
                stage.provider.bend { script in
                    script.lifetime = 300
                    script.intercept = { call, _ in
                        guard call.value("grant_type") == "refresh_token" else { return nil }
                        while !everybodyIsHere.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(10)) }
                        if provider == .takesFiveSeconds { try? await Task.sleep(for: .seconds(5)) }
                        return nil
                    }
                }
                let message = try browser.message(stage.url("/api"))
                let first = try RawClient.connect(port: message.port)
                if provider == .losesTheFirstClient {
                    try first.send(message.text)
                    try eventually("the refresh is under way") { stage.refreshes == 1 }
                    first.reset()
                }
                let begin = Date()
                let peers = try (0..<count).map { _ in
                    let peer = try RawClient.connect(port: message.port, timeout: .seconds(60))
                    try peer.send(message.text)
                    return peer
                }
                everybodyIsHere.withLock { $0 = true }
                let answers = try peers.map { try RawResponse(readingFrom: $0).status }
                #expect(answers.count { $0 == 200 } == count, "\(Set(answers))")
                #expect(stage.refreshes == 1)
                #expect(stage.upstream.requests.count == count)
                #expect(Set(stage.upstream.requests.map(\.bearer)).count == 1)
                let seconds = String(format: "%.1f", Date().timeIntervalSince(begin))
                Soak.figure("crowd (\(provider.rawValue)): \(count) requests, \(stage.refreshes) refresh, \(seconds) s")
            }
        }
    }
}
