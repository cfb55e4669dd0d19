/// Bytes as text a person can read and write: visible ASCII and spaces as they are, `\r \n \t \\ \xHH` for the rest.
package enum Escapes {
    package static func write(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case 0x0D: text += "\\r"
            case 0x0A: text += "\\n"
            case 0x09: text += "\\t"
            case UInt8(ascii: "\\"): text += "\\\\"
            case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }

    /// Reads the same; line ends of the text itself are layout and not bytes.
    ///
    /// `\{5000xA}` is 5,000 times `A`.
    package static func read(_ text: some StringProtocol) -> [UInt8] {
        let source = [UInt8](text.utf8)
        var bytes: [UInt8] = []
        var at = 0
        while at < source.count {
            let byte = source[at]
            at += 1
            if byte == 0x0A { continue }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            let kind = source[at]
            at += 1
            switch kind {
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(decoding: source[at..<(at + 2)], as: UTF8.self), radix: 16) ?? 0)
                at += 2
            case UInt8(ascii: "{"):
                let close = source[at...].firstIndex(of: UInt8(ascii: "}")) ?? source.count
                let cross = source[at..<close].firstIndex(of: UInt8(ascii: "x")) ?? close
                let count = Int(String(decoding: source[at..<cross], as: UTF8.self)) ?? 0
                let unit = read(String(decoding: source[(cross + 1)..<close], as: UTF8.self))
                for _ in 0..<count { bytes += unit }
                at = close + 1
            default: bytes.append(kind)
            }
        }
        return bytes
    }
}
