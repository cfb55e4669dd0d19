import Bytes

/// Escapes for text that strangers chose: no byte of it may end a line, steer a terminal or turn the reading order.
///
/// One alphabet for both formats, that of JSON strings (RFC 8259, section 7). Beyond what JSON demands it escapes DEL,
/// the C1 controls, line and paragraph separators and the bidirectional controls; bytes that are not UTF-8 become U+FFFD.
enum LogEscape {
    /// Appends `text` without quotes around it.
    static func append(_ text: Span<UInt8>, to buffer: inout ByteBuffer) {
        var runStart = 0
        var index = 0
        let end = text.count
        while true {
            guard let next = text.firstToQuote(from: index) else { break }
            index = next
            let byte = text[index]
            let length = byte < 0x80 ? 0 : harmlessSequence(text, at: index)
            if length > 0 {
                index &+= length
                continue
            }
            if runStart < index { buffer.append(text.extracting(runStart..<index)) }
            index &+= appendEscape(text, at: index, to: &buffer)
            runStart = index
        }
        if runStart < end { buffer.append(text.extracting(runStart..<end)) }
    }

    /// Whether the text format can show `text` without quotes.
    static func isBare(_ text: Span<UInt8>) -> Bool {
        if text.isEmpty || text.equals("-") { return false }
        for index in text.indices {
            let byte = text[index]
            if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                || byte == UInt8(ascii: "=")
            {
                return false
            }
        }
        return true
    }

    /// The length of the UTF-8 sequence at `index` when it may be shown as it is, else 0.
    private static func harmlessSequence(_ text: Span<UInt8>, at index: Int) -> Int {
        guard let (scalar, length) = scalar(text, at: index) else { return 0 }
        return isSteering(scalar) ? 0 : length
    }

    private static func isSteering(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x80...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Appends one escape and returns how many bytes of `text` it stands for.
    private static func appendEscape(_ text: Span<UInt8>, at index: Int, to buffer: inout ByteBuffer) -> Int {
        let byte = text[index]
        switch byte {
        case UInt8(ascii: "\""): buffer.append("\\\"")
        case UInt8(ascii: "\\"): buffer.append("\\\\")
        case 0x0A: buffer.append("\\n")
        case 0x0D: buffer.append("\\r")
        case 0x09: buffer.append("\\t")
        case ..<0x80: appendUnit(UInt32(byte), to: &buffer)
        default:
            if let (scalar, length) = scalar(text, at: index) {
                appendUnit(scalar, to: &buffer)
                return length
            }
            appendUnit(0xFFFD, to: &buffer)
        }
        return 1
    }

    /// `\uXXXX`; all steering scalars are below U+10000.
    private static func appendUnit(_ unit: UInt32, to buffer: inout ByteBuffer) {
        buffer.append("\\u")
        for shift in stride(from: UInt32(12), through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: (unit >> shift) & 15)
            buffer.append(nibble < 10 ? 48 &+ nibble : 87 &+ nibble)
        }
    }

    /// Decodes the well-formed sequence of two to four bytes at `index` (RFC 3629, section 4), or nil.
    private static func scalar(_ text: Span<UInt8>, at index: Int) -> (scalar: UInt32, length: Int)? {
        let lead = text[index]
        let length: Int
        var value: UInt32
        switch lead {
        case 0xC2...0xDF: (length, value) = (2, UInt32(lead & 0x1F))
        case 0xE0...0xEF: (length, value) = (3, UInt32(lead & 0x0F))
        case 0xF0...0xF4: (length, value) = (4, UInt32(lead & 0x07))
        default: return nil
        }
        guard text.count - index >= length else { return nil }
        for offset in 1..<length {
            let byte = text[index + offset]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        let wellFormed =
            switch length {
            case 2: true
            case 3: value >= 0x800 && !(0xD800...0xDFFF).contains(value)
            default: value >= 0x10000 && value <= 0x10FFFF
            }
        return wellFormed ? (value, length) : nil
    }
}
