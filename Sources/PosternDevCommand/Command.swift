import Sockets

/// `postern-dev`: reads the command line and runs one part, or all of them.
@main
enum Command {
    static func main() {
        // Before any thread exists, so that every thread inherits it.
        Signals.block()
        do throws(Mistake) {
            try run(Array(CommandLine.arguments.dropFirst()))
            Exit.end(.good)
        } catch {
            Output.complain(error.text)
            Exit.end(error.exit)
        }
    }

    private static func run(_ words: [String]) throws(Mistake) {
        let command = words.first.flatMap { $0.hasPrefix("-") ? nil : $0 }
        let rest = command == nil ? words : Array(words.dropFirst())
        if command == "help" { return try help(rest.first) }
        if Options(rest).wantsHelp { return try help(command) }
        switch command {
        case nil: try WholeCommand(rest).run()
        case "idp": try IdentityProviderCommand(rest).run()
        case "api": try DemoAPICommand(rest).run()
        case let name?: throw .usage("there is no command `\(name)`; `postern-dev help` lists them")
        }
    }

    private static func help(_ topic: String?) throws(Mistake) {
        guard let text = HelpText.about(topic) else {
            throw .usage("there is no command `\(topic ?? "")`; `postern-dev help` lists them")
        }
        Output.result(text)
    }
}
