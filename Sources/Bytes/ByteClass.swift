/// What a byte may be in HTTP, as one table look-up.
@frozen @usableFromInline
package struct ByteClass: OptionSet, Sendable {
    @usableFromInline package let rawValue: UInt16
    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `tchar` of RFC 9110, section 5.6.2: field names and methods.
    package static let token = ByteClass(rawValue: 1 << 0)
    /// Allowed inside a field value: SP, HTAB, VCHAR, obs-text (RFC 9110, section 5.5).
    package static let fieldValue = ByteClass(rawValue: 1 << 1)
    package static let digit = ByteClass(rawValue: 1 << 2)
    package static let hexadecimal = ByteClass(rawValue: 1 << 3)
    package static let letter = ByteClass(rawValue: 1 << 4)
    /// `unreserved` of RFC 3986, section 2.3.
    package static let unreserved = ByteClass(rawValue: 1 << 5)
    /// `cookie-octet` of RFC 6265, section 4.1.1.
    package static let cookieOctet = ByteClass(rawValue: 1 << 6)
    package static let base64URL = ByteClass(rawValue: 1 << 7)
    /// Visible ASCII: 0x21 to 0x7E.
    package static let visible = ByteClass(rawValue: 1 << 8)
    package static let uppercase = ByteClass(rawValue: 1 << 9)
    /// Characters of `pchar`, `/` and `?` (RFC 3986, section 3.3 and 3.4), `%` included.
    package static let target = ByteClass(rawValue: 1 << 10)

    /// True when `byte` belongs to at least one of the classes in `self`.
    package func contains(_ byte: UInt8) -> Bool {
        byteClasses[Int(byte)] & rawValue != 0
    }

    @inlinable package static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }

    /// The value of a hexadecimal digit, or nil.
    @inlinable package static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        if byte &- 48 < 10 { return byte &- 48 }
        let low = byte | 0x20
        return low &- 97 < 6 ? low &- 87 : nil
    }

    /// The index of the first byte of `span` that is in none of the classes, or nil.
    package func firstOutside(_ span: Span<UInt8>, from: Int = 0) -> Int? {
        let table = byteClasses.span
        var index = from
        let end = span.count
        while index < end {
            if table[Int(span[index])] & rawValue == 0 { return index }
            index &+= 1
        }
        return nil
    }
}

private let byteClasses: [UInt16] = (0..<256).map { value in
    let byte = UInt8(value)
    var found: ByteClass = []
    let letter = (byte | 0x20) &- 97 < 26
    let digit = byte &- 48 < 10
    func among(_ text: StaticString) -> Bool {
        (0..<text.utf8CodeUnitCount).contains { unsafe text.utf8Start[$0] == byte }
    }
    if letter { found.insert(.letter) }
    if byte &- 65 < 26 { found.insert(.uppercase) }
    if digit { found.insert(.digit) }
    if digit || (byte | 0x20) &- 97 < 6 { found.insert(.hexadecimal) }
    if letter || digit || among("!#$%&'*+-.^_`|~") { found.insert(.token) }
    if letter || digit || among("-._~") { found.insert(.unreserved) }
    if letter || digit || among("-_") { found.insert(.base64URL) }
    if letter || digit || among("-._~%!$&'()*+,;=:@/?") { found.insert(.target) }
    if byte > 0x20 && byte < 0x7F { found.insert(.visible) }
    if byte == 0x09 || (byte >= 0x20 && byte != 0x7F) { found.insert(.fieldValue) }
    if byte > 0x20 && byte < 0x7F && !among("\",;\\") { found.insert(.cookieOctet) }
    return found.rawValue
}
