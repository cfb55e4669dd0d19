package import Bytes
private import Sockets
package import TLS
private import Threads
package import Time

/// What a person may turn on TLS of a port.
package struct ServerTLSSettings: Sendable, Equatable {
    /// PEM files of a certificate, with its chain, and of its key.
    package struct Pair: Sendable, Equatable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// At least one; the name that a client asks for chooses, and the first is for all others.
    package var pairs: [Pair]
    package var minimum: TLSVersion = .tls12
    /// HTTP/2 for clients that offer it.
    package var offersHTTP2 = false

    package init(pairs: [Pair]) { self.pairs = pairs }
}

/// The keys of session tickets, one set for all ports of a process.
package final class ServerTickets: Sendable {
    let keys = TicketKeys()

    package init() {}

    /// How often ``rotate()`` is due.
    package static let rotation = TicketKeys.rotation

    /// From now on a fresh key seals; those before it open for two rotations more.
    package func rotate() { keys.rotate() }
}

/// TLS on a port: the certificates of its next connection, which may change while it runs.
package final class ServerTLS: CipherSource {
    private struct State: Sendable {
        var context: TLSServerContext
        var expires: Timestamp
        var files: WatchedFiles
    }

    package let settings: ServerTLSSettings
    private let tickets: TicketKeys
    private let state: Locked<State>

    /// Reads the files.
    ///
    /// - Parameter tickets: one set for all ports of a process, so that clients resume on each.
    package init(_ settings: ServerTLSSettings, tickets: ServerTickets) throws(TLSFileError) {
        let tickets = tickets.keys
        self.settings = settings
        self.tickets = tickets
        // Looked at before they are read: a change in between is seen by the next look.
        let files = WatchedFiles(Self.paths(settings))
        state = Locked(try Self.read(settings, tickets, files))
    }

    package func makeCipher() -> (any ByteCipher)? { state.withLock { $0.context }.makeSession() }

    /// Reads the files again where they have changed; true when connections get the new certificates from now on.
    ///
    /// Files that cannot be used leave the old certificates in place, and are not read again until they change once more.
    package func refresh() throws(TLSFileError) -> Bool {
        let (haveChanged, files) = state.withLock { ($0.files.haveChanged(), $0.files) }
        guard haveChanged else { return false }
        let fresh = try Self.read(settings, tickets, files)
        state.withLock { $0 = fresh }
        return true
    }

    /// When the first of the certificates expires.
    package var expires: Timestamp { state.withLock { $0.expires } }

    private static func paths(_ settings: ServerTLSSettings) -> [String] {
        settings.pairs.flatMap { [$0.certificate, $0.key] }
    }

    private static func read(
        _ settings: ServerTLSSettings, _ tickets: TicketKeys, _ files: WatchedFiles
    ) throws(TLSFileError) -> State {
        var identities: [TLSIdentity] = []
        for pair in settings.pairs {
            identities.append(try TLSIdentity(pair.certificate, pair.key, reading: WatchedFiles.read))
        }
        do throws(TLSSetupError) {
            let context = try TLSServerContext(
                identities, minimum: settings.minimum, offersHTTP2: settings.offersHTTP2, tickets: tickets)
            let expires = identities.map(\.validity.upperBound).min()
            return State(context: context, expires: expires ?? Timestamp(seconds: 0), files: files)
        } catch {
            throw TLSFileError(path: settings.pairs.first?.certificate ?? "", reason: error.text)
        }
    }
}
