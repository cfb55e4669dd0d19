internal import COpenSSL

/// An OpenSSL object and the duty to free it.
@safe
struct OpenSSLHandle: ~Copyable {
    let pointer: OpaquePointer
    private let free: @convention(c) (OpaquePointer?) -> Void

    /// Takes ownership of what an OpenSSL constructor returned; nil throws.
    init(
        _ pointer: OpaquePointer?, free: @escaping @convention(c) (OpaquePointer?) -> Void
    ) throws(CryptographyError) {
        guard let pointer = unsafe pointer else {
            ERR_clear_error()
            throw .library
        }
        unsafe self.pointer = pointer
        unsafe self.free = free
    }

    deinit { unsafe free(pointer) }
}

/// Requires that an OpenSSL call answered 1.
///
/// The thread's error queue is emptied on failure: what is left there would look like an error of the next TLS call.
func require(_ status: Int32, _ failure: CryptographyError = .library) throws(CryptographyError) {
    guard status == 1 else {
        ERR_clear_error()
        throw failure
    }
}
