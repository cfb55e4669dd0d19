import Bytes
import HTTP
import HTTPClient
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// Seventh stage: the upstream's answer goes to the browser, less what a browser must not have.
extension RequestJourney {
    func upstreamInterim(_ stream: UpstreamStream, _ head: ResponseHead) {
        guard let exchange, head.status != 100, head.status != 101 else { return }
        // No window holds them back where the upstream speaks HTTP/2: what nobody takes is not kept for him.
        guard exchange.canSend else { return }
        worker.responseFields.clear()
        for position in 0..<head.fields.count where !HopByHop.contains(head.fields, position) {
            guard head.fields.known(position) == .link, plan?.responses.removes(head.fields.name(position)) != true,
                !echoesToken(head.fields.value(position))
            else { continue }
            worker.responseFields.copy(position, of: head.fields)
        }
        exchange.sendInterim(head.status, worker.responseFields)
        // Over HTTP/1 nothing else stops an upstream from sending them without end to a client that does not read.
        if !exchange.canSend { stream.pause() }
    }

    func upstreamResponded(_ stream: UpstreamStream, _ head: ResponseHead) {
        guard let exchange, let plan else { return }
        upstreamTime = upstreamAt.map { loop.now.since($0) }
        if head.status == 401, renewAfterRefusal(stream, head, exchange, plan) { return }
        if head.status == 101 || stream.isTunnel {
            openTunnel(stream, head, exchange, plan)
            return
        }
        if head.status < 300, mustBeTunnel(exchange.head) {
            stream.cancel()
            self.stream = nil
            refuse(.upstreamBroken, exchange)
            return
        }
        // Where an echo means 502 the head waits for the first piece of the body (E35).
        headWaits = plan.refusesEcho && head.framing.hasBody && !attachedToken(plan).isEmpty
        if !headWaits { sendResponseHead(stream, head, exchange, plan) }
    }

    private func sendResponseHead(
        _ stream: UpstreamStream, _ head: ResponseHead, _ exchange: Exchange, _ plan: RoutePlan
    ) {
        headWaits = false
        responseBegun = true
        guard writeResponseFields(head, plan, into: &worker.responseFields) else {
            stream.cancel()
            self.stream = nil
            refuse(.tokenEchoed, exchange)
            return
        }
        status = head.status
        if echoesToken(head.reason) {
            exchange.sendHead(head.status, worker.responseFields, framing: responseFraming(head, exchange))
        } else {
            exchange.sendHead(
                head.status, reason: head.reason, worker.responseFields, framing: responseFraming(head, exchange))
        }
    }

    /// The token that went upstream stands in `value`, where no browser may see it (E35).
    private func echoesToken(_ value: Span<UInt8>) -> Bool {
        guard let plan, plan.watchesEcho else { return false }
        let token = attachedToken(plan)
        return !token.isEmpty && value.count >= token.count && value.firstRange(of: token.span) != nil
    }

    private func responseFraming(_ head: ResponseHead, _ exchange: Exchange) -> ResponseFraming {
        switch head.framing {
        case .length(let length): return .length(length)
        case .chunked, .untilClose: return .unknown
        case .none:
            // HEAD and 304 announce the length that GET would have had; it is the upstream's to know.
            if let position = head.fields.first(.contentLength), let length = Int(ascii: head.fields.value(position)) {
                return .length(length)
            }
            return .none
        }
    }

    /// Writes the fields that the browser sees; false when the token is among them and the route refuses that (E35).
    func writeResponseFields(_ head: ResponseHead, _ plan: RoutePlan, into output: inout Fields) -> Bool {
        output.clear()
        let token = attachedToken(plan)
        echo.begin(token: plan.watchesEcho ? token : [])
        var cacheControl = plan.cacheControl
        var variesByCookie = false
        let showsClaims = plan.responsePlan != nil && session != nil && plan.settings.cache == .protect
        for position in 0..<head.fields.count {
            if HopByHop.contains(head.fields, position) { continue }
            let known = head.fields.known(position)
            switch known {
            case .contentLength: continue
            // What proves that HTTP/1's key was read means nothing from HTTP/2; the browser's proof is ours then.
            case .secWebSocketAccept where stream?.isTunnel ?? false: continue
            case .setCookie where snapshot.isReserved(setCookie: head.fields.value(position)):
                // Nobody behind us may set, replace or delete our cookies (E12).
                worker.log.warning("upstream_cookie_dropped", [("route", .string(plan.label))])
                continue
            case .accessControlAllowOrigin, .accessControlAllowCredentials, .accessControlAllowMethods,
                .accessControlAllowHeaders, .accessControlExposeHeaders, .accessControlMaxAge:
                if plan.hidesSharing { continue }
            case .clearSiteData:
                if ClearSiteData.touchesCookies(head.fields.value(position)) {
                    ClearSiteData.writeWithoutCookies(head.fields.value(position), into: &output)
                    worker.log.warning("upstream_clear_site_data", [("route", .string(plan.label))])
                    continue
                }
            default: break
            }
            if plan.responses.removes(head.fields.name(position)) { continue }
            if !token.isEmpty, echo.occurs(in: head.fields.value(position)) {
                worker.metrics.tokenEchoes.add()
                worker.log.warning("token_echo", [("route", .string(plan.label)), ("where", "header")])
                if plan.refusesEcho { return false }
                continue
            }
            // What does not leave decides nothing.
            if known == .cacheControl {
                var line = CacheControlState()
                line.read(head.fields.value(position))
                // With this user's claims in its header the answer is nobody else's, whatever the upstream says of it.
                if line.invitesSharing, showsClaims { continue }
                cacheControl.read(head.fields.value(position))
            }
            if known == .vary, CacheControlState.names("cookie", in: head.fields.value(position)) {
                variesByCookie = true
            }
            output.copy(position, of: head.fields)
        }
        protectFromCaches(plan, cacheControl, variesByCookie, into: &output)
        let lines = plan.responses.lines
        output.appendRaw(lines: lines.span)
        appendClaims(plan.responsePlan, to: &output)
        if !isWatched(head) { echo.begin(token: []) }
        return true
    }

    /// Gives back what shared caches lose when a cookie becomes an `Authorization` (E27).
    private func protectFromCaches(
        _ plan: RoutePlan, _ state: CacheControlState, _ variesByCookie: Bool, into output: inout Fields
    ) {
        guard plan.protectsFromCaches else { return }
        if plan.isOptional, !variesByCookie { output.append(.vary, text: "Cookie") }
        guard session != nil else { return }
        if !state.isPresent {
            output.append(.cacheControl, text: "no-store")
        } else if !state.decidesSharing {
            output.append(.cacheControl, text: "private")
        }
    }

    /// The token that went upstream with this request; empty when none did.
    private func attachedToken(_ plan: RoutePlan) -> [UInt8] {
        guard let record else { return [] }
        switch plan.settings.token {
        case .access: return record.accessToken
        case .id: return record.idToken
        case .none: return []
        }
    }

    /// Bodies that cannot hold a readable token are not looked at: compressed ones, and what is neither text nor JSON.
    private func isWatched(_ head: ResponseHead) -> Bool {
        let encoded = head.fields.first(.contentEncoding).map { !head.fields.value($0).equalsIgnoringCase("identity") }
        let textual = head.fields.first(.contentType).map { TextualType.holds(head.fields.value($0)) }
        return encoded != true && textual != false
    }

    // MARK: The response's body

    func upstreamReceived(_ stream: UpstreamStream, _ piece: Span<UInt8>) {
        guard let exchange else { return }
        if tunnel != nil {
            tunnelReceived(stream, exchange, piece)
            return
        }
        if headWaits, let plan {
            if isWatched(stream.head), echoesToken(piece) {
                noteTokenInBody()
                stream.cancel()
                self.stream = nil
                refuse(.tokenEchoed, exchange)
                return
            }
            sendResponseHead(stream, stream.head, exchange, plan)
            if self.stream == nil { return }
        }
        if echo.isWatching {
            let foundBefore = echo.found
            let masked = worker.masked
            masked.buffer.clear()
            echo.filter(piece, into: &masked.buffer)
            if echo.found, !foundBefore, tokenFoundInBody(exchange) { return }
            exchange.send(masked.buffer.bytes)
        } else {
            exchange.send(piece)
        }
        if !exchange.canSend { stream.pause() }
    }

    /// Notes an echo; true when the response was broken off for it.
    private func tokenFoundInBody(_ exchange: Exchange) -> Bool {
        noteTokenInBody()
        guard plan?.refusesEcho == true else { return false }
        stream?.cancel()
        stream = nil
        exchange.abort()
        return true
    }

    private func noteTokenInBody() {
        worker.metrics.tokenEchoes.add()
        worker.log.warning("token_echo", [("route", .string(plan?.label ?? "")), ("where", "body")])
    }

    func upstreamEnded(_ stream: UpstreamStream) {
        guard let exchange else { return }
        if headWaits, let plan {
            sendResponseHead(stream, stream.head, exchange, plan)
            if self.stream == nil { return }
        }
        if echo.isWatching {
            let masked = worker.masked
            masked.buffer.clear()
            echo.end(into: &masked.buffer)
            exchange.send(masked.buffer.bytes)
        }
        self.stream = nil
        guard stream.hasTrailers, tunnel == nil else {
            exchange.finish()
            return
        }
        copyTrailers(stream.trailers, into: &worker.responseFields)
        if worker.responseFields.isEmpty { exchange.finish() } else { exchange.finish(trailers: worker.responseFields) }
    }

    /// Trailers obey the rules of headers: the route's, and no token in them (E35).
    private func copyTrailers(_ trailers: borrowing Fields, into output: inout Fields) {
        output.clear()
        for position in 0..<trailers.count {
            if plan?.responses.removes(trailers.name(position)) ?? false { continue }
            if echoesToken(trailers.value(position)) { continue }
            output.copy(position, of: trailers)
        }
    }

    func canSendMore(_ exchange: Exchange) {
        stream?.resume()
        if let file, file.pump(into: exchange, scratch: worker.masked) { self.file = nil }
    }

    func upstreamFailed(_ stream: UpstreamStream, _ failure: UpstreamFailure) {
        guard let exchange else { return }
        self.stream = nil
        if tunnel != nil, failure == .idleTimeout {
            endTunnel(WebSocketClose(.goingAway, "idle timeout"))
            return
        }
        worker.metrics.upstreamFailures.add()
        if responseBegun {
            // What is missing must be seen to be missing (G52).
            exchange.abort()
            return
        }
        if mayTryAgain(stream, failure, exchange) {
            upstreamRetried = true
            requestEnded = false
            if let upstream = plan?.upstream { scene.pools[upstream].meters?.retries.add() }
            _ = forward(exchange, avoiding: stream.server)
            return
        }
        worker.log.warning(
            "upstream_failed",
            [
                ("route", .string(plan?.label ?? "")), ("failure", .string(failure.reasonCode.description)),
                ("request_id", .string(requestIDText)),
            ])
        refuse(GatewayFailure(failure), exchange)
    }

    /// Only once (G41), and only what can be sent again: a body of which nothing was read is still with the client.
    private func mayTryAgain(_ stream: UpstreamStream, _ failure: UpstreamFailure, _ exchange: Exchange) -> Bool {
        guard let plan else { return false }
        return RetryRule(most: plan.retries).allows(
            failure, of: stream, tried: upstreamRetried ? 1 : 0, isIdempotent: exchange.head.method.isIdempotent,
            isReplayable: !exchange.bodyIsExpected || !upstreamIsReady, hasOther: plan.hasOtherServers)
    }
}

extension GatewayFailure {
    /// What a browser is told of an upstream's failure: nothing about addresses (G55).
    init(_ failure: UpstreamFailure) {
        switch failure {
        case .overloaded: self = .busy
        case _ where failure.isTimeout: self = .upstreamTimeout
        case _ where failure.isBeforeRequest: self = .upstreamUnreachable
        default: self = .upstreamBroken
        }
    }
}
