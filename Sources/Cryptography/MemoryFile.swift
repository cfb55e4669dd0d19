internal import COpenSSL

/// A file in memory, for OpenSSL's readers and writers of PEM.
@safe
struct MemoryFile: ~Copyable {
    private let handle: OpenSSLHandle

    init(_ bytes: [UInt8] = []) throws(CryptographyError) {
        let file = try unsafe OpenSSLHandle(BIO_new(BIO_s_mem()), free: { _ = unsafe BIO_free($0) })
        guard let count = Int32(exactly: bytes.count), unsafe BIO_write(file.pointer, bytes, count) == count else {
            throw .length
        }
        handle = file
    }

    var pointer: OpaquePointer { unsafe handle.pointer }

    var contents: [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe postern_bio_contents(handle.pointer, &start)
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}
