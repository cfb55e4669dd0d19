internal import COpenSSL

/// What a port needs to speak TLS: its certificates, versions, protocols and ticket keys.
///
/// Immutable; connections that began with one end with it, also when the port has another meanwhile.
@safe
package final class TLSServerContext: Sendable {
    private let identities: [TLSIdentity]
    private let contexts: [SecureContext]
    private let tickets: TicketKeys

    /// - Parameters:
    ///   - identities: at least one; the first is for clients that name no other's name.
    ///   - offersHTTP2: HTTP/2 is chosen where the client offers it (ALPN), else HTTP/1.1.
    ///   - tickets: outlive the contexts of a port, so that its clients can resume across a change of certificates.
    package init(
        _ identities: [TLSIdentity], minimum: TLSVersion = .tls12, offersHTTP2: Bool = false, tickets: TicketKeys
    ) throws(TLSSetupError) {
        guard !identities.isEmpty else { throw .noCertificate }
        self.identities = identities
        self.tickets = tickets
        var contexts: [SecureContext] = []
        for identity in identities {
            let context = try unsafe SecureContext(TLS_server_method(), minimum: minimum)
            try context.present(identity)
            // Sessions live in tickets, not here.
            unsafe postern_tls_cache_mode(context.pointer, Int(SSL_SESS_CACHE_OFF))
            try require(unsafe SSL_CTX_set_session_id_context(context.pointer, "postern", 7))
            tickets.serve(context)
            unsafe SSL_CTX_set_alpn_select_cb(context.pointer, offersHTTP2 ? chooseBoth : chooseHTTP1, nil)
            contexts.append(context)
        }
        self.contexts = contexts
        if contexts.count > 1 {
            // Every session holds its context, so the callback finds it alive.
            unsafe postern_tls_on_name(contexts[0].pointer, chooseByName, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    /// The endpoint of a new connection; nil when there is no memory for one.
    package func makeSession() -> TLSSession? {
        guard let session = TLSSession(contexts[0], keeping: self) else { return nil }
        session.awaitClient()
        return session
    }

    /// The context of the certificate that is for `name`: exactly, else by a wildcard, else nil.
    fileprivate func context(for name: UnsafePointer<CChar>) -> SecureContext? {
        for wildcards in [false, true] {
            if let position = identities.firstIndex(where: { unsafe $0.isFor(name, wildcards: wildcards) }) {
                return contexts[position]
            }
        }
        return nil
    }
}

/// Chooses the certificate by the name that the client asks for (SNI, RFC 6066, section 3).
///
/// An unknown name gets the first certificate, and finds out itself that it is not for it.
private let chooseByName:
    @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 =
        { session, _, argument in
            guard let argument = unsafe argument,
                let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
            else { return SSL_TLSEXT_ERR_NOACK }
            let server = unsafe Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue()
            guard let context = unsafe server.context(for: name) else { return SSL_TLSEXT_ERR_NOACK }
            unsafe SSL_set_SSL_CTX(session, context.pointer)
            return SSL_TLSEXT_ERR_OK
        }

private typealias Chooser =
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
        UnsafePointer<UInt8>?,
        UInt32, UnsafeMutableRawPointer?
    ) -> Int32

private let chooseHTTP1: Chooser = { _, chosen, count, offered, size, _ in
    unsafe choose(among: ["http/1.1"], chosen, count, offered, size)
}

private let chooseBoth: Chooser = { _, chosen, count, offered, size, _ in
    unsafe choose(among: ["h2", "http/1.1"], chosen, count, offered, size)
}

/// The first of ours that the client offers, too.
///
/// A client that offers others alone speaks to the wrong port, perhaps because somebody redirected it: refused (RFC 7301,
/// section 3.2).
private func choose(
    among ours: [StaticString], _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ count: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ size: UInt32
) -> Int32 {
    let list = unsafe UnsafeBufferPointer(start: offered, count: Int(size))
    for name in ours {
        var at = 0
        while at < list.count {
            let length = Int(unsafe list[at])
            guard at + 1 + length <= list.count else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            let entry = unsafe UnsafeBufferPointer(rebasing: list[at + 1..<at + 1 + length])
            let isOurs = name.withUTF8Buffer { unsafe $0.elementsEqual(entry) }
            if isOurs {
                unsafe chosen?.pointee = entry.baseAddress
                unsafe count?.pointee = UInt8(length)
                return SSL_TLSEXT_ERR_OK
            }
            at += 1 + length
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
