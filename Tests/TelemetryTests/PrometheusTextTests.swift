import Foundation
import Testing
import Time

@testable import Telemetry

@Suite struct PrometheusTextTests {
    @Test("The text is the one in the fixture, sorted and escaped")
    func golden() throws {
        let registry = MetricRegistry()
        let codes: [(String, Int)] = [("404", 2), ("200", 40)]
        for (code, count) in codes {
            registry.counter(
                "requests_total", help: "Requests by route,\nmethod and code \\ all.",
                labels: [("route", "/a\"b\\c\n/"), ("method", "GET"), ("code", code)]
            ).add(count)
        }
        let histogram = registry.histogram(
            "store_duration_seconds", help: "Time the store took.", labels: [("operation", "find")],
            bounds: [0.0005, 0.1, 2])
        for duration: Duration in [.microseconds(100), .milliseconds(100), .seconds(3)] { histogram.observe(duration) }
        registry.gauge("clock_skew_seconds", help: "Skew.", labels: [("provider", "default")]).set(-1.25)
        registry.gauge("provider_up", help: "Up.") { .nan }
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/log/metrics.golden")
        let expected = try String(contentsOf: fixture, encoding: .utf8)
        #expect(String(decoding: registry.prometheusText(), as: UTF8.self) == expected)
    }
}
