import Foundation
private import TLS

/// A gateway whose routes are public, plain or under TLS, and what its clients need to know.
package final class OpenSite {
    package let upstream: EchoUpstream
    package let gateway: GatewayUnderTest
    private let authority: TestAuthority?
    private let context: TLSClientContext?

    /// - Parameter options: of a plain gateway; listeners and public URL are set here, and the route `/` where there is none.
    package init(secure: Bool, _ options: GatewayUnderTest.Options = .init()) throws {
        upstream = try EchoUpstream()
        let port = try freePort()
        var options = options
        options.routes = options.routes.map { $0.replacingOccurrences(of: " }", with: ", access: public }") }
        if secure {
            let authority = try TestAuthority()
            let pair = try authority.issue("localhost", "127.0.0.1")
            options.publicURL = "https://localhost:\(port)"
            options.listener = ", tls: { certificate: \(pair.certificate), key: \(pair.key) }"
            context = try TLSClientContext(authorities: authority.rootBytes)
            self.authority = authority
        } else {
            (authority, context) = (nil, nil)
        }
        gateway = try GatewayUnderTest(
            issuer: "http://127.0.0.1:9", upstream: upstream.port, port: port, options: options)
    }

    package var port: UInt16 { UInt16(gateway.port) }

    /// The bytes of a request head.
    package func head(_ path: String = "/x", method: String = "GET", _ fields: [String] = []) -> String {
        ([method + " " + path + " HTTP/1.1", "Host: localhost:\(port)"] + fields + ["", ""]).joined(separator: "\r\n")
    }

    /// A connection on which nothing was said yet.
    package func connectRaw(smallBuffers: Bool = false) throws -> ScriptedPeer {
        try RawClient.connect(port: port, smallBuffers: smallBuffers, timeout: .seconds(60))
    }

    /// A client on a connection of its own, its handshake behind it; on `raw` where that is there already.
    package func connect(on raw: ScriptedPeer? = nil, smallBuffers: Bool = false) throws -> OpenSiteClient {
        let peer = try raw ?? connectRaw(smallBuffers: smallBuffers)
        return OpenSiteClient(self, peer, try context.map { try SecurePeer(to: peer, $0) })
    }

    /// The first words of a client's handshake.
    package func hello() throws -> [UInt8] {
        guard let context else { throw NeverHappened(description: "a plain site has no handshakes") }
        return try SecurePeer.hello(of: context)
    }

    /// One request on a connection of its own; its status.
    package func ask(_ path: String = "/x") throws -> Int { try connect().ask(path) }

    /// Ten such requests; how long the slowest took, in milliseconds, and whether all were answered as they should be.
    package func honest() throws -> (milliseconds: Double, isWell: Bool) {
        var (slowest, isWell) = (0.0, true)
        for _ in 0..<10 {
            let begin = Date()
            isWell = try ask() == 200 && isWell
            slowest = max(slowest, Date().timeIntervalSince(begin) * 1000)
        }
        return (slowest, isWell)
    }
}

/// A client of an ``OpenSite``, in the clear or not.
package final class OpenSiteClient {
    private let site: OpenSite
    package let raw: ScriptedPeer
    private let secure: SecurePeer?

    fileprivate init(_ site: OpenSite, _ raw: ScriptedPeer, _ secure: SecurePeer?) {
        (self.site, self.raw, self.secure) = (site, raw, secure)
    }

    package func send(_ text: String) throws {
        if let secure { try secure.send(text) } else { try raw.send(text) }
    }

    /// Reads one answer with a length; its status.
    package func status() throws -> Int {
        let head = try secure?.receiveHead() ?? raw.receiveHead()
        let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
        guard let length, let status = Int(head.dropFirst(9).prefix(3)) else { throw ScriptError.closed(after: head) }
        if let secure { try secure.drop(length) } else { _ = try raw.receive(exactly: length) }
        return status
    }

    package func ask(_ path: String = "/x") throws -> Int {
        try send(site.head(path))
        return try status()
    }
}
