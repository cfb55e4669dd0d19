import Bytes
import TestSupport

@testable import TLS

/// Two endpoints and the wire between them, driven by plain calls.
final class TLSPair {
    let client: TLSSession
    let server: TLSSession
    /// On their way, and not yet delivered.
    var toServer = ByteBuffer()
    var toClient = ByteBuffer()
    private(set) var serverHeard: [UInt8] = []
    private(set) var clientHeard: [UInt8] = []
    private(set) var serverNews = CipherNews.goesOn
    private(set) var clientNews = CipherNews.goesOn

    init(
        _ server: TLSServerContext, _ client: TLSClientContext, host: String, _ memory: TLSResumption = TLSResumption()
    ) throws {
        guard let server = server.makeSession(), let client = client.makeSession(to: host, resuming: memory) else {
            throw TLSSetupError.library
        }
        self.server = server
        self.client = client
        hear(client: [])
    }

    /// Delivers everything in pieces of `size`, until nobody has anything to say.
    func pump(_ size: Int = .max) {
        while !toServer.isEmpty || !toClient.isEmpty {
            let forServer = toServer.array
            toServer.clear()
            for piece in Self.pieces(forServer, size) { hear(server: piece) }
            let forClient = toClient.array
            toClient.clear()
            for piece in Self.pieces(forClient, size) { hear(client: piece) }
        }
    }

    func hear(server bytes: [UInt8]) {
        var plain = ByteBuffer()
        serverNews = server.open(bytes.span, into: &plain, answers: &toClient)
        serverHeard += plain.array
    }

    func hear(client bytes: [UInt8]) {
        var plain = ByteBuffer()
        clientNews = client.open(bytes.span, into: &plain, answers: &toServer)
        clientHeard += plain.array
    }

    func say(client text: [UInt8]) -> Bool { client.seal(text.span, into: &toServer) }
    func say(server text: [UInt8]) -> Bool { server.seal(text.span, into: &toClient) }

    static func pieces(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: min(size, max(1, bytes.count))).map {
            Array(bytes[$0..<min(bytes.count, $0 + min(size, bytes.count))])
        }
    }
}

/// Certificates that several tests use, made once.
struct TLSLab: Sendable {
    let authority: [UInt8]
    let pair: TestAuthority.Pair
    let other: TestAuthority.Pair
    let wildcard: TestAuthority.Pair
    let expired: TestAuthority.Pair
    private let keeper: Keeper

    /// Keeps the files.
    private final class Keeper: @unchecked Sendable {
        // @unchecked: nothing is done with it.
        let authority: TestAuthority
        init(_ authority: TestAuthority) { self.authority = authority }
    }

    static let shared = Result { try TLSLab() }

    private init() throws {
        let authority = try TestAuthority()
        self.authority = try authority.rootBytes
        pair = try authority.issue("a.test", "127.0.0.1")
        other = try authority.issue("b.test")
        wildcard = try authority.issue("*.a.test")
        expired = try authority.issue("a.test", days: -1)
        keeper = Keeper(authority)
    }

    func identity(_ pair: TestAuthority.Pair) throws -> TLSIdentity {
        try TLSIdentity(certificate: pair.certificateBytes, key: pair.keyBytes)
    }

    func server(
        _ pairs: [TestAuthority.Pair]? = nil, minimum: TLSVersion = .tls12, http2: Bool = false,
        tickets: TicketKeys = TicketKeys()
    ) throws -> TLSServerContext {
        try TLSServerContext(
            (pairs ?? [pair]).map { try identity($0) }, minimum: minimum, offersHTTP2: http2, tickets: tickets)
    }

    func client(verifies: Bool = true, http2: Bool = false, as pair: TestAuthority.Pair? = nil) throws
        -> TLSClientContext
    {
        try TLSClientContext(
            authorities: authority, identity: pair.map { try identity($0) }, verifies: verifies, offersHTTP2: http2)
    }
}
