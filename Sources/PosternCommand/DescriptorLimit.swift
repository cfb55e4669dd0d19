import Gateway
import HTTPServer
import Sockets
import Telemetry

/// As many connections as the descriptors allow.
enum DescriptorLimit {
    /// Lowers `limits.connections` where the descriptors do not reach, with a word that names both numbers.
    static func fit(_ settings: inout GatewaySettings, _ log: Logger) {
        guard let descriptors = try? ProcessHardening.raiseDescriptorLimit() else { return }
        // A connection may need a second descriptor for its upstream; a few are the process's own.
        let possible = max(16, (descriptors - 64) / 2)
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
