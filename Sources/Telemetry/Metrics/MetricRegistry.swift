private import Threads

/// A label of a metric.
///
/// The name is ours; the value may come from configuration, never unfiltered from a request.
package typealias MetricLabel = (name: StaticString, value: String)

/// All metrics of the process, by name and labels.
///
/// Asking for one makes it, or returns the one that is there: look a handle up once and keep it; adding to it is then one
/// atomic instruction. Names are given without the prefix `postern_`.
package final class MetricRegistry: Sendable {
    /// What one set of label values leads to.
    enum Series: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        /// Read when somebody looks.
        case observed(@Sendable () -> Double)
    }

    struct Family: Sendable {
        enum Kind: String { case counter, gauge, histogram }
        let kind: Kind
        let help: String
        let labels: [String]
        var series: [[String]: Series] = [:]
    }

    private let families = Locked<[String: Family]>([:])
    private let limit: Int

    /// - Parameter limit: label sets per metric; beyond, everything counts under one set whose values are `other`, so
    ///   that no input can grow the memory or the scrape without end.
    package init(limit: Int = 1000) { self.limit = limit }

    package func counter(_ name: StaticString, help: StaticString, labels: [MetricLabel] = []) -> Counter {
        let series = find(name, help, .counter, labels) { .counter(Counter()) }
        guard case .counter(let counter) = series else { preconditionFailure("\(name) is not a counter") }
        return counter
    }

    package func gauge(_ name: StaticString, help: StaticString, labels: [MetricLabel] = []) -> Gauge {
        let series = find(name, help, .gauge, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = series else { preconditionFailure("\(name) is observed") }
        return gauge
    }

    /// A gauge whose value is asked for at each scrape; asking again replaces the function.
    package func gauge(
        _ name: StaticString, help: StaticString, labels: [MetricLabel] = [], read: @escaping @Sendable () -> Double
    ) {
        _ = find(name, help, .gauge, labels, replacing: true) { .observed(read) }
    }

    package func histogram(
        _ name: StaticString, help: StaticString, labels: [MetricLabel] = [], bounds: [Double] = Histogram.usualBounds
    ) -> Histogram {
        let series = find(name, help, .histogram, labels) { .histogram(Histogram(bounds: bounds)) }
        guard case .histogram(let histogram) = series else { preconditionFailure("\(name) is not a histogram") }
        return histogram
    }

    /// Everything in the Prometheus text format, version 0.0.4.
    package func prometheusText() -> [UInt8] {
        PrometheusText.render(families.withLock { $0 })
    }

    private func find(
        _ name: StaticString, _ help: StaticString, _ kind: Family.Kind, _ labels: [MetricLabel],
        replacing: Bool = false, make: () -> Series
    ) -> Series {
        let key = "postern_\(name)"
        let names = labels.map { $0.name.description }
        let values = labels.map(\.value)
        let fresh = make()
        return families.withLock { families in
            var family = families[key] ?? Family(kind: kind, help: help.description, labels: names)
            precondition(family.kind == kind && family.labels == names, "\(key) is declared in two ways")
            var place = values
            if family.series[place] == nil && family.series.count >= limit {
                place = values.map { _ in "other" }
            }
            if !replacing, let known = family.series[place] { return known }
            family.series[place] = fresh
            families[key] = family
            return fresh
        }
    }
}
