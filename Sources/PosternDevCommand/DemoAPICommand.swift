import Bytes
import DevIdentityProvider
import Fetching
import Formats
import HTTPServer
import Threads

/// `postern-dev api`: the demo API alone.
struct DemoAPICommand {
    let listen: ListenOption
    let settings: DemoAPISettings

    static let standardPort: UInt16 = 8082

    init(_ words: [String]) throws(Mistake) {
        var options = Options(words)
        listen = try ListenOption(&options, standardPort: Self.standardPort)
        let issuer = try options.value("--issuer") ?? "http://127.0.0.1:\(IdentityProviderCommand.standardPort)"
        try Self.requireAddress(issuer, of: "--issuer")
        var settings = DemoAPISettings(issuer: issuer)
        settings.backChannelURL = try options.value("--backchannel-url")
        if let url = settings.backChannelURL { try Self.requireAddress(url, of: "--backchannel-url") }
        if let audience = try options.value("--audience") { settings.audience = audience }
        if let client = try options.value("--client") {
            guard let colon = client.firstIndex(of: ":"), colon != client.startIndex,
                client.index(after: colon) != client.endIndex
            else { throw .usage("--client takes ID:SECRET") }
            settings.introspectionClient = DemoAPISettings.IntrospectionClient(
                id: String(client[..<colon]),
                secret: try CommandLineSecret.read(Secret(String(client[client.index(after: colon)...]))))
        }
        self.settings = settings
        try options.finish("postern-dev api")
    }

    func run() throws(Mistake) {
        let api = try Self.make(settings)
        let host = try Running.host(api, on: listen.address, name: "demo API")
        listen.warn("demo API")
        Output.result(banner)
        Running.untilStopped()
        host.stop(drain: .seconds(5))
    }

    static func make(_ settings: DemoAPISettings) throws(Mistake) -> DemoAPI {
        do {
            return DemoAPI(settings, line: FetchedProviderLine(settings, fetcher: try Fetcher()))
        } catch {
            throw .internal("the thread that calls the provider did not start: error \(error.errno)")
        }
    }

    private var banner: String {
        let opaque = settings.introspectionClient.map { "asked about as \($0.id)" } ?? "refused (see --client)"
        return """
            Demo API: shows what reached it

              address        \(listen.origin)
              issuer         \(settings.issuer)
              audience       \(settings.audience)
              opaque tokens  \(opaque)

            Every request needs `Authorization: Bearer TOKEN`; paths with a segment `admin` also the scope demo:admin.
            Ctrl-C stops it.
            """
    }

    private static func requireAddress(_ text: String, of option: String) throws(Mistake) {
        guard let parts = URLParts(text), ["http", "https"].contains(parts.scheme), parts.query == nil,
            parts.fragment == nil
        else { throw .usage("\(option) takes an http or https address without query and fragment, not `\(text)`") }
    }
}
