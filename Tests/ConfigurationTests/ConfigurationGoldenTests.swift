import Configuration
import Foundation
import Testing

/// A machine that exists only in memory.
enum FakeMachine {
    /// Must never appear in any output.
    static let canary = "canary-7Hq2-do-not-print"

    static let environment = [
        "CLIENT_SECRET": canary, "ISSUER": "https://id.example.com", "EMPTY": "", "WORKERS": "3", "WORD": "canary-word",
        "PORT": "9000", "PLAIN": "http://canary.example.com", "ADDRESS": "canary-host:8080", "PRESET": "okta",
        "METHOD": "private_key_jwt", "PATH_HERE": "/etc/canary", "BRACES": "{canary}",
    ]

    /// Certificates and keys, as `tls/NAME`.
    private static let tls: [String: [UInt8]] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../Fixtures/configuration/tls")
        var found: [String: [UInt8]] = [:]
        for name in ["server.pem", "server.key", "expired.pem", "expired.key", "sealed.key"] {
            found["tls/" + name] = (try? Data(contentsOf: folder.appending(path: name))).map { [UInt8]($0) }
        }
        return found
    }()

    static let files = ConfigurationFiles(
        tls.merging([
            "/run/secrets/client_secret": Array("\(canary)\n".utf8),
            "/run/secrets/session_key": Array("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n".utf8),
            "/run/secrets/two_lines": Array("\(canary)\n\n".utf8),
            "/run/secrets/binary": [0xFF, 0x00],
            "/etc/ssl/extra.pem": Array("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n".utf8),
            "relative/secret": Array(canary.utf8),
            "web/index.html": Array("<!doctype html>".utf8),
        ]) { $1 }, directories: ["/var/lib/postern"])

    static func load(_ text: String) -> ConfigurationResult {
        Configuration.load(bytes: Array(text.utf8), path: "postern.yaml", environment: environment, files: files)
    }
}

@Suite struct ConfigurationGoldenTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures/configuration").standardized

    static let names: [String] = {
        let found = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
        return (found ?? []).filter { $0.hasSuffix(".golden") }.sorted()
    }()

    @Test("A configuration comes to what its fixture says", arguments: names)
    func golden(name: String) throws {
        let url = Self.folder.appending(path: name)
        let parts = try String(contentsOf: url, encoding: .utf8).split(separator: "\n-----\n", maxSplits: 1)
        let input = try #require(parts.first).appending("\n")
        let result = FakeMachine.load(input)
        var outcome = result.problems.map { result.render($0) + "\n" }.joined()
        outcome += result.settings == nil ? "refused\n" : "accepted\n"
        if ProcessInfo.processInfo.environment["POSTERN_WRITE_GOLDENS"] != nil {
            try (input + "-----\n" + outcome).write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(parts.count == 2 && outcome == String(parts[1]))
        }
        #expect(!outcome.contains("canary"), "a secret was printed")
        #expect((result.settings == nil) == !result.errors.isEmpty)
    }

    @Test("There are fixtures")
    func present() { #expect(Self.names.count > 20) }
}
