import Bytes
import Foundation
import Gateway
import HTTP
import HTTPClient
import HTTPServer
import OpenIDConnect
import Routing
import Sessions
import Sockets
import Telemetry
import Testing

@testable import Configuration

@Suite struct LoadTests {
    private func fixture(_ name: String) throws -> GatewayConfiguration {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/configuration/\(name).golden")
        let input = try String(contentsOf: url, encoding: .utf8).split(separator: "\n-----\n")
        return try #require(FakeMachine.load(String(input[0])).settings)
    }

    @Test("A configuration with ten mistakes lists ten, each with its place")
    func tenMistakes() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/configuration/ten-mistakes.golden")
        let input = try String(contentsOf: url, encoding: .utf8).split(separator: "\n-----\n")
        let result = FakeMachine.load(String(input[0]))
        #expect(result.settings == nil)
        #expect(result.errors.map(\.line) == [1, 2, 5, 7, 8, 9, 11, 13, 16, 17])
        #expect(Set(result.errors.map(\.column)).count > 3)
    }

    @Test("References reach numbers, words and parts of values")
    func references() throws {
        let settings = try fixture("references")
        #expect(settings.gateway.provider.clientSecret?.exposedText == FakeMachine.canary)
        #expect(settings.gateway.provider.audience == "https://api.example.com")
        #expect(settings.gateway.provider.timeout == .seconds(7))
        #expect(
            settings.gateway.provider.authorizationParameters == ["a": "x9000y", "b": "${env:PORT}", "c": "$5"])
        #expect(settings.gateway.workers == 3)
        #expect(!settings.log.access && !settings.gateway.accessLog)
    }

    @Test("A54 settings with secrets print none")
    func secretsInDumps() throws {
        let text = """
            public_url: https://app.example.com
            provider: { issuer: "https://id.example.com", client_id: app, client_secret: "${env:CLIENT_SECRET}" }
            session: { keys: [ "${file:/run/secrets/session_key}" ] }
            upstreams: { api: "http://127.0.0.1:3000" }
            routes:
              - path: /
                upstream: api
                request_headers: { set: { X-Api-Key: "${env:CLIENT_SECRET}" } }
            """
        let settings = try #require(FakeMachine.load(text).settings)
        #expect(settings.gateway.routes.first?.requestHeaders.set.first?.value == FakeMachine.canary)
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings)".contains("canary") && !dumped.contains("canary"))
        #expect(!String(reflecting: settings).contains("canary"))
    }

    @Test("Routes keep their order and all that was said about them")
    func routes() throws {
        let routes = try fixture("routes").gateway.routes
        #expect(routes.map(\.path.text) == ["/api/", "/api/", "/health", "/legacy", "/app", "/"])
        #expect(routes[0].methods == ["GET", "POST"] && routes[0].crossSite == .header && routes[0].token == .none)
        #expect(routes[0].cache == .pass && routes[0].tokenEcho == .refuse)
        #expect(routes[1].unauthenticated == .unauthorized && routes[1].stripsPrefix)
        #expect(routes[1].bodyLimit == 10 << 20)
        #expect(routes[2].path.kind == .exact && routes[2].access == .public)
        #expect(routes[3].identityHeaders == .xForwarded && routes[3].tolerances == [.semicolon, .letterCase])
        #expect(!routes[3].allowsWebSocket)
        #expect(routes[4].access == .optional && routes[4].unauthenticated == .redirect)
        #expect(routes[4].requestHeaders.set.map(\.name) == ["X-User", "X-Tenant"])
        #expect(routes[4].requestHeaders.remove == ["X-Debug"])
        #expect(routes[4].responseHeaders.set.map(\.value) == ["DENY"])
        let cache = [FilesSettings.CacheRule(prefix: "assets/", duration: .seconds(365 * 86400))]
        #expect(routes[5].target == .files(FilesSettings(root: "web", fallback: "index.html", cache: cache)))
    }

    @Test("Upstreams in both forms")
    func upstreams() throws {
        let upstreams = try fixture("upstreams").gateway.upstreams
        #expect(upstreams.map(\.name) == ["api", "socket", "remote"])
        #expect(upstreams[1].servers.map(\.description) == ["unix:/run/app.sock"])
        #expect(upstreams[2].connectTimeout == .seconds(2) && upstreams[2].responseTimeout == .seconds(120))
        #expect(upstreams[2].keepAlive == 16 && upstreams[2].keepAliveTimeout == .seconds(3))
        #expect(upstreams[2].dnsRefresh == .seconds(60) && upstreams[2].tolerate == [.plainHTTP])
    }

    @Test("E45 a number of sessions a user may have is taken as written")
    func perUser() throws {
        #expect(try fixture("session-per-user").gateway.session.perUser == 2)
    }

    @Test("Sessions")
    func session() throws {
        let session = try fixture("session").gateway.session
        #expect(session.store == .sqlite(path: "./data/sessions.db"))
        #expect(session.keys.map(\.count) == [32])
        #expect(session.cookie == "__Host-app" && session.sameSite == .strict)
        #expect(session.idleTimeout == .seconds(900) && session.lifetime == .seconds(28800))
        #expect(session.cache == .sessions(100_000) && session.perUser == 0 && session.audit == .zero)
    }

    @Test("The process")
    func process() throws {
        let settings = try fixture("process")
        #expect(settings.gateway.endpointsPrefix == "/auth/bff" && settings.gateway.workers == 0)
        #expect(settings.log.level == .debug && settings.log.format == .text && !settings.log.access)
        #expect(settings.gateway.messageLimits.requestLine == 16384 && settings.gateway.messageLimits.headers == 200)
        #expect(settings.gateway.server.headerTimeout == .seconds(5) && settings.gateway.server.connections == 1000)
        #expect(settings.gateway.server.idleTimeout == .seconds(60) && settings.gateway.server.drain == .seconds(5))
        #expect(try fixture("admin-off").administration == nil)
    }

    @Test("Relative paths begin at the configuration file, and $STATE_DIRECTORY is where sessions go")
    func places() throws {
        let files = ConfigurationFiles(
            [
                "/etc/postern/secret": Array("s".utf8), "/etc/postern/web/index.html": [],
                "/etc/postern/postern.yaml": Array(
                    """
                    public_url: https://app.example.com
                    provider: { issuer: "https://id.example.com", client_id: app, client_secret: "${file:secret}" }
                    routes: [ { path: /, files: { root: ./web } } ]
                    """.utf8),
            ])
        let result = Configuration.load(
            path: "/etc/postern/postern.yaml", environment: ["STATE_DIRECTORY": "/var/lib/a:/var/lib/b"], files: files)
        #expect(result.problems == [])
        let gateway = try #require(result.settings).gateway
        #expect(gateway.session.store == .sqlite(path: "/var/lib/a/sessions.db"))
        #expect(gateway.routes.first?.target == .files(FilesSettings(root: "/etc/postern/web")))
    }

    @Test("A file that is not there is one problem")
    func missing() {
        let result = Configuration.load(path: "/nowhere.yaml", environment: [:], files: ConfigurationFiles([:]))
        #expect(
            result.problems.map(\.rendered)
                == [
                    "/nowhere.yaml:1:1: error: the file cannot be read: No such file or directory "
                        + "(--config or $POSTERN_CONFIG names another)"
                ])
    }

    @Test("The real file system is read the same way")
    func system() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "postern.yaml")
        try Data("log: { level: loud }\n".utf8).write(to: file)
        let result = Configuration.load(path: file.path(), environment: [:])
        #expect(result.problems.contains { $0.rendered.hasPrefix("\(file.path()):1:15: error: `log.level`") })
        #expect(ConfigurationFiles.system.kind(folder.path()) == .directory)
        #expect(ConfigurationFiles.system.kind("/dev/null") == .other)
        #expect(ConfigurationFiles.system.kind("/nowhere") == nil)
        let unreadable = Configuration.load(path: folder.path(), environment: [:])
        #expect(unreadable.problems.first?.message == "the file cannot be read: Is a directory")
    }
}
