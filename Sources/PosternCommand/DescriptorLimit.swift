import Gateway
import HTTPServer
import Sockets
import Telemetry

/// As many connections as the descriptors allow.
enum DescriptorLimit {
    /// Lowers `limits.connections` where the descriptors do not reach, with a word that names both numbers.
    static func fit(_ settings: inout GatewaySettings, _ log: Logger) {
        guard let descriptors = try? ProcessHardening.raiseDescriptorLimit() else { return }
        let possible = descriptors - DescriptorReserve.outbound(of: descriptors)
        guard settings.server.connections > possible else { return }
        log.warning(
            "connections_lowered",
            [
                ("asked", .count(settings.server.connections)), ("possible", .count(possible)),
                ("descriptors", .count(descriptors)),
            ])
        settings.server.connections = possible
    }
}
