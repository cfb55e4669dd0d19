/// Something that is wrong, or worth a second look, in a configuration file.
package struct Problem: Sendable, Equatable {
    package enum Severity: String, Sendable {
        /// The configuration is not used.
        case error
        /// It is used; somebody should know.
        case warning
    }

    package let severity: Severity
    /// The file as it was named by whoever asked.
    package let file: String
    /// Counted from one.
    package let line: Int
    /// Counted from one, in characters.
    package let column: Int
    package let message: String
    /// What to do about it.
    package let hint: String?

    package init(
        _ severity: Severity, file: String, line: Int, column: Int, message: String, hint: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
    }

    /// `FILE:LINE:COLUMN: error: what is wrong (what to do)`; one line.
    package var rendered: String {
        let place = "\(file):\(line):\(column)"
        return Quoted.escape("\(place): \(severity.rawValue): \(message)" + (hint.map { " (\($0))" } ?? ""))
    }
}

extension Problem: Comparable {
    /// In the order of the file; equal places in the order of their messages, so that the answer is always the same.
    package static func < (a: Problem, b: Problem) -> Bool {
        (a.line, a.column, a.severity.rawValue, a.message) < (b.line, b.column, b.severity.rawValue, b.message)
    }
}
