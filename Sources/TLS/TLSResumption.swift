internal import COpenSSL

/// What a client remembers of a server, so that the next handshake is a short one.
///
/// For one server and one name: what was checked with them is not checked again.
@safe
package final class TLSResumption {
    private var session: OpaquePointer?
    /// Whose session it is: another context has other demands.
    private var context: SecureContext?

    package init() {}

    deinit { unsafe SSL_SESSION_free(session) }

    package var isEmpty: Bool { unsafe session == nil }

    /// Lets a connection of `context` offer what is remembered.
    func offer(in connection: OpaquePointer, of context: SecureContext) {
        // A copy: OpenSSL marks what was resumed once, as tickets of TLS 1.3 should not let an observer see that two
        // connections are one user's; all of ours are one gateway's.
        guard self.context === context, let session = unsafe session, let copy = unsafe SSL_SESSION_dup(session)
        else { return }
        unsafe SSL_set_session(connection, copy)
        unsafe SSL_SESSION_free(copy)
    }

    /// Takes ownership.
    private func remember(_ fresh: OpaquePointer) {
        unsafe SSL_SESSION_free(session)
        unsafe session = fresh
    }

    /// Remembers what connections of `context` are given.
    func begin(with context: SecureContext) {
        if self.context === context { return }
        unsafe SSL_SESSION_free(session)
        unsafe session = nil
        self.context = context
    }

    /// Lets sessions of `context` be remembered where their connection says: see `TLSSession.greet`.
    static func serve(_ context: SecureContext) {
        unsafe SSL_CTX_sess_set_new_cb(context.pointer) { connection, session in
            guard let kept = unsafe SSL_get_ex_data(connection, 0), let session = unsafe session else { return 0 }
            unsafe Unmanaged<TLSResumption>.fromOpaque(kept).takeUnretainedValue().remember(session)
            return 1
        }
    }
}
