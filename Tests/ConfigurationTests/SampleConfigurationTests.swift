import Administration
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

/// The files in `config/`, where users begin.
@Suite struct SampleConfigurationTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../config").standardized

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Self.folder.appending(path: name)))
    }

    private func load(_ name: String) throws -> ConfigurationResult {
        Configuration.load(
            bytes: try bytes(name), path: "config/\(name)", environment: FakeMachine.environment,
            files: FakeMachine.files)
    }

    @Test("The reference parses to exactly the defaults")
    func defaults() throws {
        let result = try load("reference.yaml")
        #expect(result.errors.map(\.rendered) == [])
        let settings = try #require(result.settings)
        let gateway = settings.gateway
        #expect(gateway.publicURLs == ["https://app.example.com"])
        #expect(gateway.listeners == [ListenerSettings(address: .tcp(host: "0.0.0.0", port: 8080))])
        #expect(gateway.workers == 0 && gateway.endpointsPrefix == "/bff" && gateway.accessLog)
        #expect(gateway.provider == ProviderSettings(issuer: "https://id.example.com", clientID: "postern"))
        var session = SessionSettings()
        session.store = .standard(stateDirectory: nil)
        #expect(gateway.session == session)
        let server = try #require(UpstreamServer("http://127.0.0.1:3000"))
        #expect(gateway.upstreams == [UpstreamSettings(name: "api", servers: [server])])
        #expect(gateway.routes == [RouteSettings(path: try PathPattern(prefix: "/"), target: .upstream("api"))])
        #expect(gateway.messageLimits == HTTPLimits())
        #expect(gateway.server == ServerSettings())
        var administration = AdministrationSettings()
        administration.socket = AdministrationSocket(path: "/var/lib/postern/admin.sock", isStandard: true)
        #expect(settings.administration == administration)
        #expect(settings.log == LogSettings())
    }

    @Test("The reference holds every key there is")
    func complete() throws {
        let context = ReadingContext(file: "reference.yaml", environment: [:], files: FakeMachine.files)
        let root = try #require(YAMLTree(try bytes("reference.yaml")).root)
        _ = ConfigurationReader(context: context).read(root)
        // Each in the place of another key, or the gate to what comes later.
        let absent: Set = ["providers", "compatibility", "routes[0].exact", "routes[0].files"]
        let missing = context.knownKeys.subtracting(keys(of: root, below: "")).subtracting(absent)
        #expect(missing == [])
        #expect(context.knownKeys.count > 100)
    }

    /// Every key of a tree with the keys that lead to it.
    private func keys(of node: YAMLNode, below path: String) -> Set<String> {
        switch node.content {
        case .scalar: return []
        case .sequence(let nodes):
            return nodes.enumerated().reduce(into: []) {
                $0.formUnion(keys(of: $1.element, below: "\(path)[\($1.offset)]"))
            }
        case .mapping(let entries):
            return entries.reduce(into: []) { found, entry in
                let name = path.isEmpty ? entry.key : "\(path).\(entry.key)"
                found.insert(name)
                found.formUnion(keys(of: entry.value, below: name))
            }
        }
    }

    @Test(
        "The samples are accepted without a warning",
        arguments: ["minimal.yaml", "okta-org.yaml", "okta-custom.yaml", "auth0.yaml", "keycloak.yaml", "vite.yaml"])
    func samples(name: String) throws {
        let result = try load(name)
        #expect(result.problems.map(\.rendered) == [])
        let gateway = try #require(result.settings).gateway
        #expect(gateway.provider.clientSecret?.exposedText == FakeMachine.canary)
        let text = String(decoding: try bytes(name), as: UTF8.self)
        let origin = try #require(gateway.publicURLs.first)
        for uri in ["/bff/callback", "/bff/logout/callback"] { #expect(text.contains("\(origin)\(uri)")) }
    }

    @Test("What the samples teach about their providers is in the settings")
    func habits() throws {
        let auth0 = try #require(try load("auth0.yaml").settings).gateway.provider
        #expect(auth0.issuer.hasSuffix("/") && auth0.audience != nil)
        let org = try #require(try load("okta-org.yaml").settings).gateway
        #expect(org.routes.allSatisfy { $0.token == .none })
        let keycloak = try #require(try load("keycloak.yaml").settings).gateway.provider
        let vite = try #require(try load("vite.yaml").settings).gateway
        #expect(vite.routes.last?.token == UpstreamToken.none && vite.routes.allSatisfy { $0.allowsWebSocket })
        #expect(keycloak.claims.roles == "realm_access.roles" && keycloak.scopes?.contains("offline_access") == false)
    }
}
