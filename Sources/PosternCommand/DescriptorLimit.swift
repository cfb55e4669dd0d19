import Gateway
import HTTPServer
import Sockets
import Telemetry

/// As many connections as the descriptors allow.
enum DescriptorLimit {
    /// Lowers `limits.connections` where the descriptors do not reach, with a word that names both numbers.
    static func fit(_ settings: inout GatewaySettings, _ log: Logger) {
        guard let descriptors = try? ProcessHardening.raiseDescriptorLimit() else { return }
        let possible = descriptors - reserve(of: descriptors)
        guard settings.server.connections > possible else { return }
        log.warning(
            "connections_lowered",
            [
                ("asked", .count(settings.server.connections)), ("possible", .count(possible)),
                ("descriptors", .count(descriptors)),
            ])
        settings.server.connections = possible
    }

    /// What is not for clients: connections to upstreams, which requests share, files that are sent, and the process's own.
    ///
    /// Most clients of a full gateway are idle, so that an eighth does, and a thousand in any case; where it does not, a
    /// request gets 503, and nobody else notices.
    private static func reserve(of descriptors: Int) -> Int { min(descriptors / 8, 1024) }
}
