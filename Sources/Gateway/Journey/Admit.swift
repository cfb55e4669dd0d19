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
        RequestID.generate(using: &worker.identifiers, into: &requestID.buffer)

        // The name decides before anything else: what is not ours gets no page, no redirect, no cookie (G14, E30).
        guard let site = snapshot.sites.find(host: head.host, port: head.port), isOurScheme(head, site) else {
            // Only whether a person is to read the answer counts here.
            evidence = RequestEvidence(head, site: snapshot.sites.sites[0])
            return refuse(.misdirected, exchange)
        }
        self.site = site
        evidence = RequestEvidence(head, site: snapshot.sites.sites[site])

        // TRACE and CONNECT never reach an upstream (G16, E31); the list is what could be allowed somewhere.
        if head.method == .trace || head.method == .connect {
            return refuse(.methodNotAllowed(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), exchange)
        }
        if head.form == .asterisk { return answerServerOptions(exchange) }
        if head.method == .options, let text = head.fields.value(of: .maxForwards) {
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
