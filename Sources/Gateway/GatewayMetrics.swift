package import Routing
package import Telemetry
import Time

/// The numbers the gateway counts (contract, section 5); looked up once, one atomic instruction each afterwards.
package final class GatewayMetrics: Sendable {
    package let registry: MetricRegistry
    package let cacheHits: Counter
    package let cacheMisses: Counter
    package let duplicateCookies: Counter
    package let tokenEchoes: Counter
    package let unreadableSessions: Counter
    package let upstreamFailures: Counter
    package let endedStreams: Counter
    package let webSockets: Gauge
    package let refreshWaiters: Gauge
    /// Full handshakes, and those that resumed a session.
    let handshakes: [Counter]
    package let crossSiteRejections: [CrossSiteReason: Counter]

    package init(registry: MetricRegistry) {
        self.registry = registry
        cacheHits = registry.counter("session_cache_hits_total", help: "Requests whose session was in memory.")
        cacheMisses = registry.counter(
            "session_cache_misses_total", help: "Requests whose session the store was asked for.")
        duplicateCookies = registry.counter(
            "duplicate_cookies_total", help: "Requests with more than one session cookie, which count as none.")
        tokenEchoes = registry.counter(
            "token_echoes_total", help: "Upstream answers in which the token that we attached was found.")
        unreadableSessions = registry.counter(
            "unreadable_sessions_total", help: "Rows of this site that did not open, and were ended.")
        upstreamFailures = registry.counter("upstream_failures_total", help: "Exchanges with upstreams that failed.")
        endedStreams = registry.counter(
            "ended_streams_total", help: "Exchanges that were broken off because their session was over.")
        webSockets = registry.gauge("websockets", help: "Open WebSockets.")
        refreshWaiters = registry.gauge("refresh_waiters", help: "Requests that wait for a token refresh.")
        handshakes = ["full", "resumed"].map { outcome in
            registry.counter(
                "tls_handshakes_total", help: Self.handshakesHelp, labels: [("outcome", outcome), ("reason", "")])
        }
        crossSiteRejections = Dictionary(
            uniqueKeysWithValues: CrossSiteReason.allCases.map { reason in
                (
                    reason,
                    registry.counter(
                        "csrf_rejected_total", help: "Requests refused as another site's doing.",
                        labels: [("reason", reason.label.description)])
                )
            })
    }

    private static let handshakesHelp: StaticString = "TLS handshakes of clients."

    func handshakeFailed(_ reason: String) {
        registry.counter(
            "tls_handshakes_total", help: Self.handshakesHelp, labels: [("outcome", "failed"), ("reason", reason)]
        ).add()
    }

    func certificatesRead(_ outcome: String) {
        registry.counter(
            "certificate_reloads_total", help: "Certificates read again, by what came of it.",
            labels: [("outcome", outcome)]
        ).add()
    }

    /// When the first certificate of a listener expires.
    func expires(_ listener: String, _ time: Timestamp) {
        registry.gauge(
            "certificate_expiry_timestamp_seconds", help: "When a listener's first certificate expires, in Unix time.",
            labels: [("listener", listener)]
        ).set(Int(time.seconds))
    }

    package func login(_ provider: String, _ outcome: String) {
        registry.counter(
            "logins_total", help: "Sign-ins by outcome.", labels: [("provider", provider), ("outcome", outcome)]
        ).add()
    }

    package func callbackRejected(_ reason: String) {
        registry.counter(
            "callbacks_rejected_total", help: "Authorization responses that were not believed.",
            labels: [("reason", reason)]
        ).add()
    }

    /// The configuration was read again, and taken or not.
    package func reload(wasTaken: Bool) {
        registry.counter(
            "reloads_total", help: "Reloads of the configuration by outcome.",
            labels: [("outcome", wasTaken ? "taken" : "refused")]
        ).add()
        registry.gauge("reload_successful", help: "1 when the last reload was taken.").set(wasTaken ? 1 : 0)
    }

    package func turnedAway(_ reason: String) {
        registry.counter(
            "connections_refused_total", help: "Connections that were closed before they became a client's.",
            labels: [("reason", reason)]
        ).add()
    }

    package func refresh(_ provider: String, _ outcome: String) {
        registry.counter(
            "refreshes_total", help: "Token refreshes by outcome.",
            labels: [("provider", provider), ("outcome", outcome)]
        ).add()
    }

    package func store(_ operation: String, _ duration: Duration) {
        registry.histogram(
            "store_duration_seconds", help: "Calls of the session store.", labels: [("operation", operation)]
        ).observe(duration)
    }
}
