internal import Formats
internal import Time

/// Seconds since 1970, perhaps with a fraction (RFC 7519, section 2).
enum NumericDate {
    /// The end of the year 9999; what lies beyond is a mistake, milliseconds as a rule.
    private static let last = 253_402_300_799

    /// Nil for anything but a number from 1970 to 9999: no conversion of a hostile number can trap.
    static func read(_ value: JSONValue) -> Timestamp? {
        switch value {
        case .integer(let seconds) where (0...Int64(last)).contains(seconds):
            Timestamp(seconds: seconds)
        case .number(let seconds) where (0...Double(last)).contains(seconds):
            Timestamp(milliseconds: Int64(seconds * 1000))
        default:
            nil
        }
    }
}
