import Bytes
import Configuration

extension FuzzTarget {
    /// A configuration file on a machine that has the secrets it may ask for.
    static let configuration = FuzzTarget(name: "configuration") { input in
        let bytes = Array(input)
        let result = Configuration.load(bytes: bytes, path: "postern.yaml", environment: environment, files: files)
        require((result.settings == nil) == !result.errors.isEmpty, "settings and errors, or neither")
        // YAML ends lines in more ways than one; the last line has an end, too.
        let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 2
        let text = String(decoding: bytes, as: UTF8.self)
        for problem in result.problems {
            require((1...max(1, lines + exotic(text))).contains(problem.line), "line \(problem.line) of \(lines)")
            require(problem.column >= 1 && problem.column <= bytes.count + 2, "column \(problem.column)")
            let message = result.render(problem)
            require(message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a message that is not one line: \(message)")
            require(!message.contains(canary) || text.contains(canary), "a secret is printed: \(message)")
        }
    }

    /// NEL, LS and PS, which YAML 1.1 takes for line ends.
    private static func exotic(_ text: String) -> Int {
        text.unicodeScalars.count { [0x85, 0x2028, 0x2029].contains($0.value) }
    }

    private static let canary = "canary-7Hq2"
    private static let environment = [
        "SECRET": canary, "ISSUER": "https://id.example.com", "EMPTY": "", "WORKERS": "3", "PORT": "9000",
    ]
    private static let files = ConfigurationFiles(
        [
            "/run/secrets/client_secret": Array("\(canary)\n".utf8),
            "/run/secrets/session_key": Array("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n".utf8),
            "/run/secrets/binary": [0xFF, 0x00],
            "/etc/ssl/extra.pem": Array("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n".utf8),
            "web/index.html": Array("<!doctype html>".utf8),
        ], directories: ["/var/lib/postern"])
}
