import Bytes
import DevIdentityProvider
import HTTPServer
import JOSE
import Time

/// `postern-dev idp`: the development identity provider alone.
struct IdentityProviderCommand {
    let listen: ListenOption
    let settings: DevProviderSettings

    static let standardPort: UInt16 = 8081

    init(_ words: [String]) throws(Mistake) {
        var options = Options(words)
        listen = try ListenOption(&options, standardPort: Self.standardPort)
        let layout = try Self.layout(&options)
        let issuer = try Self.issuer(try options.value("--issuer") ?? listen.origin, layout)
        var clients = try Self.clients(&options)
        if clients.isEmpty { clients = try Self.standardClients() }
        var settings = DevProviderSettings(issuer: issuer, clients: clients)
        settings.isExposed = listen.isExposed
        if let path = try options.value("--users") { settings.users = try Self.users(path) }
        settings.rotatesRefreshTokens = !options.flag("--no-rotation")
        if let grace = try Self.duration("--refresh-grace", &options) { settings.lifetimes.refreshGrace = grace }
        if let lifetime = try Self.duration("--access-token-lifetime", &options) {
            settings.lifetimes.accessToken = lifetime
        }
        if let name = try options.value("--algorithm") {
            guard let algorithm = SignatureAlgorithm(name: name) else {
                throw .usage(
                    "--algorithm takes one of \(SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            settings.signingAlgorithm = algorithm
        }
        self.settings = settings
        try options.finish("postern-dev idp")
    }

    func run() throws(Mistake) {
        let provider: DevProvider
        do {
            provider = try DevProvider(settings)
        } catch {
            throw Self.explain(error)
        }
        let host = try Running.host(provider, on: listen.address, name: "identity provider")
        listen.warn("identity provider")
        Output.result(banner)
        Running.untilStopped(provider: provider)
        host.stop(drain: .seconds(5))
    }

    private var banner: String {
        var lines = [
            "Development identity provider (layout \(settings.issuer.layout.rawValue))",
            "",
            "  issuer     \(settings.issuer.text)",
            "  discovery  \(settings.issuer.discoveryURL)",
        ]
        for (number, client) in settings.clients.enumerated() {
            let kind = client.secret == nil ? "public" : "confidential"
            let purpose =
                client.redirectURIs.isEmpty ? "asks about tokens" : client.redirectURIs.joined(separator: ", ")
            lines.append("  \(number == 0 ? "clients    " : "           ")\(client.id) (\(kind)): \(purpose)")
        }
        lines.append("  users      \(settings.users.summary)")
        lines += ["", "There are no passwords: the sign-in page asks who you would like to be. Ctrl-C stops it."]
        return lines.joined(separator: "\n")
    }

    // MARK: Reading the options

    private static func layout(_ options: inout Options) throws(Mistake) -> ProviderLayout {
        guard let name = try options.value("--layout") else { return .plain }
        guard let layout = ProviderLayout(rawValue: name) else {
            throw .usage(
                "--layout takes one of \(ProviderLayout.allCases.map(\.rawValue).joined(separator: ", ")), not `\(name)`"
            )
        }
        return layout
    }

    static func issuer(_ url: String, _ layout: ProviderLayout) throws(Mistake) -> Issuer {
        do {
            return try Issuer(url, layout: layout)
        } catch {
            switch error {
            case .notAnAddress(let text):
                throw .usage("--issuer takes an http or https address without query and fragment, not `\(text)`")
            case .otherPath(let text, let expected):
                throw .usage(
                    "in the layout \(layout.rawValue) the issuer's path is `\(expected)`: `\(text)` has another")
            }
        }
    }

    private static func clients(_ options: inout Options) throws(Mistake) -> [DevClient] {
        var clients: [DevClient] = []
        let apps = try options.values("--client")
        let apis = try options.values("--api")
        do {
            for argument in apps { clients.append(try DevClient(argument: argument)) }
            for argument in apis { clients.append(try DevClient(apiArgument: argument)) }
        } catch {
            throw .usage(explain(error))
        }
        for index in clients.indices {
            guard let written = clients[index].secret else { continue }
            let secret = try CommandLineSecret.read(written)
            do {
                clients[index] = try clients[index].with(secret: secret)
            } catch {
                throw .configuration(explain(error))
            }
        }
        return clients
    }

    /// What the gateway's samples use: a public client, on the address where `postern` listens by default.
    private static func standardClients() throws(Mistake) -> [DevClient] {
        do {
            return [
                try DevClient(id: "postern", redirectURIs: ["http://localhost:8080/bff/callback"]),
                try DevClient(id: "native", name: "A native application", redirectURIs: ["yourApp:/callback"]),
            ]
        } catch {
            throw .internal(explain(error))
        }
    }

    private static func users(_ path: String) throws(Mistake) -> DevUsers {
        guard let text = SmallFile.read(path) else {
            throw .configuration("the users file \(path) cannot be read, or is larger than 1 MiB")
        }
        do {
            return try DevUsers(parsing: text)
        } catch {
            switch error {
            case .notJSON: throw .configuration("\(path): this is not JSON")
            case .notAList: throw .configuration("\(path): there should be a list of users, each with a `sub`")
            case .noSubject(let index):
                throw .configuration("\(path): user \(index + 1) has no `sub` of 1 to 255 visible ASCII characters")
            case .twice(let subject): throw .configuration("\(path): there are two users with the sub `\(subject)`")
            }
        }
    }

    private static func duration(_ name: String, _ options: inout Options) throws(Mistake) -> Duration? {
        guard let text = try options.value(name) else { return nil }
        guard let duration = DurationText.read(text) else {
            throw .usage("\(name) takes a duration such as 30s or 5m, not `\(text)`")
        }
        return duration
    }

    private static func explain(_ error: DevClientError) -> String {
        switch error {
        case .badArgument(let text): "`\(text)` is not ID[:SECRET]=REDIRECT_URI[,REDIRECT_URI…]"
        case .badAPIArgument(let text): "`\(text)` is not ID:SECRET[=AUDIENCE]"
        case .badIdentifier(let text): "`\(text)` cannot be a client_id: it takes visible ASCII characters"
        case .emptySecret(let id): "the secret of `\(id)` is empty; leave out the colon for a public client"
        case .badRedirectURI(let uri):
            """
            `\(uri)` cannot be a redirect URI: it takes https, http on this machine, or an application's own scheme, \
            and no fragment
            """
        case .nativeWithSecret(let uri):
            "`\(uri)` belongs to a native application, and that cannot keep a secret: leave the secret out"
        }
    }

    static func explain(_ error: DevProviderError) -> Mistake {
        switch error {
        case .clientTwice(let id): .usage("there are two clients with the id `\(id)`")
        case .noUsers: .configuration("there are no users")
        case .fixedOffLoopback: .usage("fixed keys are for this machine only")
        case .cryptography(let error): .internal("no keys could be made: \(error)")
        }
    }
}
