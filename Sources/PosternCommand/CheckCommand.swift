import Configuration

/// `postern check`: every problem of a configuration, one a line.
struct CheckCommand {
    private let path: String

    init(_ path: String) { self.path = path }

    func run() -> Exit {
        let result = Configuration.load(path: path, environment: Environment.all)
        for problem in result.problems { Output.message(result.render(problem)) }
        guard result.settings != nil else {
            Output.message("\(path): \(Self.count(result.errors.count, "error")), nothing would start")
            return .configuration
        }
        let warnings = result.warnings.count
        Output.result(warnings == 0 ? "\(path): good" : "\(path): good, with \(Self.count(warnings, "warning"))")
        return .good
    }

    private static func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
}
