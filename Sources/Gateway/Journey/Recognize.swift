import Bytes
import Cryptography
import HTTP
import HTTPServer
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// Third stage: the cookie names a session, in memory or in the store (station 1).
extension RequestJourney {
    func recognize(_ exchange: Exchange) -> Step {
        if let plan, plan.isPublic { return .next(.forward) }
        let head = exchange.head
        let name = snapshot.cookies[site].name
        switch CookieReader(head.fields).find(name.span) {
        case .none:
            return .next(.decide)
        case .several:
            // Which of the two is ours depends on who planted the other: neither counts (E7).
            worker.metrics.duplicateCookies.add()
            worker.log.warning("duplicate_session_cookie", [("request_id", .string(requestIDText))])
            return .next(.decide)
        case .one(let value):
            guard let digest = SessionID.digest(ofCookieValue: value) else { return .next(.decide) }
            self.digest = digest
            if let live = worker.keeper.present(digest), isOfThisSite(live) {
                // A database that nobody can reach may have been told of a logout that we have not (E49).
                if worker.storeHealth.isLost(loop.now) { return refuse(.storeUnavailable, exchange) }
                worker.metrics.cacheHits.add()
                session = live
                return .next(.decide)
            }
            worker.metrics.cacheMisses.add()
            guard let id = SessionID(cookieValue: value) else { return .next(.decide) }
            let key = park(for: .session, atMost: Snapshot.longestWaitForStore)
            worker.desk.post(.resolve(key, id, site: site))
            return .stay
        }
    }

    /// A session stays on the site where it began; the store knows that by its key, memory has to look.
    private func isOfThisSite(_ live: LiveSession) -> Bool {
        let sites = snapshot.sites.sites
        return sites.count == 1 || live.record.session.site == sites[site].origin
    }

    /// The desk has looked the session up.
    func recognized(_ exchange: Exchange, _ finding: SessionResolution) {
        switch finding {
        case .found(let live): session = live
        case .absent: endReason = nil
        case .ended(let reason): endReason = reason
        case .ending(let reason):
            endReason = reason
            cookieStaysGood = true
        case .unavailable:
            refuse(.storeUnavailable, exchange)
            return
        }
        run(from: .decide)
    }
}
