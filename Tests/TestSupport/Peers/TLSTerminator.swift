import Foundation

/// nginx in front of the gateway, by the very file that `deploy/nginx` offers: only ports and certificate are others.
///
/// The site stays `app.example.com`; browsers are told where that is (``browserSwitches``).
package final class TLSTerminator {
    package static let host = "app.example.com"
    package static let origin = "https://\(host)"

    package let port: Int
    private let nginx: Nginx
    private let keyDigest: String

    /// - Parameters:
    ///   - sample: the text of `deploy/nginx/postern.conf`.
    ///   - gateway: the port on which the gateway listens.
    package init(sample: String, gateway: Int) throws {
        port = try freePort()
        let directory = try TemporaryFolder("nginx")
        let path = directory.path
        keyDigest = try Self.certify(path)
        var site = sample
        for (line, ours) in [
            ("server 127.0.0.1:8080;", "server 127.0.0.1:\(gateway);"),
            ("listen 443 ssl;", "listen 127.0.0.1:\(port) ssl;"),
            ("ssl_certificate /etc/ssl/app.example.com.pem;", "ssl_certificate \(path)/certificate.pem;"),
            ("ssl_certificate_key /etc/ssl/private/app.example.com.key;", "ssl_certificate_key \(path)/key.pem;"),
        ] {
            guard site.components(separatedBy: line).count == 2 else {
                throw NeverHappened(description: "the sample for nginx has not one `\(line)`")
            }
            site = site.replacingOccurrences(of: line, with: ours)
        }
        try site.write(toFile: path + "/postern.conf", atomically: true, encoding: .utf8)
        nginx = try Nginx(on: port, site: "include \(path)/postern.conf;", in: directory)
    }

    /// Where the site is, and that its self-signed certificate is good: this one key, nothing else.
    package var browserSwitches: [String] {
        [
            "--host-resolver-rules=MAP \(Self.host):443 127.0.0.1:\(port)",
            "--ignore-certificate-errors-spki-list=\(keyDigest)",
        ]
    }

    /// Makes `key.pem` and `certificate.pem`; gives the digest of the public key, base64.
    private static func certify(_ path: String) throws -> String {
        func openssl(_ words: [String]) throws -> String {
            let outcome = try ChildProcess.run(["/usr/bin/openssl"] + words)
            guard outcome.code == 0 else { throw NeverHappened(description: "openssl: \(outcome.output)") }
            return outcome.output
        }
        _ = try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)",
            "-keyout", path + "/key.pem", "-out", path + "/certificate.pem",
        ])
        _ = try openssl(["pkey", "-in", path + "/key.pem", "-pubout", "-outform", "DER", "-out", path + "/public.der"])
        _ = try openssl(["dgst", "-sha256", "-binary", "-out", path + "/digest", path + "/public.der"])
        return try Data(contentsOf: URL(fileURLWithPath: path + "/digest")).base64EncodedString()
    }
}
