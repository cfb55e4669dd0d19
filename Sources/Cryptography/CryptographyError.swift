/// Why a cryptographic operation was refused or could not be done.
package enum CryptographyError: Error, Sendable, Equatable {
    /// The key is not well-formed, not on its curve, damaged, or behind a passphrase.
    case invalidKey
    /// RSA below 2048 or above 8192 bits.
    case keySize
    /// A kind of key or curve that is not used here.
    case unsupportedKey
    /// The key is of another kind or curve than the signature scheme asks for.
    case wrongKey
    /// The sealed bytes were changed, cut, or sealed under another key or context.
    case notAuthentic
    /// More bytes than the operation can take or give.
    case length
    /// The system gives no randomness.
    case noRandomness
    /// OpenSSL failed for another reason, as a rule for lack of memory.
    case library
}
