import Testing
import Time

@testable import HTTPServer

private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

@Suite struct ClientConnectionStateTests {
    @Test("what follows an exchange") func continuation() {
        var state = ClientConnectionState()
        state.request = .ended
        func next(_ state: ClientConnectionState, mustClose: Bool = false, bounded: Bool = true, waits: Bool = false)
            -> ClientConnectionState.Continuation
        {
            state.continuation(mustClose: mustClose, restIsBounded: bounded, inputWaits: waits)
        }
        #expect(next(state) == .wait)
        state.response = .ended
        #expect(next(state) == .nextRequest)
        #expect(next(state, waits: true) == .nextRequest)
        #expect(next(state, mustClose: true) == .part(.close))
        #expect(next(state, mustClose: true, waits: true) == .part(.linger), "closing over unread input is a reset")
        state.isDraining = true
        #expect(next(state) == .part(.close))
        state.request = .body
        state.isDraining = false
        #expect(next(state) == .discardRest)
        #expect(next(state, bounded: false) == .part(.linger))
        #expect(next(state, mustClose: true) == .part(.linger))
    }

    @Test("when input is wanted") func wantsInput() {
        var state = ClientConnectionState()
        #expect(state.wantsInput)
        state.request = .body
        state.isPaused = true
        #expect(!state.wantsInput)
        state.response = .ended
        #expect(state.wantsInput, "a rest is dropped, paused or not")
        state.request = .ended
        #expect(!state.wantsInput)
        state.startNext()
        #expect(state.wantsInput && state.isKept && !state.isPaused)
        state.part(.linger)
        #expect(!state.wantsInput)
        let lingers = state.flushed()
        #expect(lingers)
        #expect(state.wantsInput)
        state.close()
        #expect(!state.wantsInput)
    }

    @Test("a client that has closed is not lingered for") func noLinger() {
        var state = ClientConnectionState()
        state.request = .ended
        state.peerHalfClosed = true
        state.part(.linger)
        let lingers = state.flushed()
        #expect(!lingers)
    }
}

@Suite struct ConnectionDeadlinesTests {
    let patience = ServerPatience(ServerSettings())

    @Test("G17 which silence ends when, by a hand-turned clock") func table() {
        var deadlines = ConnectionDeadlines(now: at(100))
        var state = ClientConnectionState()
        func next(waits: Bool = false, moved: Double = 100) -> (Instant, ConnectionDeadlines.Verdict)? {
            deadlines.next(state, outputWaits: waits, outputMoved: at(moved), patience).map { ($0.at, $0.verdict) }
        }
        #expect(next()! == (at(110), .closeSilently))
        state.request = .head
        deadlines.headBegan = at(103)
        #expect(next()! == (at(113), .requestTimeout))
        state.request = .body
        deadlines.bodyMoved = at(105)
        #expect(next()! == (at(165), .requestTimeout))
        #expect(next(waits: true, moved: 104)! == (at(164), .responseTimeout))
        state.isPaused = true
        #expect(next() == nil)
        state.request = .ended
        #expect(next() == nil, "the handler's own deadlines hold while it works")
        state.peerHalfClosed = true
        #expect(next(moved: 120)! == (at(121), .clientLeft))
        #expect(next(waits: true, moved: 120)! == (at(121), .clientLeft))
        state.response = .ended
        state.peerHalfClosed = false
        state.startNext()
        deadlines.silentSince = at(130)
        #expect(next()! == (at(205), .closeSilently))
        #expect(next(waits: true, moved: 130)! == (at(190), .responseTimeout))
        state.isDraining = true
        #expect(next()! == (at(131), .closeSilently))
        state.part(.linger)
        #expect(next(waits: true, moved: 140)! == (at(200), .responseTimeout))
        let lingers = state.flushed()
        #expect(lingers)
        deadlines.lingerBegan = at(150)
        #expect(next()! == (at(155), .closeSilently))
        state.close()
        #expect(next() == nil)
    }
}
