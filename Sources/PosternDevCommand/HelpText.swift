/// What `--help` prints.
enum HelpText {
    static func about(_ command: String?) -> String? {
        switch command {
        case nil, "help": overview
        case "idp": identityProvider
        case "api": demoAPI
        default: nil
        }
    }

    private static let overview = """
        postern-dev: everything it takes to try postern on one machine, without configuration

        usage: postern-dev [--listen HOST:PORT]
               postern-dev idp [OPTIONS]
               postern-dev api [OPTIONS]

          (alone)  gateway with a demo page on http://localhost:8080, identity provider on http://127.0.0.1:8081,
                   demo API on 127.0.0.1:8082, in one process
          idp      the identity provider alone
          api      the demo API alone
          help     print this, or help on a command

          --listen HOST:PORT  where the gateway listens (default 127.0.0.1:8080); its address stays http://localhost:PORT
          --expose            allow an address that other machines can reach

        Exit codes: 0 good, 64 wrong command line, 69 an address is taken or a service unavailable, 70 internal error,
        78 configuration error. Messages go to stderr, results to stdout.
        """

    private static let identityProvider = """
        usage: postern-dev idp [OPTIONS]

        An OpenID provider for development. There are no passwords: its sign-in page asks who you would like to be.

          --listen HOST:PORT   where it listens (default 127.0.0.1:8081)
          --expose             allow an address that other machines can reach
          --issuer URL         its identifier (default: http:// and the address above)
          --layout LAYOUT      plain | okta-org | okta-custom | auth0: paths and token formats of that service (default plain)
          --client ID[:SECRET]=REDIRECT_URI[,REDIRECT_URI…]
                               registers an application, with a secret a confidential one; may come more than once.
                               SECRET may be ${file:PATH} or ${env:NAME}: command lines are not secret.
                               Post-logout URIs: /bff/logout/callback on the same origins.
                               (default: postern=http://localhost:8080/bff/callback and native=yourApp:/callback)
          --api ID:SECRET[=AUDIENCE]
                               registers an API that may ask about tokens made for AUDIENCE (default api://default)
          --users FILE         a JSON list of users; each is an object of claims with at least `sub`
          --access-token-lifetime DURATION
                               (default 5m; 1h in the Okta layouts, 1d in auth0)
          --refresh-grace DURATION
                               how long a replaced refresh token is still accepted (default 0s)
          --no-rotation        refresh tokens stay the same
          --algorithm ALG      what tokens are signed with (default RS256)

        SIGUSR2 makes a new signing key; the old one stays published for two hours.
        """

    private static let demoAPI = """
        usage: postern-dev api [OPTIONS]

        An API that checks the access token of each request and answers with what reached it, tokens shortened.

          /api/events  an event stream: the time, every second
          /api/echo    a WebSocket that sends back what it gets
          …/admin/…    needs the scope demo:admin

          --listen HOST:PORT     where it listens (default 127.0.0.1:8082)
          --expose               allow an address that other machines can reach
          --issuer URL           whose tokens are believed (default http://127.0.0.1:8081)
          --backchannel-url URL  where that provider is reached from here, when it is another address
          --audience URI         what the tokens' `aud` must contain (default api://default)
          --client ID:SECRET     asks the provider about opaque tokens; without it they are refused
        """
}
