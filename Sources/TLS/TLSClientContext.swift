internal import COpenSSL

/// What is needed to speak TLS to servers: whom to believe, and who we say we are.
///
/// Immutable.
@safe
package final class TLSClientContext: Sendable {
    let context: SecureContext
    private let verifies: Bool

    /// - Parameters:
    ///   - authorities: a PEM bundle that is believed beside the system's.
    ///   - identity: shown to servers that ask for a certificate.
    ///   - verifies: false believes everybody, and hides nothing from anybody on the way.
    ///   - offersHTTP2: HTTP/2 is offered before HTTP/1.1 (ALPN).
    package init(
        authorities: [UInt8]? = nil, identity: TLSIdentity? = nil, verifies: Bool = true, offersHTTP2: Bool = false
    ) throws(TLSSetupError) {
        self.verifies = verifies
        context = try unsafe SecureContext(TLS_client_method(), minimum: .tls12)
        unsafe SSL_CTX_set_verify(context.pointer, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if verifies {
            try require(unsafe SSL_CTX_set_default_verify_paths(context.pointer))
            if let authorities { try believe(authorities) }
        }
        if let identity { try context.present(identity) }
        let offer: [UInt8] = (offersHTTP2 ? [2] + Array("h2".utf8) : []) + [8] + Array("http/1.1".utf8)
        // This one answers 0 when all is well.
        try require(unsafe SSL_CTX_set_alpn_protos(context.pointer, offer, UInt32(offer.count)) == 0 ? 1 : 0)
        unsafe postern_tls_cache_mode(
            context.pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        TLSResumption.serve(context)
    }

    private func believe(_ authorities: [UInt8]) throws(TLSSetupError) {
        let store = unsafe SSL_CTX_get_cert_store(context.pointer)
        // Whoever is named is believed, also when somebody else has signed him.
        unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        let bundle = try unsafe PEMFile.certificates(in: authorities)
        var status: Int32 = 1
        for index in unsafe bundle.indices {
            if status == 1 { status = unsafe X509_STORE_add_cert(store, bundle[index]) }
        }
        unsafe PEMFile.free(bundle)
        try require(status)
    }

    /// The endpoint of a new connection; nil when there is no memory for one.
    ///
    /// - Parameters:
    ///   - host: the name, or the IP address without brackets, that the server's certificate must be for.
    ///   - resumption: what is remembered of this server.
    package func makeSession(to host: String, resuming resumption: TLSResumption) -> TLSSession? {
        guard let session = TLSSession(context, keeping: self) else { return nil }
        return session.greet(host, verifies: verifies, resumption, of: context) ? session : nil
    }
}
