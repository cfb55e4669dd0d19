private import HTTP

/// Whether a request that carries a session was meant by our own pages (E20).
package enum CrossSiteVerdict: Equatable, Sendable {
    case pass
    /// 403 `csrf`; on an `optional` route the request goes on as anonymous.
    case refuse(CrossSiteReason)
}

/// Why a request was taken for another site's doing; a label of `csrf_rejected_total`.
package enum CrossSiteReason: Equatable, Sendable, CaseIterable {
    /// `Sec-Fetch-Site` says so.
    case fetchSite
    /// `Origin` is another's, or `null`.
    case origin
    /// `X-CSRF` is missing.
    case header
    /// A WebSocket handshake without our `Origin`.
    case webSocketOrigin
    /// A CORS preflight.
    case preflight

    package var label: StaticString {
        switch self {
        case .fetchSite: "fetch_site"
        case .origin: "origin"
        case .header: "header"
        case .webSocketOrigin: "websocket_origin"
        case .preflight: "preflight"
        }
    }
}

/// The rule of E20 to E26, for every request that carries a session cookie to a route that is not public.
package enum CrossSiteRule {
    package static func verdict(_ evidence: RequestEvidence, _ protection: CrossSiteProtection) -> CrossSiteVerdict {
        // Browsers send no Fetch Metadata with a handshake, and no preflight before it: `Origin` is all there is (E26).
        if evidence.isWebSocket { return evidence.origin == .own ? .pass : .refuse(.webSocketOrigin) }
        switch protection {
        case .off:
            return .pass
        case .header:
            return evidence.hasCSRFHeader || evidence.isTestifiedNavigation ? .pass : .refuse(.header)
        case .auto:
            return automatic(evidence)
        }
    }

    private static func automatic(_ evidence: RequestEvidence) -> CrossSiteVerdict {
        switch evidence.site {
        case .sameOrigin:
            return .pass
        case .none:
            return evidence.origin == .foreign ? .refuse(.fetchSite) : .pass
        case .sameSite, .crossSite:
            // Links from other sites may open our pages, but not inside a frame (E23).
            return evidence.isTestifiedNavigation ? .pass : .refuse(.fetchSite)
        case .absent:
            if evidence.method.isSafe { return .pass }
        }
        switch evidence.origin {
        case .own: return .pass
        case .foreign: return .refuse(.origin)
        case .absent: return evidence.hasCSRFHeader ? .pass : .refuse(.header)
        }
    }

    /// True when CORS is the upstream's own business on a route: preflights go there as they are, without a session,
    /// and its `Access-Control-*` answers pass.
    ///
    /// Where it is not, preflights are 403 and those fields are removed (E24).
    package static func leavesCORSToUpstream(_ access: AccessPolicy, _ protection: CrossSiteProtection) -> Bool {
        access == .public || protection != .auto
    }
}
