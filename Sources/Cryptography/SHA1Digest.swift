private import COpenSSL

/// A SHA-1 digest, for a protocol that prescribes it where it protects nothing: the handshake of WebSockets (RFC 6455,
/// section 10.8).
///
/// Collisions are cheap: it proves nothing to anybody.
package struct SHA1Digest: Sendable, Equatable {
    package private(set) var bytes = [UInt8](repeating: 0, count: 20)

    package init(hashing message: [UInt8]) {
        var context = SHA_CTX()
        let started = unsafe SHA1_Init(&context)
        let fed = unsafe message.withUnsafeBufferPointer { buffer in
            unsafe SHA1_Update(&context, buffer.baseAddress, buffer.count)
        }
        let ended = unsafe bytes.withUnsafeMutableBufferPointer { target in
            unsafe SHA1_Final(target.baseAddress, &context)
        }
        precondition(started == 1 && fed == 1 && ended == 1, "no digest")
    }
}
