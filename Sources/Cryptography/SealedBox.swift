private import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) under a fresh random nonce: `nonce (12) ‖ ciphertext ‖ tag (16)`.
///
/// A key may seal at most 2³² messages before two random nonces become likely to meet; keys here are derived for one
/// session or one purpose and stay far below.
package enum SealedBox {
    /// Bytes that sealing adds.
    package static let overhead = nonceCount + tagCount
    /// Bytes of a key.
    package static let keyCount = 32

    private static let nonceCount = 12
    private static let tagCount = 16

    package static func seal(
        _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        guard key.count == keyCount else { throw .invalidKey }
        let nonce = try RandomBytes.make(nonceCount)
        let count = try length(plaintext.count)
        let dataCount = try length(associatedData.count)
        let context = try unsafe OpenSSLHandle(EVP_CIPHER_CTX_new(), free: EVP_CIPHER_CTX_free)
        var written: Int32 = 0
        try require(unsafe EVP_EncryptInit_ex(context.pointer, EVP_aes_256_gcm(), nil, key, nonce))
        if dataCount > 0 {
            try require(unsafe EVP_EncryptUpdate(context.pointer, nil, &written, associatedData, dataCount))
        }
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        if count > 0 {
            try require(unsafe EVP_EncryptUpdate(context.pointer, &ciphertext, &written, plaintext, count))
        }
        // Counter mode has nothing left to write; OpenSSL wants a place for it anyway.
        var tag = [UInt8](repeating: 0, count: tagCount)
        try require(unsafe EVP_EncryptFinal_ex(context.pointer, &tag, &written))
        try require(unsafe EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_GET_TAG, Int32(tagCount), &tag))
        return nonce + ciphertext + tag
    }

    /// The plaintext, or ``CryptographyError/notAuthentic`` when any bit of box, key or data is not what it was.
    package static func open(
        _ box: [UInt8], key: [UInt8], associatedData: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        guard key.count == keyCount else { throw .invalidKey }
        guard box.count >= overhead else { throw .notAuthentic }
        let nonce = [UInt8](box.prefix(nonceCount))
        let ciphertext = [UInt8](box[nonceCount..<(box.count - tagCount)])
        var tag = [UInt8](box.suffix(tagCount))
        let count = try length(ciphertext.count)
        let dataCount = try length(associatedData.count)
        let context = try unsafe OpenSSLHandle(EVP_CIPHER_CTX_new(), free: EVP_CIPHER_CTX_free)
        var written: Int32 = 0
        try require(unsafe EVP_DecryptInit_ex(context.pointer, EVP_aes_256_gcm(), nil, key, nonce))
        if dataCount > 0 {
            try require(unsafe EVP_DecryptUpdate(context.pointer, nil, &written, associatedData, dataCount))
        }
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
        if count > 0 {
            try require(unsafe EVP_DecryptUpdate(context.pointer, &plaintext, &written, ciphertext, count))
        }
        try require(unsafe EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tagCount), &tag))
        // Nothing of the plaintext leaves before the tag was checked.
        var rest = [UInt8](repeating: 0, count: tagCount)
        try require(unsafe EVP_DecryptFinal_ex(context.pointer, &rest, &written), .notAuthentic)
        return plaintext
    }

    private static func length(_ count: Int) throws(CryptographyError) -> Int32 {
        guard let length = Int32(exactly: count) else { throw .length }
        return length
    }
}
