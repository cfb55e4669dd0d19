package import HTTP
package import HTTPClient
package import HTTPServer
package import OpenIDConnect
package import Routing
package import Sessions
package import Sockets

/// Everything a person may turn on the gateway, checked: what a configuration file comes to.
package struct GatewaySettings: Sendable {
    /// The origins browsers use (key `public_url`): scheme, host and port, without a slash at the end.
    ///
    /// At least one.
    package var publicURLs: [String]
    package var listeners: [ListenerSettings]
    /// Event-loop threads; 0 is one a core.
    package var workers = 0
    package var provider: ProviderSettings
    package var session: SessionSettings
    package var upstreams: [UpstreamSettings]
    /// In the order of the file; which one counts is decided by the route table (G73).
    package var routes: [RouteSettings]
    /// The paths that are ours, without a slash at the end.
    package var endpointsPrefix = "/bff"
    package var accessLog = true
    /// Limits of a message (keys `limits.request_line`, `header_bytes`, `headers`).
    package var messageLimits = HTTPLimits()
    package var server = ServerSettings()
    /// Whose forwarded fields and PROXY protocol are believed.
    package var trustedProxies = TrustedPeers()
    /// The family of forwarded fields that is read from them; the other is dropped (G33).
    package var forwardedFamily = ForwardedFamily.xForwarded

    package init(
        publicURLs: [String], listeners: [ListenerSettings], provider: ProviderSettings, session: SessionSettings,
        upstreams: [UpstreamSettings], routes: [RouteSettings]
    ) {
        self.publicURLs = publicURLs
        self.listeners = listeners
        self.provider = provider
        self.session = session
        self.upstreams = upstreams
        self.routes = routes
    }
}

/// One entry of `listen`.
package struct ListenerSettings: Sendable, Equatable {
    package var address: ListenAddress
    /// Whoever connects must be a trusted proxy, and says first whom it speaks for.
    package var proxyProtocol: Bool
    /// Nil: plain text.
    package var tls: ServerTLSSettings?
    /// Clients may speak HTTP/2: on TLS by ALPN, on plain text by prior knowledge.
    package var http2: Bool

    package init(
        address: ListenAddress, proxyProtocol: Bool = false, tls: ServerTLSSettings? = nil, http2: Bool = true
    ) {
        self.address = address
        self.proxyProtocol = proxyProtocol
        self.tls = tls
        self.http2 = http2
    }
}

/// Which fields tell whom a trusted proxy speaks for: the contract's `forwarded_headers`.
package enum ForwardedFamily: String, Sendable, CaseIterable {
    /// `X-Forwarded-For` and `X-Forwarded-Host`.
    case xForwarded = "x_forwarded"
    /// `Forwarded` (RFC 7239).
    case forwarded
}
