import Time

/// Durations as the configuration writes them: `500ms`, `30s`, `5m`, `12h`, `7d`.
enum DurationText {
    static func read(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), number < 1_000_000_000 else { return nil }
        switch text[digits.endIndex...] {
        case "ms": return .milliseconds(number)
        case "s": return .seconds(number)
        case "m": return .minutes(number)
        case "h": return .hours(number)
        case "d": return .days(number)
        default: return nil
        }
    }
}
