/// How a signature is computed: everything the key alone does not say.
package enum SignatureScheme: Sendable, Equatable {
    /// RSASSA-PKCS1-v1_5 (RFC 7518, section 3.3).
    case rsaPKCS1(HashAlgorithm)
    /// RSASSA-PSS, MGF1 with the same hash, salt as long as the hash (RFC 7518, section 3.5).
    case rsaPSS(HashAlgorithm)
    /// ECDSA with the hash of the curve; the signature is R ‖ S (RFC 7518, section 3.4).
    case ecdsa(EllipticCurve)
    /// Ed25519 (RFC 8037).
    case ed25519

    /// The hash given to OpenSSL; Ed25519 hashes by itself.
    var hash: HashAlgorithm? {
        switch self {
        case .rsaPKCS1(let hash), .rsaPSS(let hash): hash
        case .ecdsa(let curve): curve.hash
        case .ed25519: nil
        }
    }

    /// One key, one kind of algorithm (RFC 8725, section 3.1).
    package func fits(_ key: PublicKey.Parts) -> Bool {
        switch (self, key) {
        case (.rsaPKCS1, .rsa), (.rsaPSS, .rsa), (.ed25519, .ed25519): true
        case (.ecdsa(let curve), .ec(let other, _, _)): curve == other
        default: false
        }
    }
}
