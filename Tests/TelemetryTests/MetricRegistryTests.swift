import Testing
import Threads
import Time

@testable import Telemetry

@Suite struct MetricRegistryTests {
    @Test("The same name and labels lead to the same counter")
    func identity() {
        let registry = MetricRegistry()
        let first = registry.counter("requests_total", help: "Requests.", labels: [("code", "200")])
        let second = registry.counter("requests_total", help: "Requests.", labels: [("code", "200")])
        let other = registry.counter("requests_total", help: "Requests.", labels: [("code", "404")])
        first.add()
        second.add(2)
        #expect(first === second && first.value == 3 && other.value == 0)
    }

    @Test("Label sets are bounded: what is too much counts as other")
    func bounded() {
        let registry = MetricRegistry(limit: 3)
        for number in 0..<100 {
            registry.counter("requests_total", help: "Requests.", labels: [("method", "M\(number)")]).add()
        }
        let other = registry.counter("requests_total", help: "Requests.", labels: [("method", "new")])
        #expect(other.value == 97)
        #expect(String(decoding: registry.prometheusText(), as: UTF8.self).split(separator: "\n").count == 2 + 4)
    }

    @Test("A gauge can be set, moved and observed")
    func gauges() {
        let registry = MetricRegistry()
        let gauge = registry.gauge("connections", help: "Open.")
        gauge.set(4)
        gauge.increment()
        gauge.add(-0.5)
        #expect(gauge.value == 4.5)
        registry.gauge("age_seconds", help: "Age.") { 1 }
        registry.gauge("age_seconds", help: "Age.") { 2.5 }
        #expect(String(decoding: registry.prometheusText(), as: UTF8.self).contains("postern_age_seconds 2.5\n"))
    }

    @Test("Nothing is lost between threads")
    func threads() throws {
        let registry = MetricRegistry()
        let gauge = registry.gauge("connections", help: "Open.")
        let histogram = registry.histogram("duration_seconds", help: "Time.")
        let threads = try (0..<4).map { _ in
            try Thread.start(name: "count") {
                for _ in 0..<10_000 {
                    registry.counter("requests_total", help: "Requests.").add()
                    gauge.increment()
                    histogram.observe(.milliseconds(3))
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(registry.counter("requests_total", help: "Requests.").value == 40_000)
        #expect(gauge.value == 40_000)
        #expect(histogram.count == 40_000)
        #expect(histogram.sum == 120)
    }

    @Test("A bound belongs to its bucket; what is above all bounds counts too")
    func buckets() {
        let histogram = Histogram(bounds: [0.001, 0.01])
        for duration: Duration in [.milliseconds(1), .microseconds(1001), .seconds(9), .seconds(-1)] {
            histogram.observe(duration)
        }
        #expect(histogram.cumulative == [2, 3, 4])
    }
}
