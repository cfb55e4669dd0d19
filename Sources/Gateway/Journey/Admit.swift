import Bytes
import HTTP
import HTTPServer
import Routing
import Sockets
import Telemetry
import Time

/// First stage: is this a request to us at all?
extension RequestJourney {
    func admit(_ exchange: Exchange) -> Step {
        let head = exchange.head
        let isFromProxy = snapshot.settings.trustedProxies.contains(exchange.peer)
        if isFromProxy { believe(head) }
        if requestID.buffer.isEmpty {
            RequestID.generate(using: &worker.identifiers, into: &requestID.buffer)
        }

        // The name decides before anything else: what is not ours gets no page, no redirect, no cookie (G14, E30).
        guard let site = findSite(head, isFromProxy), isOurScheme(head, site) else {
            // Only whether a person is to read the answer counts here.
            evidence = RequestEvidence(head, site: snapshot.sites.sites[0])
            return refuse(.misdirected, exchange)
        }
        self.site = site
        evidence = RequestEvidence(head, site: snapshot.sites.sites[site])

        // TRACE and CONNECT never reach an upstream (G16, E31); the list is what could be allowed somewhere.
        switch head.method {
        case .trace, .connect:
            return refuse(.methodNotAllowed(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), exchange)
        default: break
        }
        if case .asterisk = head.form { return answerServerOptions(exchange) }
        if let text = head.fields.value(of: .maxForwards), head.method == .options {
            guard let passages = Int(ascii: text), passages >= 0 else {
                return refuse(.badRequest("max_forwards"), exchange)
            }
            // Whoever asks how far a request gets has it answered here (G32; RFC 9110, section 7.6.2).
            if passages == 0 { return answerServerOptions(exchange) }
        }

        // A request that has passed here before would go round until something breaks (G32).
        if viaCount(head.fields) >= Snapshot.mostPassages { return refuse(.loop, exchange) }
        return .next(.match)
    }

    /// Takes a trusted proxy's word for who asks, and for the name of this exchange (G33; contract, section 4).
    private func believe(_ head: RequestHead) {
        let settings = snapshot.settings
        chain.read(head.fields, settings.forwardedFamily, trusting: settings.trustedProxies)
        if let client = chain.believed.first ?? nil {
            forwardedClient.buffer.clear()
            client.write(into: &forwardedClient.buffer)
        }
        if let id = head.fields.first(.xRequestID), head.fields.next(.xRequestID, from: id + 1) == nil,
            RequestID.isAcceptable(head.fields.value(id))
        {
            requestID.buffer.append(head.fields.value(id))
        }
    }

    /// The site that the request names; where it names none and comes from a trusted proxy, the one that the proxy was
    /// asked for, since many write their own idea of a `Host`.
    ///
    /// Either way it is one of ours, and everything else follows from the site.
    private func findSite(_ head: RequestHead, _ isFromProxy: Bool) -> Int? {
        if let site = snapshot.sites.find(host: head.host, port: head.port) { return site }
        guard isFromProxy, head.form == .origin || head.form == .asterisk else { return nil }
        let sites = snapshot.sites
        return ForwardedChain.host(head.fields, snapshot.settings.forwardedFamily) { sites.find(authority: $0) }
    }

    /// Who asks, as text: the connection's other end, or whom a trusted proxy there speaks for.
    func clientText(_ exchange: Exchange) -> BufferBox {
        chain.believed.isEmpty ? exchange.peerText : forwardedClient
    }

    /// A target that names a scheme names one of our origins (G15).
    private func isOurScheme(_ head: RequestHead, _ site: Int) -> Bool {
        switch head.form {
        case .origin, .asterisk: true
        case .absoluteHTTP: !snapshot.sites.sites[site].isSecure
        case .absoluteHTTPS: snapshot.sites.sites[site].isSecure
        }
    }

    /// `OPTIONS *` is about the server, hence ours to answer (RFC 9110, section 9.3.7).
    private func answerServerOptions(_ exchange: Exchange) -> Step {
        var answer = OwnAnswer(status: 204)
        answer.add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        send(answer, exchange)
        return .stay
    }

    /// How often our pseudonym stands in `Via`.
    private func viaCount(_ fields: borrowing Fields) -> Int {
        let pseudonym = snapshot.pseudonym
        var count = 0
        var from = 0
        while let line = fields.next(.via, from: from) {
            var at = 0
            let value = fields.value(line)
            while let hit = value.firstRange(of: pseudonym.span, from: at) {
                count += 1
                at = hit.upperBound
            }
            from = line + 1
        }
        return count
    }
}
