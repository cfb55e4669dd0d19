import Foundation

/// A certificate authority of a test, made by the `openssl` program.
package final class TestAuthority {
    /// Files of a certificate and its key.
    package struct Pair: Sendable {
        package let certificate: String
        package let key: String

        package var certificateBytes: [UInt8] { get throws { try bytes(certificate) } }
        package var keyBytes: [UInt8] { get throws { try bytes(key) } }

        private func bytes(_ path: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        }
    }

    package let folder: TemporaryFolder
    /// The authority's own certificate.
    package let root: Pair
    private var count = 0

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    package init(name: String = "Test authority") throws {
        folder = try TemporaryFolder("authority")
        root = Pair(certificate: folder.path + "/root.pem", key: folder.path + "/root.key")
        try Self.run(
            ["req", "-x509", "-days", "30", "-subj", "/CN=\(name)", "-keyout", root.key, "-out", root.certificate]
                + Self.key)
    }

    package var rootBytes: [UInt8] { get throws { try root.certificateBytes } }

    /// A certificate for names and addresses.
    ///
    /// - Parameters:
    ///   - names: `a.test`, `*.a.test`, `127.0.0.1`.
    ///   - days: until it expires; -1 has expired a day ago.
    package func issue(_ names: String..., days: Int = 30) throws -> Pair {
        count += 1
        let base = folder.path + "/\(count)"
        let pair = Pair(certificate: base + ".pem", key: base + ".key")
        let list = names.map { ($0.allSatisfy { $0.isNumber || $0 == "." } ? "IP:" : "DNS:") + $0 }.joined(
            separator: ",")
        try Self.run(
            [
                "req", "-new", "-subj", "/CN=test \(count)", "-addext", "subjectAltName=\(list)", "-addext",
                "basicConstraints=critical,CA:FALSE", "-keyout", pair.key, "-out", base + ".request",
            ] + Self.key)
        try Self.run([
            "x509", "-req", "-in", base + ".request", "-days", "\(days)", "-CA", root.certificate, "-CAkey", root.key,
            "-copy_extensions", "copyall", "-out", pair.certificate,
        ])
        return pair
    }

    /// Runs `openssl` and throws what it says when it fails.
    package static func run(_ arguments: [String]) throws {
        let (code, output) = try ChildProcess.run(["/usr/bin/openssl"] + arguments)
        if code != 0 { throw NeverHappened(description: "openssl \(arguments): \(output)") }
    }
}

extension TestAuthority {
    /// Puts a copy of a file in the place of another, as one step.
    package static func copy(_ source: String, _ target: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: target), options: .atomic)
    }
}
