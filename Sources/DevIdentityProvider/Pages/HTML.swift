import Formats

/// Markup that escapes what goes into it.
///
/// What is interpolated as text is escaped; only what is markup already goes in as it is.
struct HTML: Sendable, ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }
    init(stringInterpolation interpolation: Interpolation) { text = interpolation.text }

    static let empty: HTML = ""

    static func joined(_ parts: [HTML]) -> HTML { "\(raw: parts.map(\.text).joined(separator: "\n"))" }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: String) { text += HTMLEscape.escape(value) }
        mutating func appendInterpolation(_ value: HTML) { text += value.text }
        mutating func appendInterpolation(_ value: HTML?) { text += value?.text ?? "" }
        fileprivate mutating func appendInterpolation(raw value: String) { text += value }
    }
}
