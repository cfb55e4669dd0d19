import Bytes
import HTTP
import HTTPClient
import HTTPServer
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// The one way back, from *answer* to *freshen*: the upstream says that the token is none any more (B31).
extension RequestJourney {
    /// Renews the token and asks again, where that is safe: nothing of the answer has left, nothing of the request needs
    /// to be sent twice but its head, and the method may be repeated.
    ///
    /// - Returns: false when the 401 is the browser's to see.
    func renewAfterRefusal(
        _ stream: UpstreamStream, _ head: ResponseHead, _ exchange: Exchange, _ plan: RoutePlan
    ) -> Bool {
        guard !renewed, plan.settings.token == .access, let session, let record, !exchange.bodyIsExpected,
            exchange.head.method.isIdempotent, record.canRefresh, !session.refreshIsDead, session.ended == nil,
            BearerChallenge.refusesToken(head.fields)
        else { return false }
        let instant = loop.now
        guard instant >= session.noRefreshBefore, record.isOldEnoughToRenew(now: worker.clock.now()),
            session.mayRenew(at: instant)
        else { return false }
        renewed = true
        requestEnded = false
        stream.cancel()
        self.stream = nil
        let key = park(for: .tokens, atMost: snapshot.longestWaitForRefresh)
        worker.metrics.refreshWaiters.increment()
        worker.desk.post(.renew(key, session, refused: record.session.tokenVersion))
        return true
    }
}

extension Method {
    /// RFC 9110, section 9.2.2.
    var isIdempotent: Bool {
        switch self {
        case .get, .head, .options, .put, .delete, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}
