private import COpenSSL

/// Unpredictable bytes from OpenSSL's generator, seeded by the kernel.
package enum RandomBytes {
    package static func make(_ count: Int) throws(CryptographyError) -> [UInt8] {
        guard let length = Int32(exactly: count), length >= 0 else { throw .length }
        var bytes = [UInt8](repeating: 0, count: count)
        try require(unsafe RAND_bytes(&bytes, length), .noRandomness)
        return bytes
    }
}
