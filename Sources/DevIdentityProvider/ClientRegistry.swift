import Bytes
import Cryptography

/// A client as the running provider knows it: without its secret.
struct RegisteredClient: Sendable {
    private let client: DevClient

    fileprivate init(_ client: DevClient, isConfidential: Bool) {
        self.client = client
        self.isConfidential = isConfidential
    }

    var id: String { client.id }
    var name: String { client.name }
    var redirectURIs: [String] { client.redirectURIs }
    let isConfidential: Bool
    var resource: String? { client.resource }

    func accepts(redirectURI: String) -> Bool { client.accepts(redirectURI: redirectURI) }
    func accepts(postLogoutRedirectURI uri: String) -> Bool { client.accepts(postLogoutRedirectURI: uri) }
}

/// The clients of a provider; of secrets only keyed digests are kept (H27).
struct ClientRegistry: Sendable {
    private struct Entry: Sendable {
        let client: RegisteredClient
        let secretDigest: [UInt8]?
    }

    /// A person's secret may be guessable: a key that ends with the process keeps its digest from being worth stealing.
    private let key: [UInt8]
    private let entries: [String: Entry]

    init(_ clients: [DevClient], key: [UInt8]) {
        self.key = key
        entries = Dictionary(
            clients.map { client in
                let digest = client.secret.map { MessageAuthentication.sha256(key: key, $0.exposed) }
                return (
                    client.id,
                    Entry(
                        client: RegisteredClient(client.withoutSecret, isConfidential: digest != nil),
                        secretDigest: digest)
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The client of that identifier, byte by byte: dictionaries of texts also find what Unicode holds for equivalent.
    subscript(id: String) -> RegisteredClient? {
        guard let client = entries[id]?.client, client.id.isExactly(id) else { return nil }
        return client
    }

    /// True when `secret` is the one of `client`.
    ///
    /// Takes the same time for every wrong one.
    func accepts(secret: String, of client: RegisteredClient) -> Bool {
        guard let expected = entries[client.id]?.secretDigest else { return false }
        return ConstantTime.equal(MessageAuthentication.sha256(key: key, Array(secret.utf8)), expected)
    }
}
