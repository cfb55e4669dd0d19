import HTTPClient
import HTTPServer
import Telemetry
import Threads
import Time

/// Keeps what TLS of this process rests on fresh: certificates whose files change, and the keys of its tickets.
///
/// What a file cannot be used for is told once, and the old stays in use: a running gateway is not stopped by half a copy.
final class CertificateKeeper: Sendable {
    private struct State: Sendable {
        var ports: [(address: String, tls: ServerTLS)] = []
        var upstreams: [(name: String, tls: UpstreamTLS)] = []
    }

    private let state: Locked<State>
    private let log: Logger
    private let metrics: GatewayMetrics
    private let tickets: ServerTickets

    /// How often files are looked at.
    static let interval = Duration.seconds(3)

    init(_ snapshot: Snapshot, tickets: ServerTickets, log: Logger, metrics: GatewayMetrics) {
        self.tickets = tickets
        self.log = log
        self.metrics = metrics
        state = Locked(State())
        watch(snapshot)
    }

    /// Looks after this configuration's from now on.
    func watch(_ snapshot: Snapshot) {
        var fresh = State()
        for (listener, tls) in zip(snapshot.settings.listeners, snapshot.listenerTLS) {
            if let tls { fresh.ports.append(("\(listener.address)", tls)) }
        }
        for (upstream, tls) in zip(snapshot.settings.upstreams, snapshot.upstreamTLS) {
            if let tls { fresh.upstreams.append((upstream.name, tls)) }
        }
        let settled = fresh
        state.withLock { $0 = settled }
        for port in settled.ports { metrics.expires(port.address, port.tls.expires) }
    }

    /// Reads what has changed.
    func refresh() {
        let now = state.withLock { $0 }
        for port in now.ports {
            note("listener", port.address, Result { try port.tls.refresh() })
            metrics.expires(port.address, port.tls.expires)
        }
        for upstream in now.upstreams {
            note("upstream", upstream.name, Result { try upstream.tls.refresh() })
        }
    }

    /// Fresh keys for tickets; due every ``ServerTickets/rotation``.
    func rotateTickets() { tickets.rotate() }

    private func note(_ kind: StaticString, _ name: String, _ outcome: Result<Bool, any Error>) {
        switch outcome {
        case .success(false): return
        case .success(true):
            metrics.certificatesRead("replaced")
            log.info("certificates_replaced", [(kind, .string(name))])
        case .failure(let error):
            metrics.certificatesRead("refused")
            log.error("certificates_refused", [(kind, .string(name)), ("problem", .string("\(error)"))])
        }
    }
}
