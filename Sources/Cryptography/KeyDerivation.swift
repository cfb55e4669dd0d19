/// HKDF (RFC 5869): keys of their own from one secret.
package enum KeyDerivation {
    /// HKDF-SHA-256, extract and expand.
    ///
    /// - Parameters:
    ///   - salt: may be empty (RFC 5869, section 3.1).
    ///   - info: what the key is for; two purposes never share one.
    ///   - count: bytes wanted, at most 255 × 32.
    package static func sha256(
        secret: [UInt8], salt: [UInt8], info: [UInt8], count: Int
    ) throws(CryptographyError) -> [UInt8] {
        let width = HashAlgorithm.sha256.count
        guard (0...(255 * width)).contains(count) else { throw .length }
        let extracted = MessageAuthentication.sha256(
            key: salt.isEmpty ? [UInt8](repeating: 0, count: width) : salt, secret)
        var derived: [UInt8] = []
        var block: [UInt8] = []
        var round: UInt8 = 0
        while derived.count < count {
            round += 1
            block = MessageAuthentication.sha256(key: extracted, block + info + [round])
            derived += block
        }
        return [UInt8](derived.prefix(count))
    }
}
