import Bytes
import Cryptography
import HTTP
import HTTPClient
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// Sixth stage: the request goes upstream, in our words (contract, section 4).
extension RequestJourney {
    /// - Parameter avoided: a server that has just failed.
    func forward(_ exchange: Exchange, avoiding avoided: UpstreamServer? = nil) -> Step {
        if endpoint != nil { return answerEndpoint(exchange) }
        guard let plan else { return refuse(.internalError, exchange) }
        exchange.allowStillness(plan.stillness)
        guard let upstream = plan.upstream else { return serveFile(exchange, plan) }
        waiting = .upstream
        upstreamIsReady = false
        // Kept before it is ready: a client that leaves while we connect must take its stream along, or the stream would
        // find this journey on its next request.
        let opened = scene.pools[upstream].open(
            for: self, affinity: session?.digest.leadingWord, avoiding: avoided, forTunnel: wantsTunnel)
        if self.exchange === exchange { stream = opened }
        return .stay
    }

    func upstreamReady(_ stream: UpstreamStream) {
        guard let exchange, let plan else {
            stream.cancel()
            return
        }
        self.stream = stream
        upstreamIsReady = true
        upstreamAt = loop.now
        let head = exchange.head
        writeRequestFields(exchange, plan, stream.server, into: &worker.requestFields)
        let methodBytes = head.methodBytes
        if plan.strippedSegments > 0 {
            let target = worker.target
            plan.writeTarget(head.target, into: &target.buffer)
            stream.sendHead(
                method: methodBytes, target: target.buffer.bytes, worker.requestFields, framing: head.framing)
        } else {
            let target = head.target
            stream.sendHead(method: methodBytes, target: target, worker.requestFields, framing: head.framing)
        }
        if exchange.bodyIsExpected {
            // Everything has been checked; now the body may come (G38).
            exchange.sendContinue()
            exchange.resumeReading()
        } else {
            stream.finish()
            requestEnded = true
        }
    }

    /// Writes the fields that the upstream sees: the client's that may pass, then ours.
    ///
    /// What belongs to the connection goes first, so that no `Connection` option can take away what is added after it
    /// (G31).
    private func writeRequestFields(
        _ exchange: Exchange, _ plan: RoutePlan, _ server: UpstreamServer, into output: inout Fields
    ) {
        let head = exchange.head
        output.clear()
        let hostLine = server.hostLine
        output.appendRaw(lines: hostLine.span)
        let dropped = Snapshot.neverForwarded
        let protected = snapshot.protectedNames
        let parent = parentTrace(head.fields)
        for position in 0..<head.fields.count {
            let known = head.fields.known(position)
            if dropped.contains(known) || HopByHop.contains(head.fields, position) { continue }
            if known == .maxForwards, head.method == .options, let passages = Int(ascii: head.fields.value(position)) {
                output.append(.maxForwards, decimal: passages - 1)
                continue
            }
            let name = head.fields.name(position)
            // The state of a trace that is not continued says nothing (W3C Trace Context, section 3.3).
            if known == .tracestate, parent == nil { continue }
            if protected.contains(name, known: known, dependsOnMethod: plan.dependsOnMethod)
                || plan.requests.removes(name)
            {
                continue
            }
            output.copy(position, of: head.fields)
        }
        let snapshot = snapshot
        CookieReader(head.fields).copyOthers(into: &output) { snapshot.isReserved(cookie: $0) }
        if let record {
            let authorization =
                switch plan.settings.token {
                case .access: record.authorization
                case .id: record.idAuthorization
                case .none: [UInt8]()
                }
            output.appendRaw(lines: authorization.span)
        }
        if !plan.requests.staticLines.isEmpty {
            let staticLines = plan.requests.staticLines
            output.appendRaw(lines: staticLines.span)
        }
        appendClaims(plan.requestPlan, to: &output)
        if head.acceptsTrailers { output.append(.te, text: "trailers") }
        // Of all upgrades the one that we can follow (G60).
        if wantsTunnel { output.append(.upgrade, text: "websocket") }
        writeForwarding(exchange, plan, parent, into: &output)
    }

    /// The trace that the client names; several are none (W3C Trace Context, section 3.2).
    private func parentTrace(_ fields: borrowing Fields) -> TraceContext? {
        guard let only = fields.first(.traceparent), fields.next(.traceparent, from: only + 1) == nil else {
            return nil
        }
        return TraceContext(parsing: fields.value(only))
    }

    /// Appends what the session's claims make of one of the snapshot's header plans.
    func appendClaims(_ headerPlan: Int?, to output: inout Fields) {
        guard let headerPlan, let session else { return }
        let lines = (record ?? session.record).headerLines(snapshot.headerPlans)[headerPlan]
        output.appendRaw(lines: lines.span)
    }

    /// Who asks, under which name, over which protocol: in both families, and in both the same (G33).
    private func writeForwarding(
        _ exchange: Exchange, _ plan: RoutePlan, _ parent: TraceContext?, into output: inout Fields
    ) {
        output.begin(.forwarded)
        for address in chain.believed {
            let text = worker.trace
            text.buffer.clear()
            address?.write(into: &text.buffer)
            appendNode(text.buffer.bytes, into: &output)
            output.extend(", ")
        }
        let peer = exchange.peerText
        // A unix socket has no address that could be told (RFC 7239, section 6.2).
        if exchange.peer.ip == nil {
            output.extend("for=unknown")
        } else {
            appendNode(peer.buffer.bytes, into: &output)
        }
        let rest = plan.forwardedRest[site]
        output.extend(rest.span)
        output.end()
        if exchange.peer.ip != nil || !chain.believed.isEmpty {
            output.begin(.xForwardedFor)
            var isFirst = true
            for address in chain.believed {
                let text = worker.trace
                text.buffer.clear()
                address?.write(into: &text.buffer)
                if !isFirst { output.extend(", ") }
                isFirst = false
                output.extend(text.buffer.bytes)
            }
            if exchange.peer.ip != nil {
                if !isFirst { output.extend(", ") }
                output.extend(peer.buffer.bytes)
            }
            output.end()
        }
        writeSite(exchange.head, plan, into: &output)

        let requestID = requestID
        output.append(.xRequestID, requestID.buffer.bytes)
        output.begin(.traceparent)
        let trace = worker.trace
        trace.buffer.clear()
        TraceContext.child(of: parent, using: &worker.identifiers).write(into: &trace.buffer)
        output.extend(trace.buffer.bytes)
        output.end()
    }

    /// For which of our names, and through whom.
    private func writeSite(_ head: RequestHead, _ plan: RoutePlan, into output: inout Fields) {
        if case .http11 = head.version, !head.fields.contains(.via) {
            let lines = plan.siteAndViaLines[site]
            output.appendRaw(lines: lines.span)
            return
        }
        let lines = plan.siteLines[site]
        output.appendRaw(lines: lines.span)
        output.begin(.via)
        var from = 0
        while let line = head.fields.next(.via, from: from) {
            output.extend(head.fields.value(line))
            output.extend(", ")
            from = line + 1
        }
        switch head.version {
        case .http10: output.extend("1.0 ")
        case .http11: output.extend("1.1 ")
        case .http2: output.extend("2.0 ")
        }
        let pseudonym = snapshot.pseudonym
        output.extend(pseudonym.span)
        output.end()
    }

    /// An element of `Forwarded`, IPv6 in brackets and quotes (RFC 7239, section 6).
    private func appendNode(_ address: Span<UInt8>, into output: inout Fields) {
        let isIPv6 = address.firstIndex(of: UInt8(ascii: ":")) != nil
        output.extend(isIPv6 ? "for=\"[" : "for=")
        output.extend(address)
        output.extend(isIPv6 ? "]\"" : "")
    }

    // MARK: The request's body

    func received(_ exchange: Exchange, _ piece: Span<UInt8>) {
        if tunnel != nil {
            tunnelReceived(exchange, piece)
            return
        }
        guard let stream, upstreamIsReady, let plan else { return }
        bodySeen += piece.count
        if plan.settings.bodyLimit > 0, bodySeen > plan.settings.bodyLimit {
            stream.cancel()
            self.stream = nil
            // What has begun cannot become another answer; that it is not whole must be seen (G52).
            if responseBegun { exchange.abort() } else { refuse(.bodyTooLarge, exchange) }
            return
        }
        stream.send(piece)
        if !stream.canSend { exchange.pauseReading() }
    }

    func ended(_ exchange: Exchange) {
        if tunnel != nil {
            // The browser has said all it has to say, not heard all.
            stream?.finish()
            return
        }
        // A request without a body is ended where its head is sent.
        guard let stream, upstreamIsReady, !requestEnded else { return }
        requestEnded = true
        guard exchange.hasTrailers, let plan else {
            stream.finish()
            return
        }
        copyTrailers(exchange.trailers, plan, into: &worker.requestFields)
        if worker.requestFields.isEmpty { stream.finish() } else { stream.finish(trailers: worker.requestFields) }
    }

    /// What a client may not say of itself in a header it may not say in a trailer either: some servers join them (E33).
    private func copyTrailers(_ trailers: borrowing Fields, _ plan: RoutePlan, into output: inout Fields) {
        output.clear()
        for position in 0..<trailers.count {
            let name = trailers.name(position)
            if snapshot.protectedNames.contains(name, dependsOnMethod: plan.dependsOnMethod)
                || plan.requests.removes(name)
            {
                continue
            }
            output.copy(position, of: trailers)
        }
    }

    func upstreamCanSendMore(_ stream: UpstreamStream) { exchange?.resumeReading() }
}
