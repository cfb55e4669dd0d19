import Sockets

/// `postern`: reads the command line and runs one command.
@main
enum Command {
    static func main() {
        // Before any thread exists, so that every thread inherits it.
        Signals.block()
        let words = Array(CommandLine.arguments.dropFirst())
        switch Invocation(words) {
        case .serve(let config): Exit.end(ServeCommand(config).run())
        case .check(let config): Exit.end(CheckCommand(config).run())
        case .health(let config): Exit.end(HealthCommand(config).run())
        case .pkce(let verifier): Exit.end(PKCECommand(verifier).run())
        case .keygen: Exit.end(KeygenCommand().run())
        case .version: Exit.end(VersionCommand().run())
        case .help(let topic): Exit.end(HelpCommand(topic).run())
        case .mistake(let text):
            Output.complain(text)
            Exit.end(.usage)
        }
    }
}
