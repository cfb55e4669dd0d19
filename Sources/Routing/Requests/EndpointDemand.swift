/// What one of the gateway's own endpoints asks of a request before it looks at anything else (A17, E21).
package enum EndpointDemand: Sendable, Equatable, CaseIterable {
    /// Anything, as long as nobody speculates: callbacks.
    case nothing
    /// A navigation in a tab of its own: the start of a login, and of a logout.
    case navigation
    /// `X-CSRF`: `/bff/user`.
    case header
    /// Our own pages, or `X-CSRF`: `/bff/session`, and every change under `/bff/sessions`.
    case ownPage
    /// The same, or a page that somebody opens: `GET /bff/sessions`.
    case ownPageOrNavigation

    package func isMet(by evidence: RequestEvidence) -> Bool {
        switch self {
        case .nothing:
            return true
        case .navigation:
            // Where the browser says what the request is for, it must be a page; images and frames start nothing.
            return evidence.isRetrieval && (!evidence.hasFetchMetadata || evidence.isTestifiedNavigation)
        case .header:
            return evidence.hasCSRFHeader
        case .ownPage:
            return evidence.hasCSRFHeader || isFromOwnPage(evidence)
        case .ownPageOrNavigation:
            return evidence.hasCSRFHeader || isFromOwnPage(evidence) || evidence.isNavigation
        }
    }

    /// Fetch Metadata where there is any; the `Origin` of a form's POST where there is none.
    private func isFromOwnPage(_ evidence: RequestEvidence) -> Bool {
        evidence.site == .sameOrigin || !evidence.hasFetchMetadata && evidence.origin == .own
    }
}
