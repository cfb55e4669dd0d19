internal import Bytes

/// The coding that base64 and base64url share (RFC 4648, sections 4 and 5).
struct Base64Alphabet: Sendable {
    private let symbols: [UInt8]
    /// The value of each byte, or 255.
    private let values: [UInt8]
    private let isPadded: Bool

    private init(_ last: StaticString, isPadded: Bool) {
        let tail = last.description.utf8
        let symbols =
            Array(UInt8(ascii: "A")...UInt8(ascii: "Z")) + Array(UInt8(ascii: "a")...UInt8(ascii: "z"))
            + Array(UInt8(ascii: "0")...UInt8(ascii: "9")) + tail
        var values = [UInt8](repeating: 255, count: 256)
        for (value, symbol) in symbols.enumerated() { values[Int(symbol)] = UInt8(value) }
        self.symbols = symbols
        self.values = values
        self.isPadded = isPadded
    }

    static let standard = Base64Alphabet("+/", isPadded: true)
    static let url = Base64Alphabet("-_", isPadded: false)

    func encode(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var pool: UInt32 = 0
        var bits = 0
        for index in bytes.indices {
            pool = pool << 8 | UInt32(bytes[index])
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(symbols[Int(pool >> UInt32(bits)) & 63])
            }
        }
        if bits > 0 { text.append(symbols[Int(pool << UInt32(6 - bits)) & 63]) }
        while isPadded && text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for any text that ``encode(_:)`` would not have written: one value has one spelling.
    ///
    /// Two spellings of a signature or a cookie would let one token pass as another where spellings are compared.
    func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var count = text.count
        if isPadded {
            guard count % 4 == 0 else { return nil }
            var padding = 0
            while padding < 2, count > 0, text[count - 1] == UInt8(ascii: "=") {
                count -= 1
                padding += 1
            }
        }
        // One symbol alone is six bits: not a byte.
        guard count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var pool: UInt32 = 0
        var bits = 0
        for index in 0..<count {
            let value = values[Int(text[index])]
            guard value < 64 else { return nil }
            pool = pool << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pool >> UInt32(bits)))
            }
        }
        // Bits behind the last byte must be zero (RFC 4648, section 3.5).
        guard pool & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }
}
