internal import COpenSSL

/// Reads what OpenSSL calls PEM (RFC 7468); without the callbacks it would ask the terminal for passphrases.
enum PEMFile {
    /// All certificates of a file, at least one; the caller owns them.
    static func certificates(in bytes: [UInt8]) throws(TLSSetupError) -> [OpaquePointer] {
        let file = try unsafe open(bytes)
        defer { _ = unsafe BIO_free(file) }
        ERR_clear_error()
        var found: [OpaquePointer] = unsafe []
        while let one = unsafe PEM_read_bio_X509(file, nil, { _, _, _, _ in -1 }, nil) { unsafe found.append(one) }
        // The reader ends with an error in any case; only this one says that the file was at its end.
        let isEnd = isReason(PEM_R_NO_START_LINE)
        ERR_clear_error()
        if isEnd, unsafe !found.isEmpty { return unsafe found }
        unsafe free(found)
        throw isEnd ? .noCertificate : .badCertificate
    }

    static func free(_ certificates: [OpaquePointer]) {
        for index in unsafe certificates.indices { unsafe X509_free(certificates[index]) }
    }

    /// The private key of a file; the caller owns it.
    static func key(in bytes: [UInt8]) throws(TLSSetupError) -> OpaquePointer {
        let file = try unsafe open(bytes)
        defer { _ = unsafe BIO_free(file) }
        ERR_clear_error()
        if let key = unsafe PEM_read_bio_PrivateKey(file, nil, { _, _, _, _ in -1 }, nil) { return unsafe key }
        ERR_clear_error()
        throw String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED") ? .encryptedKey : .noKey
    }

    private static func isReason(_ reason: Int32) -> Bool { ERR_GET_REASON(ERR_peek_last_error()) == reason }

    private static func open(_ bytes: [UInt8]) throws(TLSSetupError) -> OpaquePointer {
        guard let file = unsafe BIO_new(BIO_s_mem()), let count = Int32(exactly: bytes.count) else { throw .library }
        if count == 0 { return unsafe file }
        guard unsafe BIO_write(file, bytes, count) == count else {
            _ = unsafe BIO_free(file)
            ERR_clear_error()
            throw .library
        }
        return unsafe file
    }
}
