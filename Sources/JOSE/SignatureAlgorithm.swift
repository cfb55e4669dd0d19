internal import Bytes
package import Cryptography

/// The `alg` values that can be allowed at all (C3): digital signatures only.
///
/// There is no `none` and no HMAC here, so no configuration can allow them (RFC 8725, sections 2.1 and 3.2).
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    case RS256
    case RS384
    case RS512
    case PS256
    case PS384
    case PS512
    case ES256
    case ES384
    case ES512
    /// Ed25519 under its older name (RFC 8037); Ed448 is not supported.
    case EdDSA
    /// The fully specified name (RFC 9864).
    case Ed25519

    /// From a header or a configuration, compared byte by byte.
    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.rawValue.isExactly(name) }) else { return nil }
        self = found
    }

    /// What providers sign with as a rule: the default of `provider.algorithms`.
    package static let standard: [SignatureAlgorithm] = [.RS256, .PS256, .ES256, .EdDSA]

    package var scheme: SignatureScheme {
        switch self {
        case .RS256: .rsaPKCS1(.sha256)
        case .RS384: .rsaPKCS1(.sha384)
        case .RS512: .rsaPKCS1(.sha512)
        case .PS256: .rsaPSS(.sha256)
        case .PS384: .rsaPSS(.sha384)
        case .PS512: .rsaPSS(.sha512)
        case .ES256: .ecdsa(.p256)
        case .ES384: .ecdsa(.p384)
        case .ES512: .ecdsa(.p521)
        case .EdDSA, .Ed25519: .ed25519
        }
    }

    /// The hash of `at_hash` and `c_hash` (OpenID Connect Core, section 3.1.3.6); Ed25519 signs with SHA-512.
    package var hash: HashAlgorithm {
        switch self {
        case .RS256, .PS256, .ES256: .sha256
        case .RS384, .PS384, .ES384: .sha384
        case .RS512, .PS512, .ES512, .EdDSA, .Ed25519: .sha512
        }
    }
}
