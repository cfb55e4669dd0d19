import Bytes
import Foundation
import TestSupport
import Testing
import Time

@testable import TLS

@Suite struct TLSTrustTests {
    let lab: TLSLab

    init() throws { lab = try TLSLab.shared.get() }

    /// How a client that asks for `host` fares.
    private func verdict(_ server: TLSServerContext, _ client: TLSClientContext, _ host: String) throws -> String {
        let pair = try TLSPair(server, client, host: host)
        pair.pump()
        if pair.clientNews == .failed {
            #expect(pair.client.isHandshaking && pair.serverNews == .failed)
            #expect(pair.server.failureReason?.description == "alert_certificate")
        }
        return pair.client.failureReason?.description ?? (pair.client.isHandshaking ? "unfinished" : "well")
    }

    @Test("B1, E32 a server is believed by its name or address, its authority and its time, each by default")
    func belief() throws {
        let (server, client) = (try lab.server(), try lab.client())
        #expect(try verdict(server, client, "a.test") == "well")
        #expect(try verdict(server, client, "127.0.0.1") == "well")
        #expect(try verdict(server, client, "b.test") == "certificate_wrong_name")
        #expect(try verdict(server, client, "127.0.0.2") == "certificate_wrong_name")
        #expect(try verdict(server, client, "x.a.test") == "certificate_wrong_name")
        #expect(try verdict(lab.server([lab.expired]), client, "a.test") == "certificate_expired")
        #expect(try verdict(server, TLSClientContext(), "a.test") == "certificate_untrusted")
        #expect(try verdict(lab.server([lab.expired]), lab.client(verifies: false), "nobody.test") == "well")
    }

    @Test("a wildcard stands for one label, whole")
    func wildcards() throws {
        let (server, client) = (try lab.server([lab.wildcard]), try lab.client())
        #expect(try verdict(server, client, "x.a.test") == "well")
        #expect(try verdict(server, client, "a.test") == "certificate_wrong_name")
        #expect(try verdict(server, client, "x.y.a.test") == "certificate_wrong_name")
    }

    @Test("SNI chooses the exact name before a wildcard; who names none gets the first")
    func names() throws {
        let exact = try TestAuthority(name: "second")
        let chosen = try exact.issue("x.a.test")
        let server = try lab.server([lab.pair, lab.wildcard, lab.other, chosen])
        let client = try lab.client()
        #expect(try verdict(server, client, "a.test") == "well")
        #expect(try verdict(server, client, "b.test") == "well")
        #expect(try verdict(server, client, "y.a.test") == "well")
        #expect(try verdict(server, client, "127.0.0.1") == "well")
        #expect(try verdict(server, client, "c.test") == "certificate_wrong_name")
        // The one that is exactly for it comes from an authority that this client does not know.
        #expect(try verdict(server, client, "x.a.test") == "certificate_untrusted")
        let knows = try TLSClientContext(authorities: exact.rootBytes)
        #expect(try verdict(server, knows, "X.A.test") == "well")
    }

    @Test("ALPN: h2 where both want it, http/1.1 otherwise, and none in common is refused (RFC 7301)")
    func protocols() throws {
        func agreed(server: Bool, client: Bool) throws -> ApplicationProtocol? {
            let pair = try TLSPair(lab.server(http2: server), lab.client(http2: client), host: "a.test")
            pair.pump()
            #expect(pair.server.applicationProtocol == pair.client.applicationProtocol)
            return pair.server.applicationProtocol
        }
        #expect(try agreed(server: true, client: true) == .http2)
        #expect(try agreed(server: true, client: false) == .http1)
        #expect(try agreed(server: false, client: true) == .http1)
        let client = try lab.client()
        client.offer("spdy/3")
        let pair = try TLSPair(lab.server(), client, host: "a.test")
        pair.pump()
        #expect(pair.serverNews == .failed && pair.server.failureReason?.description == "no_common_protocol")
        #expect(pair.client.failureReason?.description == "alert_no_application_protocol")
        let silent = try lab.client()
        silent.offer(nil)
        let quiet = try TLSPair(lab.server(), silent, host: "a.test")
        quiet.pump()
        #expect(!quiet.server.isHandshaking && quiet.server.applicationProtocol == nil)
    }

    @Test("files that cannot be used are told apart")
    func files() throws {
        func fault(_ certificate: [UInt8], _ key: [UInt8]) -> TLSSetupError? {
            do throws(TLSSetupError) {
                _ = try TLSIdentity(certificate: certificate, key: key)
                return nil
            } catch {
                return error
            }
        }
        let (certificate, key) = (try lab.pair.certificateBytes, try lab.pair.keyBytes)
        #expect(fault(certificate, key) == nil)
        #expect(fault(key, key) == .noCertificate)
        #expect(fault([], key) == .noCertificate)
        #expect(fault(certificate, []) == .noKey)
        #expect(fault(certificate, certificate) == .noKey)
        #expect(fault(certificate, try lab.other.keyBytes) == .keyMismatch)
        var torn = certificate
        torn.removeSubrange(60..<100)
        #expect(fault(torn, key) == .badCertificate)
        let folder = try TemporaryFolder("keys")
        let (sealed, weak) = (folder.path + "/sealed.key", folder.path + "/weak")
        try TestAuthority.run(["pkey", "-in", lab.pair.key, "-aes256", "-passout", "pass:x", "-out", sealed])
        #expect(fault(certificate, [UInt8](try Data(contentsOf: URL(fileURLWithPath: sealed)))) == .encryptedKey)
        try TestAuthority.run([
            "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=w", "-keyout", weak + ".key", "-out", weak,
        ])
        let identity = try TLSIdentity(
            certificate: [UInt8](try Data(contentsOf: URL(fileURLWithPath: weak))),
            key: [UInt8](try Data(contentsOf: URL(fileURLWithPath: weak + ".key"))))
        #expect(throws: TLSSetupError.tooWeak) { try TLSServerContext([identity], tickets: TicketKeys()) }
        #expect(throws: TLSSetupError.noCertificate) { try TLSClientContext(authorities: Array("nothing".utf8)) }
    }

    @Test("a certificate's time is known")
    func validity() throws {
        let now = Int64(Date().timeIntervalSince1970)
        let good = try lab.identity(lab.pair).validity
        #expect(abs(good.upperBound.seconds - now - 30 * 86400) < 3600 && good.lowerBound.seconds <= now)
        #expect(try lab.identity(lab.expired).validity.upperBound.seconds < now)
    }
}
