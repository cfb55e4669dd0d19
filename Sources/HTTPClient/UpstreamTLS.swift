import Bytes
private import Sockets
package import TLS
private import Threads

/// TLS towards the servers of an upstream: whom the next connection believes and who we say we are, which may change while
/// it runs.
package final class UpstreamTLS: Sendable {
    private struct State: Sendable {
        var context: TLSClientContext
        var files: WatchedFiles
    }

    private let settings: UpstreamSettings.TLS
    private let offersHTTP2: Bool
    private let state: Locked<State>

    /// Reads the files.
    ///
    /// - Parameter offersHTTP2: HTTP/2 is offered before HTTP/1.1.
    package init(_ settings: UpstreamSettings.TLS, offersHTTP2: Bool = false) throws(TLSFileError) {
        self.settings = settings
        self.offersHTTP2 = offersHTTP2
        // Looked at before they are read: a change in between is seen by the next look.
        let files = WatchedFiles([settings.ca, settings.certificate, settings.key].compactMap { $0 })
        state = Locked(State(context: try Self.context(settings, offersHTTP2), files: files))
    }

    /// The cipher of a new connection; nil when there is no memory for one.
    ///
    /// - Parameters:
    ///   - host: the server's, as the configuration names it.
    ///   - resumption: what is remembered of this server.
    func makeCipher(to host: String, resuming resumption: TLSResumption) -> (any ByteCipher)? {
        state.withLock { $0.context }.makeSession(to: settings.serverName ?? host, resuming: resumption)
    }

    /// Reads the files again where they have changed; true when connections are made by the new ones from now on.
    ///
    /// Files that cannot be used leave the old in place, and are not read again until they change once more.
    package func refresh() throws(TLSFileError) -> Bool {
        let haveChanged = state.withLock { $0.files.haveChanged() }
        guard haveChanged else { return false }
        let fresh = try Self.context(settings, offersHTTP2)
        state.withLock { $0.context = fresh }
        return true
    }

    private static func context(
        _ settings: UpstreamSettings.TLS, _ offersHTTP2: Bool
    ) throws(TLSFileError) -> TLSClientContext {
        var authorities: [UInt8]?
        if let ca = settings.ca { authorities = try TLSFileError.bytes(of: ca, WatchedFiles.read) }
        var identity: TLSIdentity?
        if let certificate = settings.certificate, let key = settings.key {
            identity = try TLSIdentity(certificate, key, reading: WatchedFiles.read)
        }
        do throws(TLSSetupError) {
            return try TLSClientContext(
                authorities: authorities, identity: identity, verifies: settings.verify, offersHTTP2: offersHTTP2)
        } catch {
            let isIdentity = error == .tooWeak
            throw TLSFileError(
                path: (isIdentity ? settings.certificate : settings.ca) ?? "the system's certificates",
                reason: error.text)
        }
    }
}
