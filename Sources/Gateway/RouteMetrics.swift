import Bytes
import HTTP
import Telemetry

/// One worker's handles on the metrics of one route: found without building a label per request.
final class RouteMetrics {
    private let registry: MetricRegistry
    private let route: String
    /// By method, then by status; filled when a pair is first seen.
    ///
    /// Boxed: each change is one statement.
    private let counters: Box<[Counter?]>
    private let duration: Histogram
    let upstream: Histogram

    private static let methods = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "other",
    ]
    private static let firstStatus = 100
    private static let statuses = 500

    init(_ registry: MetricRegistry, route: String) {
        self.registry = registry
        self.route = route
        counters = Box(Array(repeating: nil, count: Self.methods.count * Self.statuses))
        duration = registry.histogram(
            "request_duration_seconds", help: "From the request's head to the end of its answer.",
            labels: [("route", route)])
        upstream = registry.histogram(
            "upstream_duration_seconds", help: "From the request's departure to the upstream's response head.",
            labels: [("route", route)])
    }

    func count(_ method: Method, _ status: Int, _ time: Duration) {
        // A tunnel lasts as long as a page is open: hours among milliseconds would say nothing about either.
        if status != 101 { duration.observe(time) }
        let row = min(Int(method.rawValue), Self.methods.count - 1)
        let column = status - Self.firstStatus
        guard column >= 0, column < Self.statuses else { return }
        let place = row * Self.statuses + column
        if let counter = counters.value[place] {
            counter.add()
            return
        }
        let counter = registry.counter(
            "requests_total", help: "Requests answered, by route, method and status.",
            labels: [("route", route), ("method", Self.methods[row]), ("code", String(status))])
        counters.value[place] = counter
        counter.add()
    }
}
