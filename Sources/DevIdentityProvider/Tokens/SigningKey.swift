import Cryptography
import Formats
import JOSE

/// One key of a provider.
struct SigningKey: Sendable {
    let algorithm: SignatureAlgorithm
    private let key: PrivateKey
    /// The public half, as it is published; its identifier is the key's own thumbprint (RFC 7638), hence unique.
    let published: JSONWebKey

    /// A fresh key, or `key` when there is one.
    init(algorithm: SignatureAlgorithm, key: PrivateKey?) throws(CryptographyError) {
        let key = if let key { key } else { try PrivateKey.generate(algorithm.keyKind) }
        self.algorithm = algorithm
        self.key = key
        let nameless = JSONWebKey(publicKey: key.publicKey, kid: nil, algorithm: algorithm)
        published = JSONWebKey(publicKey: key.publicKey, kid: nameless.thumbprint, algorithm: algorithm)
    }

    func sign(_ claims: JSONObject, typ: String) throws(CryptographyError) -> String {
        try TokenSigner.sign(claims: claims, key: key, kid: published.kid, algorithm: algorithm, typ: typ)
    }

    /// `at_hash` of OpenID Connect Core 1.0, section 3.1.3.6.
    func halfHash(of text: String) -> String { ClaimCheck.leftHalfHash(of: text, algorithm: algorithm) }
}

extension SignatureAlgorithm {
    fileprivate var keyKind: PrivateKey.Kind {
        switch self {
        case .RS256, .RS384, .RS512, .PS256, .PS384, .PS512: .rsa(bits: 2048)
        case .ES256: .ec(.p256)
        case .ES384: .ec(.p384)
        case .ES512: .ec(.p521)
        case .EdDSA, .Ed25519: .ed25519
        }
    }
}
