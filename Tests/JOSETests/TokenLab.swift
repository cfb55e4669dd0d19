import Cryptography
import Formats
import JOSE
import Time

/// Keys and tokens for tests; ECDSA, because its keys are found at once.
enum TokenLab {
    static let key = make(.ec(.p256))
    static let otherKey = make(.ec(.p256))
    static let keys = JSONWebKeySet([JSONWebKey(publicKey: key.publicKey, kid: "k", algorithm: .ES256)])
    static let now = Timestamp(seconds: 1_800_000_000)

    static func make(_ kind: PrivateKey.Kind) -> PrivateKey {
        do { return try PrivateKey.generate(kind) } catch { fatalError("no test key: \(error)") }
    }

    static func token(
        _ claims: JSONObject = ["sub": "alice"], typ: String? = nil, kid: String? = "k", header: JSONObject = [:],
        key: PrivateKey = key
    ) throws -> String {
        try TokenSigner.sign(header: header, claims: claims, key: key, kid: kid, algorithm: .ES256, typ: typ)
    }
}
