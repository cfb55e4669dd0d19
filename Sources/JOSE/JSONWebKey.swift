internal import Bytes
package import Cryptography
package import Formats

/// A public key of a key set (RFC 7517).
package struct JSONWebKey: Sendable, Equatable {
    package let kid: String?
    package let use: String?
    package let keyOps: [String]?
    package let alg: String?
    package let publicKey: PublicKey

    /// A key to publish: `use` is `sig`.
    package init(publicKey: PublicKey, kid: String?, algorithm: SignatureAlgorithm? = nil) {
        self.publicKey = publicKey
        self.kid = kid
        use = "sig"
        keyOps = nil
        alg = algorithm?.rawValue
    }

    /// Reads one member of `keys`.
    ///
    /// Members nobody knows are ignored (RFC 7517, section 4), certificates too (C6).
    package init(parsing value: JSONValue) throws(JSONWebKeyProblem) {
        guard let object = value.object else { throw .malformed }
        guard let kty = object["kty"]?.string else { throw .malformed }
        // A provider that shows its private keys has lost them (C42).
        if kty == "oct" || object.contains("k") { throw .symmetric }
        if ["d", "p", "q", "dp", "dq", "qi", "oth"].contains(where: object.contains) { throw .privateKey }
        publicKey = try Self.publicKey(kty, object)
        kid = try Self.text(object, "kid")
        use = try Self.text(object, "use")
        alg = try Self.text(object, "alg")
        keyOps = try Self.operations(object)
    }

    package var kty: String {
        switch publicKey.parts {
        case .rsa: "RSA"
        case .ec: "EC"
        case .ed25519: "OKP"
        }
    }

    package var crv: String? {
        switch publicKey.parts {
        case .rsa: nil
        case .ec(let curve, _, _): curve.rawValue
        case .ed25519: "Ed25519"
        }
    }

    /// True when the key was published for verifying this algorithm (C8).
    func serves(_ algorithm: SignatureAlgorithm) -> Bool {
        algorithm.scheme.fits(publicKey.parts) && use.map { $0.isExactly("sig") } ?? true
            && keyOps.map { $0.contains { $0.isExactly("verify") } } ?? true
            && alg.map { $0.isExactly(algorithm.rawValue) } ?? true
    }

    /// The key as JSON.
    package var object: JSONObject {
        var object = required
        if let kid { object["kid"] = .string(kid) }
        if let use { object["use"] = .string(use) }
        if let keyOps { object["key_ops"] = .array(keyOps.map(JSONValue.string)) }
        if let alg { object["alg"] = .string(alg) }
        return object
    }

    /// The SHA-256 thumbprint (RFC 7638), base64url: a `kid` that follows from the key.
    package var thumbprint: String { Base64URL.encode(HashAlgorithm.sha256.hash(required.encoded)) }

    /// The required members in lexicographic order (RFC 7638, section 3.2).
    private var required: JSONObject {
        func coded(_ bytes: [UInt8]) -> JSONValue { .string(Base64URL.encode(bytes)) }
        return switch publicKey.parts {
        case .rsa(let modulus, let exponent): ["e": coded(exponent), "kty": "RSA", "n": coded(modulus)]
        case .ec(let curve, let x, let y):
            ["crv": .string(curve.rawValue), "kty": "EC", "x": coded(x), "y": coded(y)]
        case .ed25519(let x): ["crv": "Ed25519", "kty": "OKP", "x": coded(x)]
        }
    }

    private static func publicKey(_ kty: String, _ object: JSONObject) throws(JSONWebKeyProblem) -> PublicKey {
        let parts: PublicKey.Parts
        switch (kty, object["crv"]?.string) {
        case ("RSA", _):
            parts = .rsa(modulus: try bytes(object, "n"), exponent: try bytes(object, "e"))
        case ("EC", let crv?):
            guard let curve = EllipticCurve(rawValue: crv) else { throw .unsupported }
            parts = .ec(curve, x: try bytes(object, "x"), y: try bytes(object, "y"))
        case ("OKP", "Ed25519"):
            parts = .ed25519(try bytes(object, "x"))
        case ("EC", nil), ("OKP", nil):
            throw .malformed
        default:
            throw .unsupported
        }
        do {
            return try PublicKey(parts)
        } catch .keySize {
            throw .weak
        } catch {
            throw .malformed
        }
    }

    private static func bytes(_ object: JSONObject, _ name: String) throws(JSONWebKeyProblem) -> [UInt8] {
        guard let text = object[name]?.string, let bytes = Base64URL.decode(text) else { throw .malformed }
        return bytes
    }

    private static func text(_ object: JSONObject, _ name: String) throws(JSONWebKeyProblem) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else { throw .malformed }
        return text
    }

    private static func operations(_ object: JSONObject) throws(JSONWebKeyProblem) -> [String]? {
        guard let value = object["key_ops"] else { return nil }
        guard let texts = value.array?.map(\.string), !texts.contains(nil) else { throw .malformed }
        return texts.compactMap { $0 }
    }
}

/// Why a key of a set is not used.
package enum JSONWebKeyProblem: String, Error, Sendable, Equatable {
    /// A member is missing, of the wrong type, or no key.
    case malformed
    /// A kind or curve that is not used here; normal in many sets.
    case unsupported
    /// A symmetric key has no place in a published set.
    case symmetric
    /// A private key has no place in a published set.
    case privateKey = "private_key"
    /// RSA below 2048 bits, or beyond what is worth computing.
    case weak
}
