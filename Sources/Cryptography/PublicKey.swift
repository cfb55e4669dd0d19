private import COpenSSL

/// A key that verifies signatures.
package struct PublicKey: Sendable, Equatable {
    /// What a JSON Web Key says of a public key; all numbers big-endian.
    package enum Parts: Sendable, Equatable {
        case rsa(modulus: [UInt8], exponent: [UInt8])
        /// Coordinates as long as the field, leading zeros included.
        case ec(EllipticCurve, x: [UInt8], y: [UInt8])
        /// 32 bytes.
        case ed25519([UInt8])
    }

    package let parts: Parts
    private let key: OpenSSLKey

    /// RSA moduli accepted, in bits: below is weak (RFC 7518, section 3.3), above only costs time to verify.
    package static let modulusBits = 2048...8192

    /// Checks the parts and makes a key of them.
    package init(_ parts: Parts) throws(CryptographyError) {
        switch parts {
        case .rsa(let modulus, let exponent):
            let modulus = Self.trimmed(modulus)
            let exponent = Self.trimmed(exponent)
            key = try Self.rsa(modulus: modulus, exponent: exponent)
            self.parts = .rsa(modulus: modulus, exponent: exponent)
        case .ec(let curve, let x, let y):
            key = try Self.ec(curve, x: x, y: y)
            self.parts = parts
        case .ed25519(let bytes):
            guard bytes.count == 32 else { throw .invalidKey }
            key = try unsafe OpenSSLKey(
                EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count))
            self.parts = parts
        }
    }

    /// From a PEM block `PUBLIC KEY` (SubjectPublicKeyInfo).
    package init(pem: [UInt8]) throws(CryptographyError) {
        let file = try MemoryFile(pem)
        let read = try unsafe OpenSSLKey(PEM_read_bio_PUBKEY(file.pointer, nil, nil, nil))
        try self.init(read.parts())
    }

    /// The PEM block `PUBLIC KEY`.
    package func pem() throws(CryptographyError) -> String {
        let file = try MemoryFile()
        try require(unsafe PEM_write_bio_PUBKEY(file.pointer, key.pointer))
        return String(decoding: file.contents, as: UTF8.self)
    }

    package static func == (a: PublicKey, b: PublicKey) -> Bool { a.parts == b.parts }

    /// True when `signature` was made over `message` with the private half of this key under exactly this scheme.
    package func verify(_ signature: [UInt8], of message: [UInt8], _ scheme: SignatureScheme) -> Bool {
        do throws(CryptographyError) {
            try check(signature, of: message, scheme)
            return true
        } catch {
            return false
        }
    }

    private func check(_ signature: [UInt8], of message: [UInt8], _ scheme: SignatureScheme) throws(CryptographyError) {
        guard scheme.fits(parts) else { throw .wrongKey }
        let encoded: [UInt8]
        switch (scheme, parts) {
        case (.ecdsa(let curve), _):
            encoded = try ECDSASignature.der(raw: signature, curve: curve)
        case (_, .rsa(let modulus, _)):
            // RFC 8017, sections 8.1.2 and 8.2.2, step 1; OpenSSL itself takes shorter ones for PSS.
            guard signature.count == modulus.count else { throw .notAuthentic }
            encoded = signature
        default:
            encoded = signature
        }
        let context = try unsafe OpenSSLHandle(EVP_MD_CTX_new(), free: EVP_MD_CTX_free)
        var settings: OpaquePointer?
        try require(unsafe EVP_DigestVerifyInit(context.pointer, &settings, scheme.hash?.pointer, nil, key.pointer))
        try unsafe scheme.configure(settings)
        let status = unsafe EVP_DigestVerify(context.pointer, encoded, encoded.count, message, message.count)
        try require(status, .notAuthentic)
    }

    /// Some providers put the sign byte of DER before the modulus, against RFC 7518, section 6.3.1.1.
    private static func trimmed(_ number: [UInt8]) -> [UInt8] { [UInt8](number.drop { $0 == 0 }) }

    private static func rsa(modulus: [UInt8], exponent: [UInt8]) throws(CryptographyError) -> OpenSSLKey {
        guard let first = modulus.first, let last = modulus.last, let lowest = exponent.last else { throw .invalidKey }
        guard modulusBits.contains(modulus.count * 8 - first.leadingZeroBitCount) else { throw .keySize }
        // An even modulus is no product of odd primes; an exponent of 1 makes every message its own signature.
        guard last & 1 == 1, lowest & 1 == 1, exponent != [1], exponent.count <= 8 else { throw .invalidKey }
        let n = try unsafe OpenSSLHandle(BN_bin2bn(modulus, Int32(modulus.count), nil), free: BN_free)
        let e = try unsafe OpenSSLHandle(BN_bin2bn(exponent, Int32(exponent.count), nil), free: BN_free)
        let builder = try unsafe OpenSSLHandle(OSSL_PARAM_BLD_new(), free: OSSL_PARAM_BLD_free)
        try require(unsafe postern_push_rsa_key(builder.pointer, n.pointer, e.pointer))
        let parameters = unsafe OSSL_PARAM_BLD_to_param(builder.pointer)
        defer { unsafe OSSL_PARAM_free(parameters) }
        let context = try unsafe OpenSSLHandle(EVP_PKEY_CTX_new_from_name(nil, "RSA", nil), free: EVP_PKEY_CTX_free)
        try require(unsafe EVP_PKEY_fromdata_init(context.pointer))
        var key: OpaquePointer?
        try require(
            unsafe EVP_PKEY_fromdata(context.pointer, &key, postern_public_key_selection, parameters), .invalidKey)
        return try unsafe OpenSSLKey(key)
    }

    private static func ec(_ curve: EllipticCurve, x: [UInt8], y: [UInt8]) throws(CryptographyError) -> OpenSSLKey {
        guard x.count == curve.coordinateCount, y.count == curve.coordinateCount else { throw .invalidKey }
        let context = try unsafe OpenSSLHandle(EVP_PKEY_CTX_new_from_name(nil, "EC", nil), free: EVP_PKEY_CTX_free)
        try require(unsafe EVP_PKEY_paramgen_init(context.pointer))
        try require(unsafe EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.pointer, curve.number))
        var empty: OpaquePointer?
        try require(unsafe EVP_PKEY_paramgen(context.pointer, &empty))
        let key = try unsafe OpenSSLKey(empty)
        // Refuses a point that is not on the curve.
        let point = [4] + x + y
        try require(unsafe EVP_PKEY_set1_encoded_public_key(key.pointer, point, point.count), .invalidKey)
        return key
    }
}

extension SignatureScheme {
    /// Sets padding and salt; for PSS a salt of any other length is refused when verifying.
    func configure(_ settings: OpaquePointer?) throws(CryptographyError) {
        switch self {
        case .rsaPKCS1:
            try require(unsafe EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING))
        case .rsaPSS(let hash):
            try require(unsafe EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING))
            try require(unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, Int32(hash.count)))
        case .ecdsa, .ed25519:
            break
        }
    }
}
