/// The value of a field in a log line.
///
/// There is no case for a `Secret`: what must not be printed cannot be passed.
package enum LogValue: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
    case strings([String])
    /// An address, printed without user information, query and fragment: those carry codes, states and passwords.
    case url(String)
    /// A length of time, printed in milliseconds.
    case duration(Duration)
    case null

    /// An integer of any width; saturates.
    package static func count(_ value: some BinaryInteger) -> LogValue { .integer(Int64(clamping: value)) }

    /// A string when there is one, else null.
    package static func optional(_ value: String?) -> LogValue { value.map { .string($0) } ?? .null }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
