import Testing

@testable import Configuration

@Suite struct DurationTextTests {
    @Test(
        "Times are a number and a unit",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("12h", .seconds(43200)),
            ("7d", .seconds(604_800)), ("0s", .zero), ("0", .zero), ("007s", .seconds(7)),
        ])
    func parsed(text: String, duration: Duration) { #expect(DurationText.parse(text) == duration) }

    @Test(
        "Anything else is none",
        arguments: [
            "", "s", "5", "5 s", " 5s", "5S", "5sec", "1h30m", "-5s", "+5s", "1.5h", "5µs", "٥s", "9999999999999999s",
            "999999999999999d", "1_000s", "1e3s",
        ])
    func refused(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "They are written with the largest unit that fits", arguments: ["500ms", "30s", "90s", "5m", "36h", "7d", "0s"])
    func written(text: String) throws { #expect(DurationText.write(try #require(DurationText.parse(text))) == text) }
}
