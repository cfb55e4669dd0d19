internal import COpenSSL

/// An `SSL_CTX` as this project sets every one of them up.
@safe
final class SecureContext: @unchecked Sendable {
    // @unchecked: set up by one thread before others see it, and not changed afterwards; OpenSSL counts references to it
    // and locks what it keeps inside (openssl-threads(7)).
    let pointer: OpaquePointer

    /// Suites of TLS 1.2 with forward secrecy and authenticated encryption; those of TLS 1.3 all are like that (RFC 9325,
    /// section 4.2).
    private static let suites =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

    /// - Parameter method: of a server or of a client.
    init(_ method: OpaquePointer?, minimum: TLSVersion) throws(TLSSetupError) {
        guard let made = unsafe SSL_CTX_new(method) else {
            ERR_clear_error()
            throw .library
        }
        unsafe pointer = made
        unsafe SSL_CTX_set_security_level(made, 2)
        _ = unsafe SSL_CTX_set_options(made, postern_tls_options)
        // An idle connection gives its buffers of 17 KB back.
        unsafe postern_tls_release_buffers(made)
        try require(unsafe postern_tls_at_least(made, minimum.number))
        try require(unsafe SSL_CTX_set_cipher_list(made, Self.suites))
        try require(unsafe postern_tls_groups(made, "X25519:P-256:P-384"))
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// Shows `identity` to peers.
    func present(_ identity: TLSIdentity) throws(TLSSetupError) {
        // What the file's own check let pass can only be refused for its strength here.
        try require(unsafe SSL_CTX_use_certificate(pointer, identity.certificate), .tooWeak)
        try require(unsafe SSL_CTX_use_PrivateKey(pointer, identity.key), .tooWeak)
        for index in unsafe identity.issuers.indices {
            try require(unsafe postern_tls_add_chain(pointer, identity.issuers[index]), .tooWeak)
        }
    }
}

/// Requires that an OpenSSL call answered 1; what a failure left in the thread's error queue is removed.
func require(_ status: Int32, _ failure: TLSSetupError = .library) throws(TLSSetupError) {
    guard status == 1 else {
        ERR_clear_error()
        throw failure
    }
}
