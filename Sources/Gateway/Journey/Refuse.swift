import Bytes
import Formats
import HTTP
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// Answers of ours: refusals, redirects, pages. Every one carries the headers that all our answers carry.
extension RequestJourney {
    /// Answers with an error: a page for people, a problem document for programs.
    @discardableResult
    func refuse(_ failure: GatewayFailure, _ exchange: Exchange) -> Step {
        self.failure = failure
        let answer = FailureResponses.answer(
            failure, asPage: evidence.wantsPage, requestID: requestIDText, origins: snapshot.sites.sites.map(\.origin))
        send(answer, exchange)
        return .stay
    }

    /// 401, with the way in (contract, section 3).
    func refuseUnauthorized(_ exchange: Exchange) -> Step {
        let reason = endReason.map(\.name) ?? "absent"
        let login = ownPage(exchange)?.loginURL(endpoints: snapshot.endpoints) ?? snapshot.loginPath
        var answer = OwnAnswer.problem(.signInRequired(reason: reason, loginURL: login))
        answer.add("WWW-Authenticate", "Cookie realm=\"postern\"")
        // A cookie that opens nothing is taken back.
        if digest != nil, endReason != nil, !cookieStaysGood { answer.set(cookie: snapshot.cookies[site].deletion) }
        send(answer, exchange)
        return .stay
    }

    /// The page that made this request, as a return target; nil when there is none that could be returned to.
    func ownPage(_ exchange: Exchange) -> ReturnTarget? {
        guard evidence.refererIsOwn else { return nil }
        let head = exchange.head
        guard let position = head.fields.first(.referer) else { return nil }
        return ReturnTarget(
            referer: head.fields.value(position), site: snapshot.sites.sites[site], endpoints: snapshot.endpoints)
    }

    /// Sends a whole answer of ours.
    func send(_ answer: OwnAnswer, _ exchange: Exchange) {
        status = answer.status
        // Ours is no session's: while it waits for a client that takes nothing, no end of one has anything to end.
        if waiting == .upstream { waiting = .nothing }
        worker.responseFields.clear()
        if let type = answer.contentType { worker.responseFields.append(.contentType, text: type) }
        // As a field, not as a raw line: the engine has to name it in `Connection` (RFC 9110, section 15.5.22).
        if answer.status == 426 { worker.responseFields.append(.upgrade, text: "websocket") }
        worker.responseFields.appendRaw(lines: answer.lines.span)
        let ownLines = snapshot.ownLines(isPage: answer.isPage, site: site)
        worker.responseFields.appendRaw(lines: ownLines.span)
        // What the client still sends of a body is dropped within a limit, or the connection closes (G12).
        exchange.resumeReading()
        exchange.answer(answer.status, worker.responseFields, body: answer.body.span)
    }

    var requestIDText: String {
        let requestID = requestID
        return String(strictUTF8: requestID.buffer.bytes) ?? ""
    }

    /// What the browser brought, for the desk.
    func browserState(_ exchange: Exchange) -> BrowserState {
        let head = exchange.head
        let client = clientText(exchange)
        var state = BrowserState(
            site: site, requestID: requestIDText, client: String(strictUTF8: client.buffer.bytes) ?? "", userAgent: "")
        if let position = head.fields.first(.userAgent) {
            state.userAgent = String(strictUTF8: head.fields.value(position)) ?? ""
        }
        state.endReason = endReason
        var reader = CookieReader(head.fields)
        while let cookie = reader.next() {
            guard snapshot.isReserved(cookie: cookie.name), let name = String(strictUTF8: cookie.name),
                let value = String(strictUTF8: cookie.value)
            else { continue }
            state.cookies.append((name, value))
        }
        state.session = session
        state.digest = digest
        return state
    }
}

extension RequestJourney {
    /// A page of ours that begins the navigation anew, once (K2).
    func bounce(_ exchange: Exchange) -> Step {
        let head = exchange.head
        let target = ReturnTarget.ofRequest(
            target: head.target, path: head.path, endpoints: snapshot.endpoints,
            tolerances: plan?.settings.tolerances ?? [])
        send(.page(BouncePage.page(to: target), status: 200), exchange)
        return .stay
    }
}
