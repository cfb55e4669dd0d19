import Bytes
import HTTP
import HTTPServer
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// Fourth stage: first whether the request was meant by our own pages, then whether its session may have what it asks.
extension RequestJourney {
    func decide(_ exchange: Exchange) -> Step {
        if let step = checkLifetime(exchange) { return step }
        if let endpoint { return decide(endpoint, exchange) }
        guard let plan else { return refuse(.internalError, exchange) }

        // A preflight asks for other origins; none of them may use a session here (E24).
        if evidence.isPreflight, plan.settings.crossSite == .auto { return refuseCrossSite(.preflight, exchange) }

        if session != nil {
            if !SpeculationRule.allowsSession(evidence) { return refuse(.speculative, exchange) }
            if case .refuse(let reason) = CrossSiteRule.verdict(evidence, plan.settings.crossSite) {
                guard plan.isOptional else { return refuseCrossSite(reason, exchange) }
                worker.metrics.crossSiteRejections[reason]?.add()
                session = nil
            }
        }
        if let session {
            touch(session)
            return .next(.freshen)
        }
        return plan.isOptional ? .next(.forward) : signInOrRefuse(exchange)
    }

    /// Drops a session whose time is over: by inactivity, by age, or because somebody ended it.
    ///
    /// - Returns: a step when the store has to be asked first: another process may have seen the user (E42).
    private func checkLifetime(_ exchange: Exchange) -> Step? {
        guard let live = session else { return nil }
        if let ended = live.ended {
            endReason = ended
            session = nil
            return nil
        }
        switch live.record.lifetime.verdict(live.lastUse, now: now, instant: loop.now) {
        case .alive: return nil
        case .idle:
            session = nil
            if worker.storeHealth.isLost(loop.now) { return refuse(.storeUnavailable, exchange) }
            let key = park(for: .session, atMost: Snapshot.longestWaitForStore)
            worker.desk.post(.resolve(key, live.id, site: site))
            return .stay
        case .over:
            worker.desk.post(.end(live, .expired))
            endReason = .expired
            session = nil
            return nil
        }
    }

    /// Notes that the user is there.
    func touch(_ session: LiveSession) {
        if session.touch(now, loop.now, storedEvery: snapshot.touchInterval) {
            worker.desk.post(.touch(session))
        }
    }

    private func decide(_ endpoint: Endpoint, _ exchange: Exchange) -> Step {
        if !SpeculationRule.allowsEndpoint(evidence) { return refuse(.speculative, exchange) }
        guard endpoint.demand.isMet(by: evidence) else {
            return refuseCrossSite(endpoint == .user ? .header : .fetchSite, exchange)
        }
        return .next(.forward)
    }

    func refuseCrossSite(_ reason: CrossSiteReason, _ exchange: Exchange) -> Step {
        worker.metrics.crossSiteRejections[reason]?.add()
        return refuse(.crossSite(reason.label), exchange)
    }

    /// Nobody is signed in, and the route wants somebody (A15).
    @discardableResult
    func signInOrRefuse(_ exchange: Exchange) -> Step {
        guard let plan else { return refuse(.internalError, exchange) }
        switch SignInRule.answer(evidence, plan.settings.unauthenticated) {
        case .unauthorized: return refuseUnauthorized(exchange)
        case .tooEarly: return refuse(.speculative, exchange)
        case .signIn:
            // K2: a Strict cookie does not come with a navigation from another site; one bounce shows whether it exists.
            if snapshot.settings.session.sameSite == .strict, evidence.site == .crossSite || evidence.site == .sameSite
            {
                return bounce(exchange)
            }
            let head = exchange.head
            let target = ReturnTarget.ofRequest(
                target: head.target, path: head.path, endpoints: snapshot.endpoints,
                tolerances: plan.settings.tolerances)
            let key = park(for: .answer, atMost: snapshot.longestWaitForProvider)
            worker.desk.post(
                .signIn(
                    key,
                    SignInRequest(returnTarget: target, browser: browserState(exchange))))
            return .stay
        }
    }
}
