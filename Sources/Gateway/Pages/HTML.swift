private import Formats

/// A piece of HTML.
///
/// Text that is put into it is escaped; nothing else can be put in but other pieces.
package struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    package let text: String

    package init(stringLiteral value: String) { text = value }
    package init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    private init(joining pieces: [HTML]) { text = pieces.map(\.text).joined() }

    /// Pieces in a row.
    package static func all(_ pieces: [HTML]) -> HTML { HTML(joining: pieces) }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        package mutating func appendLiteral(_ literal: String) { text += literal }
        /// Escaped for element content and quoted attribute values alike.
        package mutating func appendInterpolation(_ value: String) { text += HTMLEscape.escape(value) }
        package mutating func appendInterpolation(_ value: Int) { text += String(value) }
        package mutating func appendInterpolation(_ value: HTML) { text += value.text }
        package mutating func appendInterpolation(_ value: HTML?) { text += value?.text ?? "" }
    }
}
