import Time

/// What every part of a reading shares: the file's name, the world around it, and what was found wrong.
final class ReadingContext {
    /// The file as it was named.
    let file: String
    /// Where relative paths begin: the file's directory.
    let directory: String
    let environment: [String: String]
    let files: ConfigurationFiles
    /// When it is read, for what expires.
    let now: Timestamp
    private(set) var problems: [Problem] = []
    /// Every key that was looked for, with the keys that lead to it: what a complete file would hold.
    private(set) var knownKeys: Set<String> = []

    init(
        file: String, environment: [String: String], files: ConfigurationFiles, now: Timestamp = TimeSource.system.now()
    ) {
        self.file = file
        self.environment = environment
        self.files = files
        self.now = now
        directory = Self.directory(of: file)
    }

    func error(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        report(.error, mark, message, hint)
    }

    func warn(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        report(.warning, mark, message, hint)
    }

    func note(_ keys: [String]) { knownKeys.formUnion(keys) }

    private func report(_ severity: Problem.Severity, _ mark: YAMLMark, _ message: String, _ hint: String?) {
        problems.append(
            Problem(severity, file: file, line: mark.line, column: mark.column, message: message, hint: hint))
    }

    /// A path as this process must open it: relative ones begin at the configuration file.
    func path(_ text: String) -> String {
        if text.hasPrefix("/") { return text }
        let rest = text.hasPrefix("./") ? text.dropFirst(2) : text[...]
        if directory.isEmpty { return String(rest) }
        return directory == "/" ? "/\(rest)" : "\(directory)/\(rest)"
    }

    /// Everything before the last slash; empty where the file is named without one.
    private static func directory(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "" }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }
}
