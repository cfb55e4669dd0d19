import Bytes
import Cryptography
private import Formats

/// One key of `session.keys`, and what is derived from it.
struct ListKey: Sendable {
    let id: SessionKeyID
    private let secret: Secret
    private let lookUpKey: Secret

    init(_ secret: Secret) throws(CryptographyError) {
        self.secret = secret
        let name = try Self.derive(secret.exposed, salt: [], label: "postern key name")
        id = SessionKeyID(text: Hexadecimal.encode(Array(name.prefix(8))))
        lookUpKey = Secret(try Self.derive(secret.exposed, salt: [], label: "postern look-up"))
    }

    /// Seals under a key of this one write, so that no nonce can ever repeat under a key (SP 800-38D, section 8.3).
    ///
    /// - Parameter with: what else it takes to open the box; empty: the list key alone does.
    func seal(
        _ plaintext: [UInt8], label: String, with: [UInt8], associatedData: [UInt8]
    ) throws(CryptographyError) -> SealedPart {
        let salt = try RandomBytes.make(Self.saltCount)
        let key = try Self.derive(secret.exposed + with, salt: salt, label: label)
        let box = try SealedBox.seal(plaintext, key: key, associatedData: associatedData)
        return SealedPart(key: id, box: salt + box)
    }

    func open(
        _ part: SealedPart, label: String, with: [UInt8], associatedData: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        guard part.box.count > Self.saltCount else { throw .notAuthentic }
        let salt = Array(part.box[..<Self.saltCount])
        let key = try Self.derive(secret.exposed + with, salt: salt, label: label)
        return try SealedBox.open(Array(part.box[Self.saltCount...]), key: key, associatedData: associatedData)
    }

    /// A digest that only holders of the key can compute; `kind` keeps equal values of different columns apart.
    func lookUp(_ kind: String, _ values: [String]) -> SHA256Digest {
        var message = LengthPrefixed()
        message.append(kind)
        for value in values { message.append(value) }
        return SHA256Digest(hashing: MessageAuthentication.sha256(key: lookUpKey.exposed, message.bytes))
    }

    private static let saltCount = 16

    private static func derive(
        _ secret: [UInt8], salt: [UInt8], label: String
    ) throws(CryptographyError) -> [UInt8] {
        try KeyDerivation.sha256(secret: secret, salt: salt, info: Array(label.utf8), count: 32)
    }
}
