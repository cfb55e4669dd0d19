/// Prefetches and prerenders start and end nothing (A17a).
package enum SpeculationRule {
    /// True when a request with a session may go on.
    ///
    /// A foreign page's speculation rules reach us with `Sec-Fetch-Site: none`, `navigate` and `document`, like an address
    /// that somebody typed: only our own pages may speculate with a session.
    package static func allowsSession(_ evidence: RequestEvidence) -> Bool {
        !evidence.isSpeculative || evidence.site == .sameOrigin || evidence.refererIsOwn
    }

    /// True when a request to one of the gateway's own endpoints may go on.
    package static func allowsEndpoint(_ evidence: RequestEvidence) -> Bool { !evidence.isSpeculative }
}
