/// Strict UTF-8, one byte after the other (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
struct UTF8Progress {
    private var missing: UInt8 = 0
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    /// True between characters.
    var isComplete: Bool { missing == 0 }

    /// Takes a byte from 0x80 on; false when no text continues with it.
    mutating func take(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard byte >= lowest, byte <= highest else { return false }
            missing -= 1
            lowest = 0x80
            highest = 0xBF
            return true
        }
        switch byte {
        case 0xC2...0xDF: missing = 1
        case 0xE0...0xEF: missing = 2
        case 0xF0...0xF4: missing = 3
        default: return false
        }
        // The second byte is what tells overlong forms, surrogates and what lies beyond Unicode.
        switch byte {
        case 0xE0: lowest = 0xA0
        case 0xED: highest = 0x9F
        case 0xF0: lowest = 0x90
        case 0xF4: highest = 0x8F
        default: break
        }
        return true
    }
}
