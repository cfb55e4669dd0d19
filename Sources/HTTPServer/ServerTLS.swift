package import Bytes
private import Sockets
package import TLS
private import Threads

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

/// TLS on a port: the certificates of its next connection, which may change while it runs.
package final class ServerTLS: CipherSource {
    private struct State: Sendable {
        var context: TLSServerContext
        var files: WatchedFiles
    }

    package let settings: ServerTLSSettings
    private let tickets: TicketKeys
    private let state: Locked<State>

    /// Reads the files.
    ///
    /// - Parameter tickets: one set for all ports of a process, so that clients resume on each.
    package init(_ settings: ServerTLSSettings, tickets: TicketKeys) throws(TLSFileError) {
        self.settings = settings
        self.tickets = tickets
        // Looked at before they are read: a change in between is seen by the next look.
        let files = WatchedFiles(Self.paths(settings))
        state = Locked(State(context: try Self.context(settings, tickets), files: files))
    }

    package func makeCipher() -> (any ByteCipher)? { state.withLock { $0.context }.makeSession() }

    /// Reads the files again where they have changed; true when connections get the new certificates from now on.
    ///
    /// Files that cannot be used leave the old certificates in place, and are not read again until they change once more.
    ///
    /// - Parameter always: read them whether they have changed or not.
    package func refresh(always: Bool = false) throws(TLSFileError) -> Bool {
        let haveChanged = state.withLock { $0.files.haveChanged() }
        guard haveChanged || always else { return false }
        let fresh = try Self.context(settings, tickets)
        state.withLock { $0.context = fresh }
        return true
    }

    private static func paths(_ settings: ServerTLSSettings) -> [String] {
        settings.pairs.flatMap { [$0.certificate, $0.key] }
    }

    private static func context(
        _ settings: ServerTLSSettings, _ tickets: TicketKeys
    ) throws(TLSFileError) -> TLSServerContext {
        var identities: [TLSIdentity] = []
        for pair in settings.pairs {
            identities.append(try TLSIdentity(pair.certificate, pair.key, reading: WatchedFiles.read))
        }
        do throws(TLSSetupError) {
            return try TLSServerContext(
                identities, minimum: settings.minimum, offersHTTP2: settings.offersHTTP2, tickets: tickets)
        } catch {
            throw TLSFileError(path: settings.pairs.first?.certificate ?? "", reason: error.text)
        }
    }
}
