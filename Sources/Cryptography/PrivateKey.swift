private import COpenSSL

/// A key that makes signatures: of this client towards its provider, of the development provider, of tests.
package struct PrivateKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Kinds of keys that can be made.
    package enum Kind: Sendable, Equatable {
        case rsa(bits: Int)
        case ec(EllipticCurve)
        case ed25519
    }

    package let publicKey: PublicKey
    private let key: OpenSSLKey

    private init(_ key: OpenSSLKey) throws(CryptographyError) {
        publicKey = try PublicKey(key.parts())
        self.key = key
    }

    /// Makes a fresh key.
    package static func generate(_ kind: Kind) throws(CryptographyError) -> PrivateKey {
        let name =
            switch kind {
            case .rsa: "RSA"
            case .ec: "EC"
            case .ed25519: "ED25519"
            }
        let context = try unsafe OpenSSLHandle(EVP_PKEY_CTX_new_from_name(nil, name, nil), free: EVP_PKEY_CTX_free)
        try require(unsafe EVP_PKEY_keygen_init(context.pointer))
        switch kind {
        case .rsa(let bits):
            guard PublicKey.modulusBits.contains(bits) else { throw .keySize }
            try require(unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context.pointer, Int32(bits)))
        case .ec(let curve):
            try require(unsafe EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.pointer, curve.number))
        case .ed25519:
            break
        }
        var key: OpaquePointer?
        try require(unsafe EVP_PKEY_keygen(context.pointer, &key))
        return try PrivateKey(unsafe OpenSSLKey(key))
    }

    /// From a PEM block `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`.
    ///
    /// One behind a passphrase is ``CryptographyError/invalidKey``: without the callback OpenSSL would ask for it at the
    /// terminal and stop the program.
    package init(pem: [UInt8]) throws(CryptographyError) {
        let file = try MemoryFile(pem)
        try self.init(unsafe OpenSSLKey(PEM_read_bio_PrivateKey(file.pointer, nil, { _, _, _, _ in -1 }, nil)))
    }

    /// The PEM block `PRIVATE KEY` (PKCS #8), not encrypted.
    package func pem() throws(CryptographyError) -> [UInt8] {
        let file = try MemoryFile()
        try require(unsafe PEM_write_bio_PKCS8PrivateKey(file.pointer, key.pointer, nil, nil, 0, nil, nil))
        return file.contents
    }

    /// Signs `message`; ECDSA signatures are R ‖ S.
    package func sign(_ message: [UInt8], _ scheme: SignatureScheme) throws(CryptographyError) -> [UInt8] {
        guard scheme.fits(publicKey.parts) else { throw .wrongKey }
        let context = try unsafe OpenSSLHandle(EVP_MD_CTX_new(), free: EVP_MD_CTX_free)
        var settings: OpaquePointer?
        try require(unsafe EVP_DigestSignInit(context.pointer, &settings, scheme.hash?.pointer, nil, key.pointer))
        try unsafe scheme.configure(settings)
        var count = 0
        try require(unsafe EVP_DigestSign(context.pointer, nil, &count, message, message.count))
        var signature = [UInt8](repeating: 0, count: count)
        try require(unsafe EVP_DigestSign(context.pointer, &signature, &count, message, message.count))
        // DER signatures are often shorter than announced.
        signature.removeLast(signature.count - count)
        if case .ecdsa(let curve) = scheme { return try ECDSASignature.raw(der: signature, curve: curve) }
        return signature
    }

    package var description: String { "<private key>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
