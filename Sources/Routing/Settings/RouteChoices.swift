/// What an unauthenticated request to a route gets (key `unauthenticated`, A15).
package enum UnauthenticatedAnswer: String, Sendable, CaseIterable {
    /// A top-level navigation goes to the provider, everything else gets 401.
    case auto
    /// GET and HEAD without Fetch Metadata go to the provider too.
    case redirect
    /// Always 401.
    case unauthorized = "401"
}

/// What proves that a request with a session was meant by our own pages (key `csrf`, E20).
package enum CrossSiteProtection: String, Sendable, CaseIterable {
    /// Fetch Metadata where present; `Origin` and `X-CSRF` where not.
    case auto
    /// `X-CSRF` on everything but top-level navigations.
    case header
    /// Nothing: the upstream protects itself.
    case off
}

/// The token that goes upstream (key `token`).
package enum UpstreamToken: String, Sendable, CaseIterable {
    case access
    case id
    case none
}

/// What happens when an upstream sends back the token it was given (key `token_echo`, E35).
package enum TokenEcho: String, Sendable, CaseIterable {
    case mask
    case refuse
    case pass
}

/// Whether answers to requests with a session are kept out of shared caches (key `cache`, E27).
package enum CacheProtection: String, Sendable, CaseIterable {
    case protect
    case pass
}

/// The family of ready-made identity headers (key `identity_headers`).
package enum IdentityHeaders: String, Sendable, CaseIterable {
    case none
    /// `X-Forwarded-User`, `-Email`, `-Groups`, `-Preferred-Username`.
    case xForwarded = "x_forwarded"
}
