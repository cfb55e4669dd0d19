package import Bytes
import Cryptography
import Formats

/// Seals small notes into cookies of one site, so that anonymous requests write nothing to the store (A12, A51, F4).
///
/// Value: base64url of `time (8 bytes) ‖ salt (16) ‖ nonce ‖ ciphertext ‖ tag`; AES-256-GCM under HKDF-SHA-256(list key;
/// salt; info = purpose); associated data: site and context, length-prefixed. The time is in the clear and only serves to
/// tell older cookies from newer ones.
package struct SealedCookies: Sendable {
    package enum Purpose: String, Sendable {
        case loginAttempt = "login attempt"
        case logout = "logout"
        case loginLoop = "login loop"
    }

    private let keys: [Secret]
    /// The origin of the site, `https://app.example.com`.
    package let site: String
    /// False on loopback http, where `__Host-` names and `Secure` are out of reach.
    package let isSecure: Bool

    private static let timeCount = 8
    private static let saltCount = 16

    /// - Parameter keys: the session keys, 32 bytes each; the first seals, all open.
    package init(keys: [Secret], site: String, isSecure: Bool) {
        self.keys = keys
        self.site = site
        self.isSecure = isSecure
    }

    func seal(_ plaintext: [UInt8], for purpose: Purpose, context: [UInt8], seconds: Int64) throws(OpenIDConnectError)
        -> String
    {
        guard let key = keys.first else { throw .settings }
        do throws(CryptographyError) {
            let salt = try RandomBytes.make(Self.saltCount)
            let box = try SealedBox.seal(
                plaintext, key: try Self.derive(key, salt, purpose), associatedData: associatedData(context))
            let time = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> (56 - 8 * $0)) }
            return Base64URL.encode(time + salt + box)
        } catch {
            throw .system
        }
    }

    /// Nil for anything that was not sealed here, with one of the keys, for this site, purpose and context.
    func open(_ value: String, for purpose: Purpose, context: [UInt8]) -> [UInt8]? {
        let head = Self.timeCount + Self.saltCount
        guard value.utf8.count <= 4096, let bytes = Base64URL.decode(value), bytes.count > head else { return nil }
        let salt = [UInt8](bytes[Self.timeCount..<head])
        let box = [UInt8](bytes[head...])
        for key in keys {
            if let key = try? Self.derive(key, salt, purpose),
                let plaintext = try? SealedBox.open(box, key: key, associatedData: associatedData(context))
            {
                return plaintext
            }
        }
        return nil
    }

    /// The unproven time of a value, in seconds since 1970; nil for what cannot be one of ours.
    static func seconds(of value: String) -> Int64? {
        guard let bytes = Base64URL.decode(value), bytes.count > timeCount + saltCount + SealedBox.overhead else {
            return nil
        }
        return bytes[..<timeCount].reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }

    private static func derive(_ key: Secret, _ salt: [UInt8], _ purpose: Purpose) throws(CryptographyError) -> [UInt8]
    {
        try KeyDerivation.sha256(
            secret: key.exposed, salt: salt, info: [UInt8](purpose.rawValue.utf8), count: SealedBox.keyCount)
    }

    private func associatedData(_ context: [UInt8]) -> [UInt8] {
        LengthPrefixed([UInt8](site.utf8), context).bytes
    }

    /// A cookie's full name on this site: the strongest prefix where the site is https (A13, 6265bis, section 4.1.3).
    package func name(_ base: String) -> String { (isSecure ? "__Host-Http-" : "") + base }
}
