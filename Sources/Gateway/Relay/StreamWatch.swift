import HTTP
import HTTPClient
import HTTPServer
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// What lasts obeys its session, too (E47): WebSockets, event streams, long polls, downloads.
///
/// One rule: an exchange may go on as long as a new request of the same session to the same route would be let through. The
/// worker looks at each tick, and at once when the keeper announces an end; what is over before it is a tick old is hardly
/// looked at, so an ordinary request pays nothing.
extension RequestJourney {
    /// How often running exchanges are looked at, and how old they are at least by then, announced ends aside.
    static let watchInterval = Duration.milliseconds(250)

    /// Ends the exchange when its session may not have it any more.
    func watch(_ now: Timestamp, _ instant: Instant, storeIsLost: Bool) {
        guard exchange != nil else { return }
        if let farewell = tunnel?.farewell {
            if instant >= farewell.until { tunnelWaitedTooLong() }
            return
        }
        // Before it is forwarded a request is decided anew after every wait.
        guard waiting == .upstream || file != nil, let session, let plan else { return }
        if let ended = session.ended {
            endStream(ended)
            return
        }
        guard instant.since(startedAt) >= Self.watchInterval else { return }
        // A logout elsewhere may have gone unheard for too long (E49).
        if storeIsLost {
            endStream(.storeUnavailable, WebSocketClose(.tryAgainLater, "store_unavailable"))
            return
        }
        noteUse(session, now, instant)
        let record = session.record
        switch record.lifetime.verdict(session.lastUse, now: now, instant: instant) {
        case .alive: break
        case .over:
            worker.desk.post(.end(session, .expired))
            endStream(.expired)
            return
        case .idle:
            // Another process may have seen the user (E42); if not, the keeper announces the end.
            if instant >= reviewAfter {
                reviewAfter = instant + .seconds(1)
                worker.desk.post(.review(session))
            }
        }
        if let reason = endOfToken(plan, session, record, now, instant) { endStream(reason) }
    }

    /// Has the store asked whether the session of what is under way still is one.
    func reviewSession() {
        if exchange != nil, waiting == .upstream || file != nil, let session { worker.desk.post(.review(session)) }
    }

    /// The token that went upstream has ended, and nothing will bring another one (B33a, B35).
    private func endOfToken(
        _ plan: RoutePlan, _ session: LiveSession, _ record: SessionRecord, _ now: Timestamp, _ instant: Instant
    ) -> SessionEnd? {
        guard plan.settings.token != .none, plan.upstream != nil, let time = record.refreshTime,
            time.end.hasPassed(now: now, instant: instant), !record.canRefresh || session.refreshIsDead
        else { return nil }
        // Without a refresh token the session is over for this route alone.
        if !record.canRefresh { return .expired }
        worker.desk.post(.end(session, .refreshFailed))
        return .refreshFailed
    }

    /// A stream by itself keeps no session alive, only what its user sends does: messages of a WebSocket, which pings are not,
    /// and bytes of an upload.
    private func noteUse(_ session: LiveSession, _ now: Timestamp, _ instant: Instant) {
        let sent = tunnel?.fromClient.dataFrames ?? bodySeen
        if sent == usesSeen { return }
        usesSeen = sent
        self.now = now
        touch(session)
    }

    private func endStream(_ reason: SessionEnd) {
        endReason = reason
        endStream(.sessionEnded(reason), WebSocketClose(.policyViolation, reason.code))
    }

    /// So that the browser sees it: a close frame, a body that is not whole, or an answer where there was none yet.
    private func endStream(_ failure: GatewayFailure, _ close: WebSocketClose) {
        guard let exchange else { return }
        self.failure = failure
        worker.metrics.endedStreams.add()
        if tunnel != nil {
            endTunnel(close)
            return
        }
        stream?.cancel()
        stream = nil
        file = nil
        // The connection tells of the break-off later, and the next look may come before: the end is one.
        waiting = .nothing
        if responseBegun {
            exchange.abort()
        } else if case .sessionEnded = failure {
            _ = refuseUnauthorized(exchange)
        } else {
            refuse(failure, exchange)
        }
    }
}
