import Bytes
import Gateway
import HTTPClient
import OpenIDConnect
import Routing
import Sessions
import Sockets
import Telemetry
import Threads
import Time

/// The gateway of `postern-dev`: the product itself, with settings that need no file.
final class DevGateway {
    /// Where everything is.
    struct Plan {
        let listen: ListenAddress
        let publicURL: String
        let issuer: String
        let clientID: String
        let clientSecret: Secret
        /// `http://host:port` of the demo API.
        let api: String
        /// The demo page's unix socket.
        let page: String
        /// The file of the sessions' database.
        let database: String
    }

    private let process: GatewayProcess
    private let writer: LogWriter

    init(_ plan: Plan) throws(Mistake) {
        let settings = try Self.settings(plan)
        do {
            writer = try LogWriter(format: .text)
        } catch {
            throw .internal("the log's thread did not start")
        }
        let log = Logger(writer: writer, level: .info, format: .text)
        process = try Self.started(settings, log)
    }

    /// Waits for the asynchronous start: the main thread has nothing else to do.
    private static func started(_ settings: GatewaySettings, _ log: Logger) throws(Mistake) -> GatewayProcess {
        let outcome = Locked<Result<GatewayProcess, Mistake>?>(nil)
        let done = Semaphore()
        Task(priority: .medium) {
            let result = await start(settings, log)
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { throw .internal("the gateway did not start") }
        return try result.get()
    }

    private static func start(_ settings: GatewaySettings, _ log: Logger) async -> Result<GatewayProcess, Mistake> {
        do throws(GatewayStartError) {
            var inheritance = Inheritance()
            let process = try await GatewayProcess(
                settings, inheritance: &inheritance, log: log, registry: MetricRegistry(),
                fatal: { text in
                    Output.complain(text)
                    Exit.end(.configuration)
                })
            return .success(process)
        } catch {
            return .failure(explain(error))
        }
    }

    /// Lets running requests end.
    func stop() {
        let process = process
        let done = Semaphore()
        Task(priority: .medium) {
            await process.stop()
            done.signal()
        }
        done.wait()
        writer.close()
    }

    private static func explain(_ error: GatewayStartError) -> Mistake {
        if case .listen(let error) = error { return .unavailable(Running.explanation(of: error)) }
        return Mistake(exit: Exit(rawValue: error.exitCode) ?? .internalError, text: "\(error)")
    }

    private static func settings(_ plan: Plan) throws(Mistake) -> GatewaySettings {
        var provider = ProviderSettings(issuer: plan.issuer, clientID: plan.clientID)
        provider.clientSecret = plan.clientSecret
        provider.scopes = ["openid", "profile", "email", "groups", "roles", "offline_access"]
        // This one program may: it brings the provider itself, and both are on this machine.
        provider.tolerate = [.developmentProvider]
        var session = SessionSettings()
        session.store = .sqlite(path: plan.database)
        guard let api = UpstreamServer(plan.api), let page = UpstreamServer("unix:" + plan.page) else {
            throw .internal("the demo's upstreams were refused")
        }
        do {
            var site = RouteSettings(path: try PathPattern(prefix: "/"), target: .upstream("page"))
            site.access = .public
            return GatewaySettings(
                publicURLs: [plan.publicURL], listeners: [ListenerSettings(address: plan.listen)], provider: provider,
                session: session,
                upstreams: [
                    UpstreamSettings(name: "api", servers: [api]), UpstreamSettings(name: "page", servers: [page]),
                ],
                routes: [RouteSettings(path: try PathPattern(prefix: "/api/"), target: .upstream("api")), site])
        } catch {
            throw .internal("the demo's routes were refused: \(error)")
        }
    }
}
