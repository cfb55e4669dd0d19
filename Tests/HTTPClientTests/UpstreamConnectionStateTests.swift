import Testing
import Time

@testable import HTTPClient

private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

@Suite struct UpstreamConnectionStateTests {
    @Test("G22 G51 when a connection may serve again") func keeping() {
        var state = UpstreamConnectionState()
        state.lease()
        state.request = .ended
        state.response = .ended
        #expect(state.canBeKept(engineAgrees: true, inputWaits: false))
        #expect(!state.canBeKept(engineAgrees: false, inputWaits: false))
        #expect(!state.canBeKept(engineAgrees: true, inputWaits: true))
        state.request = .body
        #expect(!state.canBeKept(engineAgrees: true, inputWaits: false))
        state.becomeTunnel()
        state.request = .ended
        #expect(!state.canBeKept(engineAgrees: true, inputWaits: false))
    }

    @Test("when input is wanted, and output allowed") func wants() {
        var state = UpstreamConnectionState()
        #expect(!state.wantsInput)
        state.lease()
        #expect(state.wantsInput && !state.mayWriteBody)
        state.isPaused = true
        #expect(!state.wantsInput, "interim responses wait like a body")
        state.request = .body
        #expect(state.mayWriteBody)
        state.response = .body
        #expect(!state.wantsInput)
        state.isPaused = false
        #expect(state.wantsInput)
        state.response = .ended
        #expect(!state.wantsInput && !state.mayWriteBody)
    }
}

@Suite struct UpstreamDeadlinesTests {
    let patience: UpstreamPatience

    init() throws {
        patience = UpstreamPatience(
            UpstreamSettings(name: "x", servers: [try #require(UpstreamServer("http://127.0.0.1:1"))]))
    }

    @Test("which silence ends when, by a hand-turned clock") func table() {
        var deadlines = UpstreamDeadlines(now: at(100))
        var state = UpstreamConnectionState()
        func next(waits: Bool = false, moved: Double = 100) -> (Instant, UpstreamDeadlines.Verdict)? {
            deadlines.next(state, outputWaits: waits, outputMoved: at(moved), patience).map { ($0.at, $0.verdict) }
        }
        deadlines.connectUntil = at(105)
        #expect(next()! == (at(105), .connectTimeout))
        state.phase = .idle
        #expect(next()! == (at(104), .closeIdle))
        state.lease()
        #expect(next() == nil)
        state.request = .body
        #expect(next() == nil, "the client's body is not the server's fault")
        #expect(next(waits: true, moved: 110)! == (at(410), .idleTimeout))
        state.request = .ended
        deadlines.requestEnded = at(120)
        #expect(next(moved: 115)! == (at(180), .responseTimeout))
        #expect(next(moved: 125)! == (at(185), .responseTimeout))
        state.isPaused = true
        #expect(next() == nil, "it is the client that does not read")
        state.isPaused = false
        state.response = .body
        deadlines.bodyMoved = at(130)
        #expect(next(moved: 400)! == (at(430), .idleTimeout))
        state.isPaused = true
        #expect(next() == nil)
        state.isPaused = false
        state.becomeTunnel()
        #expect(next(moved: 400)! == (at(700), .idleTimeout))
        state.phase = .closed
        #expect(next() == nil)
    }
}
