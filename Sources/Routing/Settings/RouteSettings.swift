/// One entry of `routes`: which requests it is for, what it demands, where they go.
///
/// Defaults are the contract's.
package struct RouteSettings: Sendable, Equatable {
    /// Where a request goes.
    package enum Target: Sendable, Hashable {
        /// The name of one of `upstreams`.
        case upstream(String)
        case files(FilesSettings)
    }

    package var path: PathPattern
    /// One of the hosts of `public_url`, without port, or nil for all.
    package var host: String?
    /// Upper-case method names; empty for all.
    ///
    /// GET includes HEAD.
    package var methods: [String] = []
    /// The provider a login here uses; nil for the chooser.
    package var provider: String?
    package var target: Target
    package var access: AccessPolicy = .authenticated
    package var unauthenticated: UnauthenticatedAnswer = .auto
    package var crossSite: CrossSiteProtection = .auto
    package var token: UpstreamToken = .access
    package var tokenExchange: TokenExchangeSettings?
    package var tokenEcho: TokenEcho = .mask
    package var cache: CacheProtection = .protect
    package var identityHeaders: IdentityHeaders = .none
    /// True when the route's path is taken off before the request goes upstream.
    package var stripsPrefix = false
    package var requestHeaders = HeaderRuleSettings()
    package var responseHeaders = HeaderRuleSettings()
    package var allowsWebSocket = true
    /// In bytes; 0 for no limit.
    package var bodyLimit = 0
    package var tolerances: PathTolerances = []

    package init(path: PathPattern, target: Target) {
        self.path = path
        self.target = target
    }
}
