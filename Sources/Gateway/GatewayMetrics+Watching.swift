import HTTPServer
import OpenIDConnect
import Sessions
import Telemetry

extension GatewayMetrics {
    /// Gauges that are read when somebody looks.
    func watch(limit: ConnectionLimit, keeper: SessionKeeper, settings: GatewaySettings) {
        registry.gauge("connections", help: "Open client connections.") { Double(limit.count) }
        registry.gauge("sessions", help: "Sessions in memory.") { Double(keeper.cache.count) }
        // There from the start, so that a rate has a zero to begin at.
        for outcome in RefreshOutcome.labels {
            _ = registry.counter(
                "refreshes_total", help: "Token refreshes by outcome.",
                labels: [("provider", settings.provider.name), ("outcome", outcome)])
        }
        registry.gauge("build_info", help: "The version that runs.", labels: [("version", GatewayVersion.text)]).set(1)
    }

    /// What is known of the provider, for the next scrape.
    func note(_ status: ProviderStatus, provider name: String) {
        let label: [MetricLabel] = [("provider", name)]
        registry.gauge("provider_up", help: "1 while the last thing heard of the provider was good.", labels: label)
            .set(status.isUp ? 1 : 0)
        if let age = status.keysAge {
            registry.gauge("jwks_age_seconds", help: "Since the provider's keys were fetched.", labels: label)
                .set(Int(age.components.seconds))
        }
        if let skew = status.clockSkew {
            registry.gauge("clock_skew_seconds", help: "The provider's clock less ours.", labels: label)
                .set(Int(skew.components.seconds))
        }
    }
}
