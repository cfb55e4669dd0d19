internal import COpenSSL

/// The hashes of JOSE (RFC 7518).
package enum HashAlgorithm: Sendable, CaseIterable {
    case sha256
    case sha384
    case sha512

    /// Length of a digest in bytes.
    package var count: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    package func hash(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: count)
        let status = unsafe EVP_Digest(message, message.count, &digest, nil, pointer, nil)
        // Only lack of memory makes a hash fail; going on with zeros would make all digests equal.
        precondition(status == 1, "no digest")
        return digest
    }

    /// OpenSSL's static description of the hash.
    var pointer: OpaquePointer? {
        switch self {
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        case .sha512: unsafe EVP_sha512()
        }
    }
}
