import Bytes
import HTTP
import HTTPServer
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// Fifth stage: does the access token outlive this request? (station 2)
extension RequestJourney {
    func freshen(_ exchange: Exchange) -> Step {
        guard let plan, let session, plan.attachesToken, plan.upstream != nil else { return .next(.forward) }
        let record = session.record
        self.record = record
        guard let refreshTime = record.refreshTime else { return .next(.forward) }
        let instant = loop.now
        if record.canRefresh
            ? !refreshTime.due.hasPassed(now: now, instant: instant)
            : !refreshTime.end.hasPassed(now: now, instant: instant)
        {
            return .next(.forward)
        }

        let remaining = refreshTime.end.remaining(now: now, instant: instant)
        let canRefresh = record.canRefresh && !session.refreshIsDead
        let mayTry = canRefresh && instant >= session.noRefreshBefore
        if remaining > Snapshot.enoughForOneRequest {
            // Somebody has to begin; nobody has to wait.
            if mayTry { worker.desk.post(.refresh(nil, session)) }
            return .next(.forward)
        }
        if mayTry {
            let key = park(for: .tokens, atMost: snapshot.longestWaitForRefresh)
            worker.metrics.refreshWaiters.increment()
            worker.desk.post(.refresh(key, session))
            return .stay
        }
        if remaining > .zero { return .next(.forward) }
        // Without a refresh token the session is worth nothing to this route any more (B33a).
        guard canRefresh else {
            endReason = record.canRefresh ? .refreshFailed : .expired
            cookieStaysGood = !record.canRefresh
            if record.canRefresh { worker.desk.post(.end(session, .refreshFailed)) }
            self.session = nil
            self.record = nil
            return plan.isOptional ? .next(.forward) : signInOrRefuse(exchange)
        }
        // The provider did not answer a moment ago, and will be asked again after a while (B36).
        let wait = max(1, session.noRefreshBefore.since(instant).wholeSeconds)
        return refuse(.providerUnavailable(retryAfter: Int(wait)), exchange)
    }

    /// The access token at hand has not ended yet.
    private var currentTokenIsGood: Bool {
        guard let time = record?.refreshTime else { return record != nil }
        return !time.end.hasPassed(now: worker.clock.now(), instant: loop.now)
    }

    /// The refresh that this request waited for is over.
    func freshened(_ exchange: Exchange, _ result: RefreshResult) {
        // Between the desk's answer and this moment, too, a logout wins (B40).
        switch session?.ended.map({ RefreshResult.ended($0) }) ?? result {
        case .fresh:
            record = session?.record
            run(from: .forward)
        case .unavailable where renewed || currentTokenIsGood:
            // The provider is in trouble, not the session: what it has is used while it lasts (B36), and an upstream that
            // had refused the token says so itself (B31).
            run(from: .forward)
        case .ended(let reason):
            session = nil
            record = nil
            endReason = reason
            run(from: .decide)
        case .unavailable(let retryAfter):
            refuse(.providerUnavailable(retryAfter: Int(max(1, retryAfter.wholeSeconds))), exchange)
        }
    }
}
