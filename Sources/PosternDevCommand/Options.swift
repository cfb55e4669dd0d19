/// The words behind a command, taken one option at a time.
struct Options {
    private var words: [String]

    init(_ words: [String]) { self.words = words }

    var wantsHelp: Bool { words.contains("--help") || words.contains("-h") }

    /// Every value of an option, written `--name VALUE` or `--name=VALUE`.
    mutating func values(_ name: String) throws(Mistake) -> [String] {
        var found: [String] = []
        var rest: [String] = []
        var index = words.startIndex
        while index < words.endIndex {
            let word = words[index]
            if word == name {
                index += 1
                guard index < words.endIndex else { throw .usage("\(name) needs a value") }
                found.append(words[index])
            } else if word.hasPrefix(name + "=") {
                found.append(String(word.dropFirst(name.count + 1)))
            } else {
                rest.append(word)
            }
            index += 1
        }
        words = rest
        return found
    }

    /// The value of an option that may come once.
    mutating func value(_ name: String) throws(Mistake) -> String? {
        let found = try values(name)
        guard found.count <= 1 else { throw .usage("\(name) is given twice") }
        return found.first
    }

    /// True when the word is there.
    mutating func flag(_ name: String) -> Bool {
        defer { words.removeAll { $0 == name } }
        return words.contains(name)
    }

    /// Nothing may be left that nobody understood.
    func finish(_ command: String) throws(Mistake) {
        guard let word = words.first else { return }
        throw .usage("`\(command)` does not know `\(word)`; see `\(command) --help`")
    }
}

/// Why the program ends before it has begun.
struct Mistake: Error, Equatable {
    let exit: Exit
    /// What is wrong, and what to do about it.
    let text: String

    static func usage(_ text: String) -> Mistake { Mistake(exit: .usage, text: text) }
    static func configuration(_ text: String) -> Mistake { Mistake(exit: .configuration, text: text) }
    static func unavailable(_ text: String) -> Mistake { Mistake(exit: .unavailable, text: text) }
    static func `internal`(_ text: String) -> Mistake { Mistake(exit: .internalError, text: text) }
}
