import Bytes
import Cryptography
import DevIdentityProvider
import Formats
import HTTPServer
import Sockets
import Time

/// `postern-dev`: gateway, identity provider, demo API and demo page in one process, without configuration.
///
/// The provider is on 127.0.0.1 and the gateway on localhost: two sites to a browser, as in life.
struct WholeCommand {
    private let listen: ListenOption

    private static let standardPort: UInt16 = 8080

    init(_ words: [String]) throws(Mistake) {
        var options = Options(words)
        listen = try ListenOption(&options, standardPort: Self.standardPort)
        try options.finish("postern-dev")
    }

    func run() throws(Mistake) {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let apiSecret = try Self.secret()
        let plan = DevGateway.Plan(
            listen: listen.address, publicURL: "http://localhost:\(listen.port)",
            issuer: "http://127.0.0.1:\(IdentityProviderCommand.standardPort)",
            clientID: "postern-demo", clientSecret: try Self.secret(),
            api: "http://127.0.0.1:\(DemoAPICommand.standardPort)", page: directory.path + "/page.sock",
            database: directory.path + "/sessions.db")

        let users = DevUsers.standard
        let provider = try provider(plan, users: users, apiSecret: apiSecret)
        let providerHost = try Running.host(
            provider, on: .tcp(host: "127.0.0.1", port: IdentityProviderCommand.standardPort),
            name: "identity provider", isMovable: false)
        var apiSettings = DemoAPISettings(issuer: plan.issuer)
        apiSettings.introspectionClient = DemoAPISettings.IntrospectionClient(id: Self.apiClientID, secret: apiSecret)
        let apiHost = try Running.host(
            try DemoAPICommand.make(apiSettings), on: .tcp(host: "127.0.0.1", port: DemoAPICommand.standardPort),
            name: "demo API", isMovable: false)
        let pageHost = try Running.host(DemoPage(), on: .unix(path: plan.page), name: "demo page", isMovable: false)
        let gateway = try DevGateway(plan)
        listen.warn("gateway")
        Output.result(banner(plan, users))

        Running.untilStopped(provider: provider)
        gateway.stop()
        for host in [pageHost, apiHost, providerHost] { host.stop() }
    }

    private static let apiClientID = "demo-api"

    private func provider(_ plan: DevGateway.Plan, users: DevUsers, apiSecret: Secret) throws(Mistake) -> DevProvider {
        let issuer = try IdentityProviderCommand.issuer(plan.issuer, .plain)
        var clients: [DevClient] = []
        do {
            clients = [
                try DevClient(
                    id: plan.clientID, name: "postern demo", secret: plan.clientSecret,
                    redirectURIs: [plan.publicURL + "/bff/callback"]),
                try DevClient(id: Self.apiClientID, secret: apiSecret, asAPI: DemoAPISettings.standardAudience),
            ]
        } catch {
            throw .internal("the demo's clients were refused: \(error)")
        }
        do {
            return try DevProvider(DevProviderSettings(issuer: issuer, clients: clients))
        } catch {
            throw IdentityProviderCommand.explain(error)
        }
    }

    /// Nobody has to type these, so nobody has to know them.
    private static func secret() throws(Mistake) -> Secret {
        do {
            return Secret(Base64URL.encode(try RandomBytes.make(32)))
        } catch {
            throw .internal("the system gives no randomness")
        }
    }

    private func banner(_ plan: DevGateway.Plan, _ users: DevUsers) -> String {
        """
        postern-dev is running. Open

          \(plan.publicURL)

        and sign in as one of \(users.summary). There are no passwords.

          gateway            \(listen.address)
          identity provider  \(plan.issuer)
          demo API           \(plan.api)

        Sessions are kept in a temporary file and end with the program. Ctrl-C stops it.
        """
    }
}
