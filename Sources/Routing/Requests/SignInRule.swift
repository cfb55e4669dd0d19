/// What an unauthenticated request to a protected route is answered with (A15).
package enum SignInAnswer: Equatable, Sendable {
    /// 302 to the provider.
    case signIn
    /// 401 with a problem document, no `Location`, no login begun.
    case unauthorized
    /// 503 `no-store`, no cookie: nobody has asked for the page yet (A17a).
    case tooEarly
}

/// Decides by the kind of request, never by its path.
package enum SignInRule {
    package static func answer(_ evidence: RequestEvidence, _ setting: UnauthenticatedAnswer) -> SignInAnswer {
        switch setting {
        case .unauthorized:
            return .unauthorized
        case .auto:
            guard evidence.isNavigation else { return .unauthorized }
        case .redirect:
            // Command-line tools and old clients, which send no Fetch Metadata and accept anything.
            let isPlain = evidence.isRetrieval && !evidence.hasFetchMetadata && !evidence.isWebSocket
            guard evidence.isNavigation || isPlain else { return .unauthorized }
        }
        return evidence.isSpeculative ? .tooEarly : .signIn
    }
}
