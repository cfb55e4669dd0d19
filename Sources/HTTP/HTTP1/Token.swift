/// `tchar` of RFC 9110, section 5.6.2, as two words.
enum Token {
    private static let low: UInt64 = 0x03FF_6CFA_0000_0000
    private static let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    static func contains(_ byte: UInt8) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 == 1
    }

    /// True when `bytes` is a token: at least one character, all of them `tchar`.
    static func isToken(_ bytes: Span<UInt8>) -> Bool {
        if bytes.isEmpty { return false }
        var at = ByteScan.plainNameEnd(bytes, from: 0)
        while at < bytes.count {
            if !contains(bytes[at]) { return false }
            at = ByteScan.plainNameEnd(bytes, from: at &+ 1)
        }
        return true
    }
}
