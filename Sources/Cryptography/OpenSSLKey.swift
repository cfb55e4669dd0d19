internal import COpenSSL

/// An `EVP_PKEY` that several threads may use at once.
@safe
final class OpenSSLKey: @unchecked Sendable {
    // @unchecked: the object is never changed once it is here; OpenSSL counts references to it atomically and locks what
    // it caches inside (openssl-threads(7)).
    let pointer: OpaquePointer

    /// Takes ownership.
    init(_ pointer: OpaquePointer?) throws(CryptographyError) {
        guard let pointer = unsafe pointer else {
            ERR_clear_error()
            throw .invalidKey
        }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    /// The public half, read out of the key; an unsupported kind throws.
    func parts() throws(CryptographyError) -> PublicKey.Parts {
        switch unsafe EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_RSA:
            return .rsa(modulus: try number("n"), exponent: try number("e"))
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 64)
            var count = 0
            try require(unsafe EVP_PKEY_get_group_name(pointer, &name, name.count, &count), .unsupportedKey)
            let text = String(decoding: name.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
            guard let curve = EllipticCurve(groupName: text) else { throw .unsupportedKey }
            return .ec(
                curve, x: try number("qx", count: curve.coordinateCount),
                y: try number("qy", count: curve.coordinateCount))
        case EVP_PKEY_ED25519:
            var bytes = [UInt8](repeating: 0, count: 32)
            var count = bytes.count
            try require(unsafe EVP_PKEY_get_raw_public_key(pointer, &bytes, &count), .invalidKey)
            return .ed25519(bytes)
        default:
            throw .unsupportedKey
        }
    }

    /// A number of the key in big-endian bytes: padded to `count`, else as short as possible.
    private func number(_ name: String, count: Int? = nil) throws(CryptographyError) -> [UInt8] {
        var raw: OpaquePointer?
        try require(unsafe EVP_PKEY_get_bn_param(pointer, name, &raw), .invalidKey)
        let number = try unsafe OpenSSLHandle(raw, free: BN_free)
        let width = count ?? Int((unsafe BN_num_bits(number.pointer) + 7) / 8)
        var bytes = [UInt8](repeating: 0, count: width)
        guard unsafe BN_bn2binpad(number.pointer, &bytes, Int32(width)) == width else { throw .invalidKey }
        return bytes
    }
}
