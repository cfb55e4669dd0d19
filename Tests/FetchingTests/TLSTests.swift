import Formats
import Foundation
import TestSupport
import Testing

@testable import Fetching

/// Certificates made by the `openssl` program, and a TLS peer in Python, for one test.
private final class TLSPeer {
    let directory: URL
    let port: Int
    private let server: ChildProcess

    /// `name` is the one in the certificate; `version` the only TLS version that is spoken.
    init(
        name: String, selfSigned: Bool = false, dates: (from: String, to: String)? = nil, version: String? = nil
    ) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("postern-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let folder = directory
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try Self.run(
            [
                "openssl", "req", "-x509", "-subj", "/CN=Test CA", "-days", "2", "-keyout", path("ca.key"), "-out",
                path("ca.pem"),
            ]
                + key)
        let san = name.first?.isNumber == true ? "IP:\(name)" : "DNS:\(name)"
        if selfSigned {
            try Self.run(
                [
                    "openssl", "req", "-x509", "-subj", "/CN=\(name)", "-days", "2", "-addext", "subjectAltName=\(san)",
                    "-keyout", path("key.pem"), "-out", path("cert.pem"),
                ] + key)
        } else {
            try Self.run(
                ["openssl", "req", "-subj", "/CN=\(name)", "-keyout", path("key.pem"), "-out", path("request.pem")]
                    + key)
            try "subjectAltName=\(san)\n".write(toFile: path("extensions"), atomically: true, encoding: .utf8)
            let (from, to) = dates ?? ("20200101000000Z", "20990101000000Z")
            try "unique_subject = no\n".write(toFile: path("index.attr"), atomically: true, encoding: .utf8)
            try "".write(toFile: path("index"), atomically: true, encoding: .utf8)
            try """
            [ca]
            default_ca = x
            [x]
            database = \(path("index"))
            new_certs_dir = \(folder.path)
            rand_serial = yes
            default_md = sha256
            policy = p
            [p]
            commonName = supplied
            """.write(toFile: path("ca.conf"), atomically: true, encoding: .utf8)
            try Self.run([
                "openssl", "ca", "-batch", "-config", path("ca.conf"), "-cert", path("ca.pem"), "-keyfile",
                path("ca.key"),
                "-startdate", from, "-enddate", to, "-extfile", path("extensions"), "-in", path("request.pem"), "-out",
                path("cert.pem"), "-notext",
            ])
        }
        let script = """
            import http.server, ssl, sys
            class H(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def do_GET(self):
                    body = repr(self.connection.getpeercert() or {}).encode()
                    self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
                    self.wfile.write(body)
                def log_message(self, *a): pass
            s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            if len(sys.argv) > 2:
                c.minimum_version = c.maximum_version = ssl.TLSVersion[sys.argv[2]]
                c.set_ciphers("ALL:@SECLEVEL=0")
            c.load_cert_chain(sys.argv[1] + "/cert.pem", sys.argv[1] + "/key.pem")
            c.load_verify_locations(sys.argv[1] + "/ca.pem"); c.verify_mode = ssl.CERT_OPTIONAL
            s.socket = c.wrap_socket(s.socket, server_side=True, do_handshake_on_connect=False)
            print(s.server_address[1], flush=True)
            s.serve_forever()
            """
        let server = try ChildProcess(["python3", "-c", script, folder.path] + (version.map { [$0] } ?? []))
        self.server = server
        var announced: Int?
        try eventually("port of the TLS peer") {
            // Behind warnings, and only when its line is whole.
            announced =
                server.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .compactMap { Int($0) }.first
            return announced != nil
        }
        port = try #require(announced)
    }

    deinit {
        server.end()
        try? FileManager.default.removeItem(atPath: server.log)
        try? FileManager.default.removeItem(at: directory)
    }

    var ca: String { directory.appendingPathComponent("ca.pem").path }

    private static func run(_ command: [String]) throws {
        let (code, output) = try ChildProcess.run(command)
        try #require(code == 0, "\(output)")
    }
}

@Suite("TLS of the back channel") struct TLSTests {
    private func fetch(_ peer: TLSPeer, host: String = "127.0.0.1", _ trust: FetchTrust) async throws -> FetchResponse {
        let fetcher = try Fetcher()
        var request = FetchRequest(url: "https://\(host):\(peer.port)/")
        request.trust = trust
        return try await fetcher.fetch(request)
    }

    @Test("B1 a certificate of the configured CA with the right name is believed, and only with that CA")
    func good() async throws {
        let peer = try TLSPeer(name: "127.0.0.1")
        let response = try await fetch(peer, FetchTrust(ca: peer.ca))
        #expect(response.status == 200)
        #expect(response.scope == .loopback)
        await #expect(throws: FetchFailure.tls(.untrusted)) { try await fetch(peer, FetchTrust()) }
    }

    @Test("B1 a connection opened under one trust does not serve another")
    func trustIsPartOfTheConnection() async throws {
        let peer = try TLSPeer(name: "127.0.0.1")
        let fetcher = try Fetcher()
        var request = FetchRequest(url: "https://127.0.0.1:\(peer.port)/")
        request.trust.ca = peer.ca
        #expect(try await fetcher.fetch(request).status == 200)
        request.trust.ca = nil
        let untrusting = request
        await #expect(throws: FetchFailure.tls(.untrusted)) { try await fetcher.fetch(untrusting) }
    }

    @Test("B1 a self-signed certificate is refused")
    func selfSigned() async throws {
        let peer = try TLSPeer(name: "127.0.0.1", selfSigned: true)
        await #expect(throws: FetchFailure.tls(.untrusted)) { try await fetch(peer, FetchTrust(ca: peer.ca)) }
    }

    @Test("B1 a certificate for another name is refused")
    func wrongName() async throws {
        let peer = try TLSPeer(name: "idp.example.com")
        for host in ["127.0.0.1", "localhost"] {
            await #expect(throws: FetchFailure.tls(.wrongName)) {
                try await fetch(peer, host: host, FetchTrust(ca: peer.ca))
            }
        }
    }

    @Test("B1 an expired certificate is refused")
    func expired() async throws {
        let peer = try TLSPeer(name: "127.0.0.1", dates: ("20200101000000Z", "20210101000000Z"))
        await #expect(throws: FetchFailure.tls(.expired)) { try await fetch(peer, FetchTrust(ca: peer.ca)) }
    }

    @Test("B1 a certificate of the future is refused")
    func notYetValid() async throws {
        let peer = try TLSPeer(name: "127.0.0.1", dates: ("20980101000000Z", "20990101000000Z"))
        await #expect(throws: FetchFailure.tls(.notYetValid)) { try await fetch(peer, FetchTrust(ca: peer.ca)) }
    }

    @Test("TLS below 1.2 is refused")
    func oldVersion() async throws {
        let peer = try TLSPeer(name: "127.0.0.1", version: "TLSv1_1")
        await #expect(throws: FetchFailure.tls(.handshake)) { try await fetch(peer, FetchTrust(ca: peer.ca)) }
    }

    @Test("A CA file that cannot be read is named as such")
    func missingFile() async throws {
        let peer = try TLSPeer(name: "127.0.0.1")
        await #expect(throws: FetchFailure.tls(.localFiles)) {
            try await fetch(peer, FetchTrust(ca: "/nonexistent.pem"))
        }
    }

    @Test("A client certificate is shown to servers that ask")
    func clientCertificate() async throws {
        let peer = try TLSPeer(name: "127.0.0.1")
        let folder = peer.directory.path
        let trust = FetchTrust(ca: peer.ca, certificate: folder + "/cert.pem", key: folder + "/key.pem")
        let body = String(decoding: try await fetch(peer, trust).body, as: UTF8.self)
        #expect(body.contains("commonName"))
    }

    @Test("https to a peer that speaks plain http fails in the handshake")
    func notTLS() async throws {
        let peer = try LoopbackPeer { _, _ in ok("") }
        defer { peer.stop() }
        let fetcher = try Fetcher()
        var request = FetchRequest(url: "https://127.0.0.1:\(peer.port)/")
        request.timeout = .milliseconds(200)
        let call = request
        await #expect(throws: FetchFailure.connectTimeout) { try await fetcher.fetch(call) }
        #expect(peer.requests.isEmpty)
    }
}
