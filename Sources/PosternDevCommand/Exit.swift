private import Glibc

/// What the program ends with (contract, section 1).
enum Exit: Int32 {
    case good = 0
    case usage = 64
    case unavailable = 69
    case internalError = 70
    case configuration = 78

    /// Ends the process as it is.
    ///
    /// Not `exit`: its handlers take the libraries apart while other threads still use them. Nothing waits for it, since
    /// output is written at once and the store is closed by who opened it.
    static func end(_ code: Exit) -> Never { _exit(code.rawValue) }
}
