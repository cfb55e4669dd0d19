/// Why a request path is answered 400 instead of being guessed at (G71, G72).
package enum PathRefusal: Error, Equatable, Sendable, CaseIterable {
    /// It does not begin with one slash.
    case notAbsolute
    /// A byte that no path holds: a control, a space, `#`, `?`, anything outside ASCII that is not percent-encoded.
    case character
    /// `%` without two hexadecimal digits.
    case malformedPercent
    /// `%00` to `%1F`, `%7F`.
    case encodedControl
    /// `\` or `%5C`.
    case backslash
    /// Percent-encoded bytes that are not UTF-8, overlong forms included.
    case notUTF8
    /// A segment that is `.` or `..` in any reading.
    case dotSegment
    /// `%2F` on a route that does not tolerate it.
    case encodedSlash
    /// `//` on a route that does not tolerate it.
    case doubleSlash
    /// `;` on a protected route that does not tolerate it.
    case semicolon
    /// `%25` on a route that does not tolerate it.
    case encodedPercent
    /// Another reading that upstreams are known to make leads to another route.
    case ambiguous

    /// For logs, metrics and the `reason` of a problem document.
    package var reasonCode: StaticString {
        switch self {
        case .notAbsolute: "path_not_absolute"
        case .character: "path_character"
        case .malformedPercent: "path_malformed_percent"
        case .encodedControl: "path_encoded_control"
        case .backslash: "path_backslash"
        case .notUTF8: "path_not_utf8"
        case .dotSegment: "path_dot_segment"
        case .encodedSlash: "path_encoded_slash"
        case .doubleSlash: "path_double_slash"
        case .semicolon: "path_semicolon"
        case .encodedPercent: "path_encoded_percent"
        case .ambiguous: "path_ambiguous"
        }
    }
}
