/// The Prometheus text exposition format, version 0.0.4: sorted, so that two scrapes differ only in their numbers.
enum PrometheusText {
    static func render(_ families: [String: MetricRegistry.Family]) -> [UInt8] {
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(escapeHelp(family.help))\n# TYPE \(name) \(family.kind.rawValue)\n"
            for (values, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                let labels = zip(family.labels, values).map { "\($0)=\"\(escapeLabel($1))\"" }
                append(series, name, labels, to: &text)
            }
        }
        return Array(text.utf8)
    }

    private static func append(
        _ series: MetricRegistry.Series, _ name: String, _ labels: [String], to text: inout String
    ) {
        switch series {
        case .counter(let counter): text += "\(name)\(braces(labels)) \(counter.value)\n"
        case .gauge(let gauge): text += "\(name)\(braces(labels)) \(number(gauge.value))\n"
        case .observed(let read): text += "\(name)\(braces(labels)) \(number(read()))\n"
        case .histogram(let histogram):
            let counts = histogram.cumulative
            for (bound, count) in zip(histogram.bounds.map(number) + ["+Inf"], counts) {
                text += "\(name)_bucket\(braces(labels + ["le=\"\(bound)\""])) \(count)\n"
            }
            text += "\(name)_sum\(braces(labels)) \(number(histogram.sum))\n"
            text += "\(name)_count\(braces(labels)) \(counts.last ?? 0)\n"
        }
    }

    private static func braces(_ labels: [String]) -> String {
        labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        return value.description
    }

    /// In a help text only the backslash and the line feed are escaped.
    static func escapeHelp(_ text: String) -> String { escape(text, quotes: false) }

    /// In a label value the quotation mark too.
    static func escapeLabel(_ text: String) -> String { escape(text, quotes: true) }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
