private import Glibc

/// What a command ends with (contract, section 1).
enum Exit: Int32 {
    case good = 0
    /// The answer is no.
    case no = 1
    case usage = 64
    case unavailable = 69
    case internalError = 70
    case configuration = 78

    /// Ends the process.
    static func end(_ code: Exit) -> Never { exit(code.rawValue) }
}
