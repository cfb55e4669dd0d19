import OpenIDConnect

/// Whether the gateway can serve requests.
package struct GatewayReadiness: Sendable {
    package var storeIsUsable: Bool
    package var providerIsUp: Bool
    package var isDraining: Bool

    /// A provider that is down does not count: sessions still work (contract, section 5).
    package var isReady: Bool { storeIsUsable && !isDraining }
}

extension GatewayProcess {
    /// Brings the gauges up to date that somebody must ask for.
    package func refreshMetrics() async {
        metrics.note(await provider.status(), provider: provider.settings.name)
    }

    package func readiness() async -> GatewayReadiness {
        GatewayReadiness(
            storeIsUsable: !keeper.health.isFailing, providerIsUp: await provider.status().isUp, isDraining: isDraining)
    }
}
