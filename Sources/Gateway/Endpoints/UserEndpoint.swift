import Bytes
import Formats
import HTTP
import HTTPServer
import OpenIDConnect
import Routing
import Sessions
import Sockets
import Telemetry
import Time

/// `/bff/user` and `/bff/session`: who is signed in, and for how long. Answered by the worker; never a token (E34).
extension RequestJourney {
    func answerEndpoint(_ exchange: Exchange) -> Step {
        guard let endpoint else { return refuse(.internalError, exchange) }
        switch endpoint {
        case .user: return answerUser(exchange)
        case .session: return answerSession(exchange)
        case .login, .callback, .logout, .logoutCallback:
            let head = exchange.head
            var query: [UInt8] = []
            if let span = head.query { query = [UInt8](span) }
            let request = EndpointRequest(endpoint: endpoint, query: query, browser: browserState(exchange))
            let key = park(for: .answer, atMost: snapshot.longestWaitForProvider)
            worker.desk.post(.endpoint(key, request))
            return .stay
        }
    }

    /// The claims, in the shape that applications know from Duende's BFF.
    private func answerUser(_ exchange: Exchange) -> Step {
        guard let live = session else { return refuseUnauthorized(exchange) }
        if !queryDeclinesSliding(exchange) { touch(live) }
        let record = live.record
        var list: [JSONValue] = []
        func add(_ type: String, _ value: JSONValue) { list.append(["type": .string(type), "value": value]) }
        for (name, value) in UserClaims(record.session.claims, snapshot.settings.provider).shown {
            // A claim of several values is several entries (lessons, section 2.1).
            if case .array(let values) = value {
                for one in values { add(name, one) }
            } else {
                add(name, value)
            }
        }
        add("bff:logout_url", .string(logoutURL(record)))
        add("bff:session_expires_in", .integer(idleSeconds(live, record)))
        add("bff:session_state", .string(record.session.publicID))
        send(.json(JSONValue.array(list).encoded), exchange)
        return .stay
    }

    /// The session's clock; looking at it does not wind it.
    private func answerSession(_ exchange: Exchange) -> Step {
        guard let live = session else {
            var members: [(String, JSONValue)] = [("authenticated", false), ("login_url", .string(loginURL(exchange)))]
            if let reason = endReason { members.insert(("reason", .string(reason.name)), at: 1) }
            send(.json(JSONValue.object(JSONObject(members)).encoded), exchange)
            return .stay
        }
        let record = live.record
        let remaining = record.lifetime.absolute.remaining(now: now, instant: worker.loop.now)
        let answer: JSONValue = [
            "authenticated": true, "idle_expires_in": .integer(idleSeconds(live, record)),
            "expires_in": .integer(remaining.wholeSeconds), "login_url": .string(loginURL(exchange)),
            "logout_url": .string(logoutURL(record)),
        ]
        send(.json(answer.encoded), exchange)
        return .stay
    }

    private func idleSeconds(_ live: LiveSession, _ record: SessionRecord) -> Int64 {
        record.lifetime.idleRemaining(live.lastUse, now: now, instant: worker.loop.now).wholeSeconds
    }

    private func loginURL(_ exchange: Exchange) -> String {
        ownPage(exchange)?.loginURL(endpoints: snapshot.endpoints) ?? snapshot.loginPath
    }

    private func logoutURL(_ record: SessionRecord) -> String {
        snapshot.settings.endpointsPrefix + Endpoint.logout.suffix.description + "?sid=" + record.session.logoutID
    }

    /// `?slide=false`: the page polls, and nobody is there.
    private func queryDeclinesSliding(_ exchange: Exchange) -> Bool {
        let head = exchange.head
        guard let query = head.query, let pairs = try? FormEncoding.parse(query) else { return false }
        return pairs.contains { $0.name == "slide" && $0.value == "false" }
    }
}
