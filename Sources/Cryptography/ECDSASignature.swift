private import COpenSSL

/// The two spellings of an ECDSA signature: R ‖ S of JOSE and DER of OpenSSL.
enum ECDSASignature {
    /// R ‖ S of exactly twice the coordinate length (RFC 7518, section 3.4) to DER; a DER signature given here has
    /// another length or other numbers and is refused.
    static func der(raw: [UInt8], curve: EllipticCurve) throws(CryptographyError) -> [UInt8] {
        let width = curve.coordinateCount
        guard raw.count == 2 * width else { throw .notAuthentic }
        return sequence(integer(raw.prefix(width)) + integer(raw.suffix(width)))
    }

    /// DER, as OpenSSL just wrote it, to R ‖ S.
    static func raw(der: [UInt8], curve: EllipticCurve) throws(CryptographyError) -> [UInt8] {
        let width = curve.coordinateCount
        let read = unsafe der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return unsafe d2i_ECDSA_SIG(nil, &start, buffer.count)
        }
        let signature = try unsafe OpenSSLHandle(read, free: ECDSA_SIG_free)
        var raw = [UInt8](repeating: 0, count: width)
        var second = raw
        guard unsafe BN_bn2binpad(ECDSA_SIG_get0_r(signature.pointer), &raw, Int32(width)) == width,
            unsafe BN_bn2binpad(ECDSA_SIG_get0_s(signature.pointer), &second, Int32(width)) == width
        else { throw .library }
        return raw + second
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digits = [UInt8](bytes.drop { $0 == 0 })
        // Zero needs a digit; a set top bit would read as negative.
        if digits.isEmpty || digits[0] >= 0x80 { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }

    private static func sequence(_ content: [UInt8]) -> [UInt8] {
        // P-521 needs more than the 127 bytes that a short length can say.
        let length = content.count < 128 ? [UInt8(content.count)] : [0x81, UInt8(content.count)]
        return [0x30] + length + content
    }
}
