/// Why certificates, keys or bundles cannot be used.
package enum TLSSetupError: Error, Sendable, Hashable {
    /// The file holds no certificate in PEM.
    case noCertificate
    /// A certificate in the file is damaged.
    case badCertificate
    /// The file holds no private key in PEM, or one of a kind that is not known.
    case noKey
    /// The key is sealed with a passphrase, and nobody is there to be asked for it.
    case encryptedKey
    /// The key is not that of the first certificate in the file.
    case keyMismatch
    /// The certificate's key or signature is weaker than is accepted today (security level 2: RSA from 2048 bits, no SHA-1).
    case tooWeak
    /// The library refuses for another reason: no memory, no randomness.
    case library

    /// True where the file of the key is the one to look at.
    package var isAboutKey: Bool {
        switch self {
        case .noKey, .encryptedKey, .keyMismatch: true
        case .noCertificate, .badCertificate, .tooWeak, .library: false
        }
    }

    /// What is wrong, as the end of a sentence about the file.
    package var text: String {
        switch self {
        case .noCertificate: "holds no certificate in PEM"
        case .badCertificate: "holds a damaged certificate"
        case .noKey: "holds no private key in PEM"
        case .encryptedKey: "holds a key with a passphrase"
        case .keyMismatch: "holds the key of another certificate"
        case .tooWeak: "holds a certificate that is too weak: RSA from 2048 bits, no SHA-1"
        case .library: "was refused by OpenSSL"
        }
    }
}
