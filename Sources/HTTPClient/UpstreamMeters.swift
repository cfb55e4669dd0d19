package import Telemetry

/// The numbers of one upstream, shared by all workers (contract, section 5).
package final class UpstreamMeters: Sendable {
    let connections: Gauge
    let waiting: Gauge
    let out: Gauge
    let ejections: Counter
    let overloaded: Counter
    package let retries: Counter
    private let refused: Counter
    private let unreachable: Counter
    private let tooLate: Counter
    private let insecure: Counter

    /// - Parameter name: the upstream's, as the label `upstream`.
    package init(_ registry: MetricRegistry, upstream name: String) {
        let label: [MetricLabel] = [("upstream", name)]
        connections = registry.gauge("upstream_connections", help: "Open connections to an upstream.", labels: label)
        waiting = registry.gauge(
            "upstream_waiting", help: "Requests that wait for a connection to an upstream.", labels: label)
        out = registry.gauge(
            "upstream_servers_unhealthy", help: "Servers whose health check fails, counted once a worker.",
            labels: label)
        ejections = registry.counter(
            "upstream_ejections_total", help: "Servers left alone for a while after failures in a row.", labels: label)
        overloaded = registry.counter(
            "upstream_overloaded_total", help: "Requests for which no place to wait was left, or that waited too long.",
            labels: label)
        retries = registry.counter("upstream_retries_total", help: "Requests that were sent once more.", labels: label)
        func failure(_ reason: String) -> Counter {
            registry.counter(
                "upstream_connect_failures_total", help: "Connections to an upstream that did not come about.",
                labels: label + [("reason", reason)])
        }
        refused = failure("refused")
        unreachable = failure("unreachable")
        tooLate = failure("connect_timeout")
        insecure = failure("handshake")
    }

    func connectFailed(_ failure: UpstreamFailure) {
        switch failure {
        case .refused: refused.add()
        case .connectTimeout: tooLate.add()
        case .handshake: insecure.add()
        default: unreachable.add()
        }
    }
}
