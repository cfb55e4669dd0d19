import Bytes

/// Characters that some upstreams turn into ASCII before they route: full-width forms (NFKC, best-fit mappings) and the
/// few letters whose case folding is ASCII.
enum Lookalike {
    /// True when a character that begins with this byte of UTF-8 may have an ASCII twin.
    static func mayBegin(with byte: UInt8) -> Bool {
        switch byte {
        case 0xC2, 0xC4, 0xC5, 0xE2, 0xE3, 0xEF: true
        default: false
        }
    }

    /// The ASCII twin of the percent-encoded character at `index` of a canonical path, and how many bytes it takes there.
    static func twin(in path: Span<UInt8>, at index: Int) -> (byte: UInt8, width: Int)? {
        guard let first = octet(in: path, at: index), let second = octet(in: path, at: index + 3) else { return nil }
        switch (first, second) {
        case (0xC2, 0xA0): return (UInt8(ascii: " "), 6)  // U+00A0 no-break space
        case (0xC4, 0xB0), (0xC4, 0xB1): return (UInt8(ascii: "i"), 6)  // U+0130, U+0131: Turkish i
        case (0xC5, 0xBF): return (UInt8(ascii: "s"), 6)  // U+017F long s
        default: break
        }
        guard let third = octet(in: path, at: index + 6) else { return nil }
        switch (first, second, third) {
        case (0xEF, 0xBC, 0x81...0xBF): return (third - 0x60, 9)  // U+FF01 to U+FF3F
        case (0xEF, 0xBD, 0x80...0x9E): return (third - 0x20, 9)  // U+FF40 to U+FF5E
        case (0xEF, 0xBD, 0xA1): return (UInt8(ascii: "."), 9)  // U+FF61 half-width full stop
        case (0xEF, 0xB9, 0x92): return (UInt8(ascii: "."), 9)  // U+FE52 small full stop
        case (0xEF, 0xB9, 0xA8): return (UInt8(ascii: "\\"), 9)  // U+FE68 small reverse solidus
        case (0xE2, 0x80, 0xA4...0xA6): return (UInt8(ascii: "."), 9)  // U+2024 to U+2026 dot leaders
        case (0xE2, 0x81, 0x84): return (UInt8(ascii: "/"), 9)  // U+2044 fraction slash
        case (0xE2, 0x88, 0x95): return (UInt8(ascii: "/"), 9)  // U+2215 division slash
        case (0xE2, 0x88, 0x96): return (UInt8(ascii: "\\"), 9)  // U+2216 set minus
        case (0xE2, 0x84, 0xAA): return (UInt8(ascii: "k"), 9)  // U+212A Kelvin sign
        case (0xE3, 0x80, 0x80): return (UInt8(ascii: " "), 9)  // U+3000 ideographic space
        case (0xE3, 0x80, 0x82): return (UInt8(ascii: "."), 9)  // U+3002 ideographic full stop
        default: return nil
        }
    }

    /// The value of `%XX` at `index`, or nil when no such triplet stands there.
    static func octet(in path: Span<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 < path.count, path[index] == UInt8(ascii: "%"),
            let high = ByteClass.hexadecimalValue(path[index + 1]),
            let low = ByteClass.hexadecimalValue(path[index + 2])
        else { return nil }
        return high << 4 | low
    }
}
