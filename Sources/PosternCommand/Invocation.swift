import Configuration

/// A command line, understood or not.
enum Invocation: Equatable {
    case serve(config: String)
    case check(config: String)
    case health(config: String)
    case pkce(verifier: String?)
    case keygen
    case version
    case help(String?)
    case mistake(String)

    /// Commands of the contract that a later version brings.
    static let later = ["init", "explain", "doctor", "sessions"]

    init(_ words: [String]) {
        guard let command = words.first else {
            self = .mistake("which command? `postern help` lists them")
            return
        }
        var options = Options(Array(words.dropFirst()))
        if options.wantsHelp {
            self = .help(command)
            return
        }
        do throws(Options.Mistake) {
            switch command {
            case "serve": self = .serve(config: try options.config())
            case "check":
                let config = try options.config()
                try options.refuseLater(["--online", "--tests"], of: command)
                self = .check(config: config)
            case "health": self = .health(config: try options.config())
            case "pkce": self = .pkce(verifier: try options.value("--verifier"))
            case "keygen": self = .keygen
            case "version", "--version": self = .version
            case "help", "--help", "-h":
                self = .help(options.takeWord())
            case let name where Self.later.contains(name):
                self = .mistake("`postern \(name)` is not supported yet")
                return
            default:
                self = .mistake("there is no command `\(command)`; `postern help` lists them")
                return
            }
            try options.finish(command)
        } catch {
            self = .mistake(error.text)
        }
    }
}

/// The words behind a command.
struct Options {
    struct Mistake: Error {
        let text: String
    }

    private var words: [String]

    init(_ words: [String]) { self.words = words }

    var wantsHelp: Bool { words.contains("--help") || words.contains("-h") }

    /// `--config FILE`, else `$POSTERN_CONFIG`, else the usual place.
    mutating func config() throws(Mistake) -> String {
        if let path = try value("--config") { return path }
        if let path = Environment.value("POSTERN_CONFIG"), !path.isEmpty { return path }
        return "/etc/postern/postern.yaml"
    }

    /// The value of an option, written `--name VALUE` or `--name=VALUE`; nil without the option.
    mutating func value(_ name: String) throws(Mistake) -> String? {
        var found: String?
        var rest: [String] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            if word == name || word.hasPrefix(name + "=") {
                if found != nil { throw Mistake(text: "\(name) is given twice") }
                if word == name {
                    index += 1
                    guard index < words.count else { throw Mistake(text: "\(name) needs a value") }
                    found = words[index]
                } else {
                    found = String(word.dropFirst(name.count + 1))
                }
            } else {
                rest.append(word)
            }
            index += 1
        }
        words = rest
        return found
    }

    /// Options of the contract that a later version brings, with or without a value.
    func refuseLater(_ names: [String], of command: String) throws(Mistake) {
        for word in words {
            let name = word.prefix { $0 != "=" }
            if names.contains(String(name)) { throw Mistake(text: "`postern \(command) \(name)` is not supported yet") }
        }
    }

    mutating func takeWord() -> String? { words.isEmpty ? nil : words.removeFirst() }

    /// Nothing may be left that nobody understood.
    func finish(_ command: String) throws(Mistake) {
        if let word = words.first {
            throw Mistake(text: "`\(command)` does not know `\(word)`; see `postern help \(command)`")
        }
    }
}
