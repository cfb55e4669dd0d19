/// `postern help`: what the commands do.
struct HelpCommand {
    private let topic: String?

    init(_ topic: String?) { self.topic = topic }

    func run() -> Exit {
        guard let topic, topic != "help" else {
            Output.result(Self.overview)
            return .good
        }
        guard let text = Self.topics[topic] else {
            Output.complain(
                Invocation.later.contains(topic)
                    ? "`postern \(topic)` is not supported yet"
                    : "there is no command `\(topic)`; `postern help` lists them")
            return .usage
        }
        Output.result(text)
        return .good
    }

    private static let overview = """
        postern: a gateway that signs browsers in and keeps their tokens

        usage: postern COMMAND

          serve    run the gateway
          check    list every problem of a configuration
          health   ask a running gateway whether it is ready
          pkce     print a PKCE verifier and its challenge
          keygen   print a fresh session key
          version  print the version
          help     print this, or help on a command

        Exit codes: 0 good, 1 the answer is no, 64 wrong command line, 69 a needed service is unavailable,
        70 internal error, 78 configuration error. Messages go to stderr, results to stdout.
        """

    private static let configLine = """
          --config FILE   the configuration; else $POSTERN_CONFIG, else /etc/postern/postern.yaml
        """

    private static let topics = [
        "serve": """
        usage: postern serve [--config FILE]

        Runs the gateway until it is told to stop. SIGTERM or SIGINT lets running requests end and then stops
        with 0; a second one stops at once. SIGHUP reads the configuration again. SIGUSR2 starts the program that
        now stands at this one's path, which takes over all listeners without refusing anybody.

        \(configLine)
        """,
        "check": """
        usage: postern check [--config FILE]

        Reads the configuration and lists every problem as FILE:LINE:COLUMN. Ends with 0 when it holds no error,
        warnings or not, else with 78. What only a start can tell is not looked at: whether addresses are free, the
        store can be opened and the provider answers.

        \(configLine)
        """,
        "health": """
        usage: postern health [--config FILE]

        Asks the admin listener of a running gateway for /readyz. Ends with 0 when it is ready, else with 1.

        \(configLine)
        """,
        "pkce": """
        usage: postern pkce [--verifier V]

        Prints a PKCE code verifier and its S256 challenge (RFC 7636) as JSON: the given verifier, or a fresh one.
        """,
        "keygen": """
        usage: postern keygen

        Prints 32 random bytes in base64: a session key for `session.keys`.
        """,
        "version": """
        usage: postern version

        Prints the name and the version of this program on one line.
        """,
    ]
}
